"""Writing of a draft: a TFLite file of its own, with pieces of the original's constants.

    Model ── operator codes: as they were, and those of new operators
      ├── subgraphs ── SubGraph 0: the draft
      ├── buffers: those that are still used, and new ones
      ├── metadata: as it was, without an older plan, and a note on the draft
      └── signatures: as they were

The tables of options are copied field by field, without a look at what the fields mean.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from struct import pack
from typing import Any

from tmpass.base.errors import ModelError
from tmpass.graph.dialect import New
from tmpass.graph.draft import Cut, Draft, DraftOp, DraftTensor, tensor_name
from tmpass.graph.layer import Padding
from tmpass.graph.model import Graph

from . import option_schema, schema
from .added_kinds import NEW_KINDS
from .buffers import Buffers
from .element_types import ELEMENT_TYPES
from .flatbuffer import Field, Scalar, Table, root_table
from .identity import IDENTIFIER
from .operator_names import OPERATOR_NAMES
from .operators import read_codes

NEW_OPTIONS = {New.SLICE: 48, New.PAD: 22, New.CONCAT: option_schema.ConcatenationOptions.NUMBER}
"""The numbers of their options in the union: SliceOptions, PadOptions, ConcatenationOptions."""

VERSIONS = {
    New.SLICE: {"int8": 2, "int16": 4},
    New.PAD: {"int8": 2, "int16": 3},
    New.CONCAT: {"int8": 2, "int16": 3},
}
"""Versions of these operators that know an element type; 1 for others.

Source: op_version.cc of TensorFlow Lite.
"""

_PLACEHOLDER = 127
_INT32 = next(n for n, (name, _) in enumerate(ELEMENT_TYPES) if name == "INT32")
_ALIGNMENT = 16
_PADDINGS = {Padding.SAME: 0, Padding.VALID: 1}
_WINDOWS = {
    "CONV_2D": option_schema.Conv2DOptions.PADDING,
    "DEPTHWISE_CONV_2D": option_schema.DepthwiseConv2DOptions.PADDING,
}
"""The option of padding of the operators whose padding a draft changes."""


def write_draft(data: bytes, graph: Graph, draft: Draft, note: tuple[str, bytes] | None) -> bytes:
    """The file of a draft.

    Args:
        data: the bytes of the original.
        graph: what was read from them.
        draft: compact.
        note: the name and the content of a new entry of the metadata, if there is to be one.

    Raises:
        ModelError: the file has something that is not known well enough to be copied.
    """
    check_file(data)
    return _Writer(data, graph, draft).write(note)


def check_file(data: bytes) -> None:
    """Refuse a file that cannot be written anew.

    Raises:
        ModelError: it has several subgraphs, weights elsewhere, or tables that are not known.
    """
    model = root_table(data, "model")
    tables = list(model.tables(schema.Model.SUBGRAPHS, "subgraph"))
    fault = None
    if len(tables) != 1:
        fault = f"it has {len(tables)} subgraphs, and only models with one can be split"
    elif model.has(schema.Model.EXTERNAL_BUFFERS) or any(
        table.scalar(schema.Buffer.OFFSET) > 1 for table in model.tables(schema.Model.BUFFERS, "buffer")
    ):
        fault = "its weights are outside the flatbuffer, and only models with the weights inside can be split"
    else:
        operators = tables[0].tables(schema.SubGraph.OPERATORS, "operator")
        tensors = tables[0].tables(schema.SubGraph.TENSORS, "tensor")
        if any(_uncopied(table) for table in operators) or any(map(_sparse, tensors)):
            fault = "it has StableHLO operators, sparse tensors or custom quantisation, which are not copied"
    if fault:
        raise ModelError(fault, hint="plan it unsplit")


def _uncopied(operator: Table) -> bool:
    field = schema.Operator
    return (
        operator.has(field.BUILTIN_OPTIONS_2)
        or operator.scalar(field.BUILTIN_OPTIONS_TYPE) in option_schema.LINKED
        or operator.has(field.LARGE_CUSTOM_OPTIONS_OFFSET)
    )


def _sparse(tensor: Table) -> bool:
    quantization = tensor.table(schema.Tensor.QUANTIZATION, "quantization")
    return tensor.has(schema.Tensor.SPARSITY) or (
        quantization is not None and quantization.has(schema.QuantizationParameters.DETAILS)
    )


class _Writer:
    """A file while it is written."""

    def __init__(self, data: bytes, graph: Graph, draft: Draft) -> None:
        import flatbuffers

        self._model, self._main, self._draft = root_table(data, "model"), graph.subgraphs[0], draft
        self._spans = Buffers(self._model, data)
        self._data = data
        (self._subgraph,) = self._model.tables(schema.Model.SUBGRAPHS, "subgraph")
        self._tensors = list(self._subgraph.tables(schema.SubGraph.TENSORS, "tensor"))
        self._operators = list(self._subgraph.tables(schema.SubGraph.OPERATORS, "operator"))
        self._codes = list(self._model.tables(schema.Model.OPERATOR_CODES, "operator code"))
        self._names = read_codes(self._model)
        self._builder: Any = flatbuffers.Builder(len(data) + (1 << 16))
        self._buffers: list[int] = [self._table({})]  # buffer 0 has no data by definition
        self._known: dict[object, int] = {}
        self._new_codes: dict[tuple[str, int], int] = {}

    def write(self, note: tuple[str, bytes] | None) -> bytes:
        """The bytes of the file."""
        model, main = schema.Model, self._draft
        tensors = self._links([self._tensor(tensor) for tensor in main.tensors])
        operators = self._links([self._operator(op) for op in main.ops])
        name = self._subgraph.string(schema.SubGraph.NAME)
        fields = {0: tensors, 1: self._integers(main.inputs), 2: self._integers(main.outputs), 3: operators}
        subgraphs = self._links([self._table({}, fields | self._text(schema.SubGraph.NAME, name))])
        entries = [*self._old_metadata(), *([note] if note else [])]
        metadata = self._links([self._metadata(*entry) for entry in entries])
        signatures = self._links([self._signature(t) for t in self._model.tables(model.SIGNATURE_DEFS, "signature")])
        codes = self._links([*map(self._code, self._codes), *(self._new_code(*key) for key in self._new_codes)])
        links = {model.OPERATOR_CODES.number: codes, model.SUBGRAPHS.number: subgraphs}
        links |= self._text(model.DESCRIPTION, self._model.string(model.DESCRIPTION))
        links |= {model.BUFFERS.number: self._links(self._buffers), model.METADATA.number: metadata}
        if self._model.has(model.SIGNATURE_DEFS):
            links[model.SIGNATURE_DEFS.number] = signatures
        version = {model.VERSION.number: pack("<I", schema.VERSION)}
        self._builder.Finish(self._table(version, links), IDENTIFIER)
        return bytes(self._builder.Output())

    def _tensor(self, tensor: DraftTensor) -> int:
        field = schema.Tensor
        text = self._text(field.NAME, tensor_name(tensor, self._main))
        if tensor.numbers is not None:
            content = pack(f"<{len(tensor.numbers)}i", *tensor.numbers)
            scalars = {field.TYPE.number: pack("<b", _INT32)}
            scalars[field.BUFFER.number] = pack("<I", self._buffer(tensor.numbers, lambda: content))
            return self._table(scalars, {field.SHAPE.number: self._integers(tensor.shape)} | text)
        table = self._tensors[tensor.like]
        scalars = self._scalars(table, (field.TYPE, field.IS_VARIABLE, field.HAS_RANK))
        number = table.scalar(field.BUFFER)
        if self._spans.size(number, table):
            # Tensors of other shapes may have the same bytes: a cut of each is another piece of them.
            layout = table.integers(field.SHAPE), table.scalar(field.TYPE)
            key = (number, tensor.cut, layout) if tensor.cut else number
            made = self._buffer(key, lambda: self._piece(table, tensor.cut))
            scalars[field.BUFFER.number] = pack("<I", made)
        links = {field.SHAPE.number: self._integers(tensor.shape)} | text
        if table.has(field.QUANTIZATION):
            links[field.QUANTIZATION.number] = self._quantization(table, tensor.cut)
        if not tensor.suffix and table.has(field.SHAPE_SIGNATURE):
            signature = table.integers(field.SHAPE_SIGNATURE) or ()
            links[field.SHAPE_SIGNATURE.number] = self._integers(signature)
        return self._table(scalars, links)

    def _piece(self, table: Table, cut: Cut | None) -> bytes:
        """The bytes of a constant within `cut`."""
        content = self._spans.bytes_of(table.scalar(schema.Tensor.BUFFER))
        shape = table.integers(schema.Tensor.SHAPE) or ()
        if cut is None:
            return content
        outer, whole = prod(shape[: cut.axis]), prod(shape[cut.axis :])
        if not outer * whole or len(content) % (outer * whole):
            raise ModelError(f"its {len(content)} bytes are not those of its shape", where=table.where)
        width = len(content) // (outer * whole)
        row, step = whole * width, prod(shape[cut.axis + 1 :]) * width
        starts = range(0, outer * row, row)
        return b"".join(content[at + cut.start * step : at + cut.stop * step] for at in starts)

    def _quantization(self, table: Table, cut: Cut | None) -> int:
        field = schema.QuantizationParameters
        old = table.table(schema.Tensor.QUANTIZATION, "quantization")
        assert old is not None
        axis = old.scalar(field.QUANTIZED_DIMENSION)
        links = {}
        for vector, width in ((field.MIN, 4), (field.MAX, 4), (field.SCALE, 4), (field.ZERO_POINT, 8)):
            if not old.has(vector):
                continue
            content = old.vector(vector, width)
            if cut is not None and cut.axis == axis and len(content) > width:
                content = content[cut.start * width : cut.stop * width]
            links[vector.number] = self._vector(content, width)
        return self._table(self._scalars(old, (field.QUANTIZED_DIMENSION,)), links)

    def _operator(self, op: DraftOp) -> int:
        field = schema.Operator
        links = {field.INPUTS.number: self._integers(op.inputs), field.OUTPUTS.number: self._integers(op.outputs)}
        if op.new is not None:
            return self._new_operator(op, op.new, links)
        table = self._operators[op.like]
        scalars = self._scalars(table, (field.OPCODE_INDEX, field.CUSTOM_OPTIONS_FORMAT))
        number = table.scalar(field.BUILTIN_OPTIONS_TYPE)
        options = table.table(field.BUILTIN_OPTIONS, "options") if number else None
        if options is not None:
            links[field.BUILTIN_OPTIONS.number] = self._options(options, number, self._changes(op))
            scalars[field.BUILTIN_OPTIONS_TYPE.number] = pack("<B", number)
        for vector, width in ((field.CUSTOM_OPTIONS, 1), (field.MUTATING_VARIABLE_INPUTS, 1)):
            if table.has(vector):
                links[vector.number] = self._vector(table.vector(vector, width), width)
        if op.temporaries:
            links[field.INTERMEDIATES.number] = self._integers(op.temporaries)
        return self._table(scalars, links)

    def _changes(self, op: DraftOp) -> Mapping[int, bytes]:
        """The options of an operator that differ from the original's, by field."""
        changes = {}
        if op.padding is not None:
            padding = _WINDOWS[self._main.ops[op.like].kind]
            changes[padding.number] = pack("<b", _PADDINGS[op.padding])
        if op.multiplier:
            field = option_schema.DepthwiseConv2DOptions.DEPTH_MULTIPLIER
            changes[field.number] = pack("<i", op.multiplier)
        return changes

    def _new_operator(self, op: DraftOp, kind: New, links: dict[int, int]) -> int:
        field, concat = schema.Operator, option_schema.ConcatenationOptions
        like = self._draft.tensors[op.outputs[0]].like
        version = VERSIONS[kind].get(self._main.tensors[like].dtype.name, 1)
        code = self._new_codes.setdefault((NEW_KINDS[kind], version), len(self._codes) + len(self._new_codes))
        values = {concat.AXIS.number: pack("<i", op.axis)} if kind is New.CONCAT else {}
        links[field.BUILTIN_OPTIONS.number] = self._table(values)
        scalars = {
            field.OPCODE_INDEX.number: pack("<I", code),
            field.BUILTIN_OPTIONS_TYPE.number: pack("<B", NEW_OPTIONS[kind]),
        }
        return self._table(scalars, links)

    def _options(self, table: Table, number: int, changes: Mapping[int, bytes]) -> int:
        """A copy of options, with some fields changed."""
        scalars, links = dict(changes), dict[int, int]()
        for field, content in table.raw_fields():
            if field in changes:
                continue
            width = option_schema.VECTORS.get((number, field))
            if width is None:
                scalars[field] = content
            else:
                links[field] = self._vector(table.vector(Field(field, "options"), width), width)
        return self._table(scalars, links)

    def _code(self, table: Table) -> int:
        field = schema.OperatorCode
        scalars = self._scalars(table, (field.DEPRECATED_BUILTIN_CODE, field.VERSION, field.BUILTIN_CODE))
        return self._table(scalars, self._text(field.CUSTOM_CODE, table.string(field.CUSTOM_CODE)))

    def _new_code(self, kind: str, version: int) -> int:
        field, code = schema.OperatorCode, OPERATOR_NAMES.index(kind)
        scalars = {
            field.DEPRECATED_BUILTIN_CODE.number: pack("<b", min(code, _PLACEHOLDER)),
            field.VERSION.number: pack("<i", version),
            field.BUILTIN_CODE.number: pack("<i", code),
        }
        return self._table(scalars)

    def _old_metadata(self) -> Iterable[tuple[str, bytes]]:
        """The entries that are still true: an offline plan was for other tensors."""
        for table in self._model.tables(schema.Model.METADATA, "metadata"):
            name = table.string(schema.Metadata.NAME) or ""
            if name not in (schema.OFFLINE_PLAN, schema.HEADING):
                yield name, self._spans.content(table.scalar(schema.Metadata.BUFFER), table)

    def _metadata(self, name: str, content: bytes) -> int:
        field = schema.Metadata
        number = pack("<I", self._buffer(("metadata", name, content), lambda: content))
        return self._table({field.BUFFER.number: number}, self._text(field.NAME, name))

    def _signature(self, table: Table) -> int:
        field = schema.SignatureDef
        index = {tensor.like: t for t, tensor in enumerate(self._draft.tensors) if not tensor.suffix}
        links = {}
        for end in (field.INPUTS, field.OUTPUTS):
            maps = []
            for row in table.tables(end, "entry"):
                number = row.scalar(schema.TensorMap.TENSOR_INDEX)
                if number not in index:
                    raise ModelError(f"names tensor {number}, which is not an end of the graph", where=row.where)
                name = self._text(schema.TensorMap.NAME, row.string(schema.TensorMap.NAME))
                maps.append(self._table({schema.TensorMap.TENSOR_INDEX.number: pack("<I", index[number])}, name))
            links[end.number] = self._links(maps)
        links |= self._text(field.SIGNATURE_KEY, table.string(field.SIGNATURE_KEY))
        return self._table(self._scalars(table, (field.SUBGRAPH_INDEX,)), links)

    def _buffer(self, key: object, content: Callable[[], bytes]) -> int:
        """The number of the buffer with some content; each `key` has one."""
        if key not in self._known:
            made = self._vector(content(), 1, _ALIGNMENT)
            self._known[key] = len(self._buffers)
            self._buffers.append(self._table({}, {schema.Buffer.DATA.number: made}))
        return self._known[key]

    def _scalars(self, table: Table, fields: Iterable[Scalar]) -> dict[int, bytes]:
        return {f.number: f.code.pack(table.scalar(f)) for f in fields if table.has(f)}

    def _text(self, field: Field, text: str | None) -> dict[int, int]:
        return {} if text is None else {field.number: self._builder.CreateString(text)}

    def _integers(self, values: Sequence[int]) -> int:
        return self._vector(pack(f"<{len(values)}i", *values), 4)

    def _vector(self, content: bytes, width: int, alignment: int = 0) -> int:
        builder = self._builder
        builder.StartVector(width, len(content) // width, alignment or width)
        builder.head -= len(content)
        builder.Bytes[builder.head : builder.head + len(content)] = content
        return int(builder.EndVector())

    def _links(self, tables: Sequence[int]) -> int:
        self._builder.StartVector(4, len(tables), 4)
        for table in reversed(tables):
            self._builder.PrependUOffsetTRelative(table)
        return int(self._builder.EndVector())

    def _table(self, scalars: Mapping[int, bytes], links: Mapping[int, int] | None = None) -> int:
        """A table with numbers of given bytes, and links to objects that are written already."""
        builder, fields = self._builder, dict(scalars) | dict(links or {})
        builder.StartObject(max(fields, default=-1) + 1)
        for number, value in sorted(fields.items(), key=lambda item: (isinstance(item[1], int), item[0])):
            if isinstance(value, int):
                builder.PrependUOffsetTRelative(value)
            else:
                builder.Prep(len(value), 0)
                builder.head -= len(value)
                builder.Bytes[builder.head : builder.head + len(value)] = value
            builder.Slot(number)
        return int(builder.EndObject())
