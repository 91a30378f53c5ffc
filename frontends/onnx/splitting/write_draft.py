"""Writing of a draft: an ONNX file of its own, with pieces of the original's constants.

ModelProto ── all as it was, with its local functions inlined
├── graph ── nodes that compute constants, then those of the draft in its order
│            initialisers that are still used, and new ones: pieces, and numbers
└── metadata_props: as they were, and a note on the draft
"""

from collections.abc import Sequence

from onnx import AttributeProto, GraphProto, NodeProto, TensorProto
from onnx.helper import make_attribute, make_tensor_value_info

from tmpass.base.record import record
from tmpass.graph.dialect import New
from tmpass.graph.draft import Cut, Draft, DraftOp, DraftTensor, tensor_name
from tmpass.graph.model import ABSENT, Graph, Tensor, TensorKind

from ..convert import INPUTS_MAY_BE_LEFT_OUT
from ..element_types import element_of
from .attributes import integer
from .derived import operands_of
from .dialect import NEW_KINDS, PADS_BY_INPUTS, SLICES_BY_INPUTS
from .open_file import OpenedFile, open_file
from .pieces import piece_of
from .windows import pads_without_ceil

_CONVOLUTIONS = {"Conv": 1, "QLinearConv": 3}
"""Kind -> the position of the weights."""

_PADDING = ("auto_pad", "ceil_mode", "pads")
"""The attributes that decide about padding; part of a window operator has explicit pads in their place, and so has a
pool with `ceil_mode`.
"""


def write_draft(data: bytes, graph: Graph, draft: Draft, note: tuple[str, bytes] | None) -> bytes:
    """The file of a draft.

    Args:
        data: the bytes of the original.
        graph: what was read from them.
        draft: compact.
        note: the name and the content of a new entry of the metadata, if there is to be one.

    Raises:
        ModelError: the file has more than one graph, or a constant with other bytes than its shape.
    """
    return _Writer(open_file(data), graph, draft).write(note)


@record
class _Names:
    """Names of a graph; `fresh` adds one that no other thing has."""

    taken: set[str]

    def fresh(self, wanted: str) -> str:
        """`wanted`, or with underscores behind it where it is taken."""
        while wanted in self.taken:
            wanted += "_"
        self.taken.add(wanted)
        return wanted


class _Writer:
    """A file while it is written."""

    def __init__(self, file: OpenedFile, graph: Graph, draft: Draft) -> None:
        self._file, self._main, self._draft = file, graph.subgraphs[0], draft
        old = file.model.graph
        names = {*(v.name for v in (*old.input, *old.output)), *(t.name for t in old.initializer)}
        self._values = _Names(names | {name for node in old.node for name in (*node.input, *node.output)})
        self._nodes = _Names({node.name for node in old.node})
        self._own = [self._name(tensor) for tensor in draft.tensors]

    def write(self, note: tuple[str, bytes] | None) -> bytes:
        """The bytes of the file."""
        model, old = self._file.model, self._file.model.graph
        made = GraphProto()
        made.CopyFrom(old)
        for field in ("node", "initializer", "value_info"):
            made.ClearField(field)
        nodes = [self._node(op) for op in self._draft.ops]
        constants, makers = self._new_constants()
        nodes = [*makers, *nodes]
        used = {name for node in nodes for name in node.input} | {value.name for value in old.output}
        folded = []
        for node in reversed(self._file.folded):
            if used & set(node.output):
                folded.append(node)
                used.update(node.input)
        made.node.extend([*reversed(folded), *nodes])
        made.initializer.extend(tensor for tensor in old.initializer if tensor.name in used)
        made.initializer.extend(constants)
        self._list_values(made)
        if model.ir_version < INPUTS_MAY_BE_LEFT_OUT:  # each initialiser was an input then
            model.ir_version = INPUTS_MAY_BE_LEFT_OUT
            stored = {tensor.name for tensor in old.initializer}
            inputs = [value for value in old.input if value.name not in stored]
            made.ClearField("input")
            made.input.extend(inputs)
        model.graph.CopyFrom(made)
        if note:
            model.metadata_props.add(key=note[0], value=note[1].decode())
        return bytes(model.SerializeToString(deterministic=True))

    def _name(self, tensor: DraftTensor) -> str:
        name = tensor_name(tensor, self._main)
        return name if tensor.numbers is None and not tensor.suffix else self._values.fresh(name)

    def _new_constants(self) -> tuple[list[TensorProto], list[NodeProto]]:
        """Numbers and pieces of constants, and the nodes that make pieces of those that are computed."""
        found: list[TensorProto] = []
        makers: list[NodeProto] = []
        for name, tensor in zip(self._own, self._draft.tensors, strict=True):
            if tensor.numbers is not None:
                numbers = b"".join(n.to_bytes(8, "little", signed=True) for n in tensor.numbers)
                found.append(TensorProto(name=name, data_type=TensorProto.INT64, dims=tensor.shape, raw_data=numbers))
            elif tensor.cut is not None:
                whole = self._main.tensors[tensor.like].name
                if whole in self._file.stored:
                    found.append(piece_of(self._file.stored[whole], tensor.cut, name))
                else:
                    makers.append(self._maker(self._file.makers[whole], tensor.cut, name, found))
        return found, makers

    def _maker(self, node: NodeProto, cut: Cut, name: str, found: list[TensorProto]) -> NodeProto:
        """A node that makes a piece of what `node` makes; the pieces of what it reads are added to `found`."""
        made = NodeProto()
        made.CopyFrom(node)
        made.output[0] = name
        made.name = self._nodes.fresh(name) if node.name else ""
        for one in operands_of(node, self._file.stored) or ():
            axis = one.axes[cut.axis]
            if axis is not None:
                piece = self._values.fresh(f"{one.name}/{cut.start}-{cut.stop}")
                found.append(piece_of(self._file.stored[one.name], Cut(axis, cut.start, cut.stop), piece))
                made.input[one.position] = piece
        return made

    def _list_values(self, made: GraphProto) -> None:
        """List the types of the tensors between nodes: those of the original that are left, and those of parts."""
        left = {name for node in made.node for name in node.output} | {t.name for t in made.initializer}
        made.value_info.extend(value for value in self._file.model.graph.value_info if value.name in left)
        for name, tensor in zip(self._own, self._draft.tensors, strict=True):
            if tensor.numbers is None and tensor.suffix and self._like(tensor).kind is not TensorKind.CONSTANT:
                made.value_info.append(make_tensor_value_info(name, element_of(self._like(tensor).dtype), tensor.shape))

    def _like(self, tensor: DraftTensor) -> Tensor:
        return self._main.tensors[tensor.like]

    def _node(self, op: DraftOp) -> NodeProto:
        if op.new is not None:
            return self._new_node(op, op.new)
        old = self._file.nodes[op.like]
        made = NodeProto()
        made.CopyFrom(old)
        del made.input[:], made.output[:]
        made.input.extend(self._named(op.inputs))
        made.output.extend(self._named(op.outputs))
        suffix = self._draft.tensors[op.outputs[0]].suffix if op.outputs and op.outputs[0] != ABSENT else ""
        if suffix and old.name:
            made.name = self._nodes.fresh(old.name + suffix)
        if op.pads is not None:
            rank = len(self._shape(op.inputs[0])) - 2
            pairs = op.pads[:rank]
            _set(made, _PADDING, make_attribute("pads", [*(p[0] for p in pairs), *(p[1] for p in pairs)]))
        elif op.inputs and op.outputs and ABSENT not in (op.inputs[0], op.outputs[0]):
            pads = pads_without_ceil(old, self._shape(op.inputs[0]), self._shape(op.outputs[0]))
            if pads is not None:
                _set(made, _PADDING, make_attribute("pads", pads))
        if old.op_type in _CONVOLUTIONS and integer(old, "group", 1) > 1:
            channels = self._shape(op.inputs[_CONVOLUTIONS[old.op_type]])[1]
            _set(made, ("group",), make_attribute("group", self._shape(op.inputs[0])[1] // channels))
        return made

    def _new_node(self, op: DraftOp, kind: New) -> NodeProto:
        inputs, outputs = self._named(op.inputs), self._named(op.outputs)
        made = NodeProto(op_type=NEW_KINDS[kind], name=self._nodes.fresh(outputs[0]), input=inputs, output=outputs)
        if kind is New.CONCAT:
            made.attribute.append(make_attribute("axis", op.axis))
        elif kind is New.SLICE and self._file.version < SLICES_BY_INPUTS:
            end = op.start + self._shape(op.outputs[0])[op.axis]
            made.attribute.extend(
                make_attribute(name, [value])
                for name, value in (("axes", op.axis), ("ends", end), ("starts", op.start))
            )
        elif kind is New.PAD and self._file.version < PADS_BY_INPUTS:
            made.attribute.append(make_attribute("pads", [*(p[0] for p in op.borders), *(p[1] for p in op.borders)]))
        return made

    def _named(self, tensors: Sequence[int]) -> list[str]:
        return ["" if t == ABSENT else self._own[t] for t in tensors]

    def _shape(self, t: int) -> tuple[int, ...]:
        return self._draft.tensors[t].shape


def _set(node: NodeProto, gone: Sequence[str], attribute: AttributeProto) -> None:
    """Replace attributes of a node by one."""
    kept = [a for a in node.attribute if a.name not in gone]
    del node.attribute[:]
    node.attribute.extend([*kept, attribute])
