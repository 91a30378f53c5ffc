"""Writes small TFLite files from a plain description; the same description gives the same bytes.

    write_model([
        Subgraph(
            tensors=[Tensor("x", [1, 4]), Tensor("y", [1, 4])],
            operators=[Operator("TANH", inputs=[0], outputs=[1])],
            inputs=[0],
            outputs=[1],
        )
    ])

Nothing is checked, so that tests can write files that break the rules of the format.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import flatbuffers
from flatbuffers import number_types

# By name: type checkers do not see that the folder `frontends` is the package `tmpass.frontends`.
_TYPES = {
    name: number
    for number, (name, _) in enumerate(import_module("tmpass.frontends.tflite.element_types").ELEMENT_TYPES)
}
_OPERATORS = {
    name: number for number, name in enumerate(import_module("tmpass.frontends.tflite.operator_names").OPERATOR_NAMES)
}
_CUSTOM = _OPERATORS["CUSTOM"]
_PLACEHOLDER = _OPERATORS["PLACEHOLDER_FOR_GREATER_OP_CODES"]
_DATA_ALIGNMENT = 16

_LAYOUTS: dict[str, tuple[int, str]] = {
    "Conv2DOptions": (
        1,
        "padding:b stride_w:i stride_h:i fused_activation_function:b dilation_w_factor:i dilation_h_factor:i",
    ),
    "DepthwiseConv2DOptions": (
        2,
        (
            "padding:b stride_w:i stride_h:i depth_multiplier:i fused_activation_function:b dilation_w_factor:i "
            "dilation_h_factor:i"
        ),
    ),
    "Pool2DOptions": (
        5,
        "padding:b stride_w:i stride_h:i filter_width:i filter_height:i fused_activation_function:b",
    ),
    "SVDFOptions": (6, "rank:i fused_activation_function:b"),
    "FullyConnectedOptions": (8, "fused_activation_function:b weights_format:b keep_num_dims:?"),
    "SoftmaxOptions": (9, "beta:f"),
    "ConcatenationOptions": (10, "axis:i fused_activation_function:b"),
    "AddOptions": (11, "fused_activation_function:b"),
    "L2NormOptions": (12, "fused_activation_function:b"),
    "LSTMOptions": (14, "fused_activation_function:b cell_clip:f proj_clip:f kernel_type:b"),
    "CallOptions": (16, "subgraph:I"),
    "ReshapeOptions": (17, "new_shape:v"),
    "SpaceToDepthOptions": (19, "block_size:i"),
    "MulOptions": (21, "fused_activation_function:b"),
    "PadOptions": (22, ""),
    "GatherOptions": (23, "axis:i batch_dims:i"),
    "TransposeOptions": (26, ""),
    "ReducerOptions": (27, "keep_dims:?"),
    "SubOptions": (28, "fused_activation_function:b"),
    "DivOptions": (29, "fused_activation_function:b"),
    "SqueezeOptions": (30, "squeeze_dims:v"),
    "SequenceRNNOptions": (31, "time_major:? fused_activation_function:b"),
    "StridedSliceOptions": (
        32,
        "begin_mask:i end_mask:i ellipsis_mask:i new_axis_mask:i shrink_axis_mask:i offset:?",
    ),
    "SplitOptions": (35, "num_splits:i"),
    "ArgMaxOptions": (40, "output_type:b"),
    "LessOptions": (41, ""),
    "TransposeConvOptions": (49, "padding:b stride_w:i stride_h:i fused_activation_function:b"),
    "ExpandDimsOptions": (52, ""),
    "ShapeOptions": (55, "out_type:b"),
    "ArgMinOptions": (57, "output_type:b"),
    "PackOptions": (59, "values_count:i axis:i"),
    "OneHotOptions": (61, "axis:i"),
    "UnpackOptions": (64, "num:i axis:i"),
    "BidirectionalSequenceLSTMOptions": (
        69,
        "fused_activation_function:b cell_clip:f proj_clip:f merge_outputs:? time_major:?",
    ),
    "UnidirectionalSequenceLSTMOptions": (
        71,
        "fused_activation_function:b cell_clip:f proj_clip:f time_major:?",
    ),
    "MirrorPadOptions": (77, "mode:b"),
    "SplitVOptions": (79, "num_splits:i"),
    "ReverseSequenceOptions": (87, "seq_dim:i batch_dim:i"),
    "IfOptions": (92, "then_subgraph_index:i else_subgraph_index:i"),
    "WhileOptions": (93, "cond_subgraph_index:i body_subgraph_index:i"),
    "DepthToSpaceOptions": (94, "block_size:i"),
    "BatchMatMulOptions": (101, "adj_x:? adj_y:? asymmetric_quantize_inputs:?"),
    "CallOnceOptions": (103, "init_subgraph_index:i"),
    "Conv3DOptions": (
        106,
        "padding:b stride_d:i stride_w:i stride_h:i - dilation_d_factor:i dilation_w_factor:i dilation_h_factor:i",
    ),
    "VarHandleOptions": (111, "container:s shared_name:s"),
    "BucketizeOptions": (115, "boundaries:v"),
    "StableHLOCompositeOptions": (21, "name:s decomposition_subgraph_index:i"),
    "StablehloCustomCallOptions": (5, "call_target_name:s has_side_effect:? - - called_computations:v"),
    "StablehloConcatenateOptions": (1, "dimension:l"),
    "StablehloSliceOptions": (3, "start_indices:V limit_indices:V strides:V"),
    "StablehloReduceOptions": (6, "dimensions:V body_subgraph_index:i"),
    "StablehloDynamicSliceOptions": (9, "slice_sizes:V"),
    "StablehloPadOptions": (10, "edge_padding_low:V edge_padding_high:V interior_padding:V"),
    "StablehloDotGeneralOptions": (
        12,
        (
            "lhs_batching_dimensions:V rhs_batching_dimensions:V lhs_contracting_dimensions:V "
            "rhs_contracting_dimensions:V"
        ),
    ),
    "StablehloGatherOptions": (
        16,
        "offset_dims:V collapsed_slice_dims:V start_index_map:V index_vector_dim:l slice_sizes:V indices_are_sorted:?",
    ),
    "StablehloTransposeOptions": (17, "permutation:V"),
    "StablehloScatterOptions": (
        7,
        (
            "indices_are_sorted:? update_window_dims:V inserted_window_dims:V scatter_dims_to_operand_dims:V "
            "index_vector_dim:l unique_indices:? update_computation_subgraph_index:i"
        ),
    ),
    "StablehloReduceWindowOptions": (
        13,
        ("window_dimensions:V window_strides:V base_dilations:V window_dilations:V padding:V body_subgraph_index:i"),
    ),
    "DilateOptions": (18, ""),
    "ReduceWindowOptions": (20, "reduce_function:i"),
    "StablehloSortOptions": (14, "- - comparator_subgraph_index:i"),
    "StablehloWhileOptions": (15, "cond_subgraph_index:i body_subgraph_index:i"),
    "StablehloCaseOptions": (23, "branch_subgraph_indices:v"),
}
"""Number in its union and fields in their order, `name:layout`, of the options tables that `options` knows.

Layouts: b int8, ? bool, i int32, I uint32, l int64, f float32, v vector of int32, V vector of int64, s string; - is
one never set.
"""

_SCALARS = {
    "b": number_types.Int8Flags,
    "?": number_types.BoolFlags,
    "i": number_types.Int32Flags,
    "l": number_types.Int64Flags,
    "I": number_types.Uint32Flags,
    "f": number_types.Float32Flags,
    "B": number_types.Uint8Flags,
    "Q": number_types.Uint64Flags,
}


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor; without `data` it names buffer 0, which is empty, unless `buffer` names another.

    Fields: `dtype` is a name of the schema's TensorType or a number; `shape` None leaves the field out;
    `appended` puts the data behind the flatbuffer, as files above 2 GiB have it; `scales` quantise it, one of them, or
    one for each index of its axis `scaled`, around `zero`.
    """

    name: str | bytes | None
    shape: Sequence[int] | None
    dtype: str | int = "FLOAT32"
    data: bytes | None = None
    is_variable: bool = False
    shape_signature: Sequence[int] | None = None
    has_rank: bool = False
    appended: bool = False
    buffer: int | None = None
    external_buffer: int = 0
    scales: Sequence[float] = ()
    scaled: int = 0
    zero: int = 0


@dataclass(frozen=True, slots=True)
class Options:
    """An options table: its `number` in the union, and (field number, layout, value) of its fields.

    With `second` the union is BuiltinOptions2.
    """

    number: int
    fields: tuple[tuple[int, str, Any], ...] = ()
    second: bool = False


def options(name: str, /, **values: Any) -> Options:
    """Describe the options table `name` of the schema with its fields set to `values`."""
    number, layout = _LAYOUTS[name]
    known = {part.partition(":")[0]: (n, part[-1]) for n, part in enumerate(layout.split())}
    fields = tuple((*known[key], value) for key, value in values.items())
    second = name.lower().startswith("stablehlo") or name in ("DilateOptions", "ReduceWindowOptions")
    return Options(number, fields, second=second)


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator: `code` is a built-in one's name or number, or with `custom` any name, and `custom_options` then."""

    code: str | int
    inputs: Sequence[int] = ()
    outputs: Sequence[int] = ()
    options: Options | None = None
    intermediates: Sequence[int] = ()
    custom: bool = False
    custom_options: bytes = b""
    version: int = 1


@dataclass(frozen=True, slots=True)
class Subgraph:
    """Tensors and the operators over them, in the order in which they run."""

    tensors: Sequence[Tensor] = ()
    operators: Sequence[Operator] = ()
    inputs: Sequence[int] = ()
    outputs: Sequence[int] = ()
    name: str | None = "main"


@dataclass(frozen=True, slots=True)
class Signature:
    """Public names for subgraph number `subgraph` and for its tensors, as (name, tensor) pairs."""

    key: str
    subgraph: int = 0
    inputs: Sequence[tuple[str, int]] = ()
    outputs: Sequence[tuple[str, int]] = ()


def write_model(
    subgraphs: Sequence[Subgraph],
    *,
    signatures: Sequence[Signature] = (),
    metadata: Mapping[str, bytes] | None = None,
    version: int = 3,
    buffers: bool = True,
) -> bytes:
    """Write the TFLite file of `subgraphs`; without `buffers` it has no list of buffers at all."""
    appended = [t.data for s in subgraphs for t in s.tensors if t.appended and t.data is not None]
    first = _Writer([0] * len(appended)).model(subgraphs, signatures, metadata or {}, version, buffers)
    if not appended:
        return first
    # Where the data goes depends on the length of the flatbuffer, which is the same for all offsets.
    offsets, end, tail = [], len(first), b""
    for data in appended:
        start = -(-end // _DATA_ALIGNMENT) * _DATA_ALIGNMENT
        tail += b"\0" * (start - end) + data
        offsets.append(start)
        end = start + len(data)
    return _Writer(offsets).model(subgraphs, signatures, metadata or {}, version, buffers) + tail


@dataclass(slots=True)
class _Writer:
    """A file while it is written; `offsets` say where the appended data of each tensor will be."""

    offsets: list[int]
    builder: Any = field(default_factory=lambda: flatbuffers.Builder(1 << 16))
    codes: dict[tuple[str | int, bool, int], int] = field(default_factory=dict)
    buffers: list[int] = field(default_factory=list)

    def model(
        self,
        subgraphs: Sequence[Subgraph],
        signatures: Sequence[Signature],
        metadata: Mapping[str, bytes],
        version: int,
        with_buffers: bool,
    ) -> bytes:
        builder = self.builder
        self.buffers.append(self._table({}))
        subgraph_list = self._offsets([self._subgraph(subgraph) for subgraph in subgraphs])
        code_list = self._offsets([self._code(*code) for code in self.codes])
        signature_list = self._offsets([self._signature(signature) for signature in signatures])
        metadata_list = self._offsets([self._metadata(name, data) for name, data in metadata.items()])
        lists = {1: code_list, 2: subgraph_list, 6: metadata_list, 7: signature_list}
        if with_buffers:
            lists[4] = self._offsets(self.buffers)
        root = self._table({0: ("I", version)} | {n: ("o", offset) for n, offset in lists.items()})
        builder.Finish(root, b"TFL3")
        return bytes(builder.Output())

    def _subgraph(self, subgraph: Subgraph) -> int:
        tensors = self._offsets([self._tensor(tensor) for tensor in subgraph.tensors])
        operators = self._offsets([self._operator(operator) for operator in subgraph.operators])
        inputs, outputs = self._integers(subgraph.inputs), self._integers(subgraph.outputs)
        fields = {0: ("o", tensors), 1: ("o", inputs), 2: ("o", outputs), 3: ("o", operators)}
        return self._table(fields | self._text(4, subgraph.name))

    def _tensor(self, tensor: Tensor) -> int:
        fields: dict[int, tuple[str, Any]] = {}
        if tensor.shape is not None:
            fields[0] = ("o", self._integers(tensor.shape))
        number = tensor.dtype if isinstance(tensor.dtype, int) else _TYPES[tensor.dtype]
        fields |= {1: ("b", number), 2: ("I", self._buffer(tensor))} | self._text(3, tensor.name)
        if tensor.scales:
            fields[4] = ("o", self._quantization(tensor))
        if tensor.is_variable:
            fields[5] = ("?", True)
        if tensor.shape_signature is not None:
            fields[7] = ("o", self._integers(tensor.shape_signature))
        if tensor.has_rank:
            fields[8] = ("?", True)
        if tensor.external_buffer:
            fields[10] = ("I", tensor.external_buffer)
        return self._table(fields)

    def _quantization(self, tensor: Tensor) -> int:
        scales, zeros = self._floats(tensor.scales), self._longs([tensor.zero] * len(tensor.scales))
        return self._table({2: ("o", scales), 3: ("o", zeros), 6: ("i", tensor.scaled)})

    def _buffer(self, tensor: Tensor) -> int:
        if tensor.buffer is not None:
            return tensor.buffer
        if tensor.data is None:
            return 0
        if tensor.appended:
            place = {1: ("Q", self.offsets.pop(0)), 2: ("Q", len(tensor.data))}
            self.buffers.append(self._table(place))
        else:
            self.buffers.append(self._table({0: ("o", self._bytes(tensor.data))}))
        return len(self.buffers) - 1

    def _operator(self, operator: Operator) -> int:
        code = self.codes.setdefault((operator.code, operator.custom, operator.version), len(self.codes))
        fields: dict[int, tuple[str, Any]] = {
            0: ("I", code),
            1: ("o", self._integers(operator.inputs)),
            2: ("o", self._integers(operator.outputs)),
        }
        if operator.options is not None:
            type_field, table_field = (11, 12) if operator.options.second else (3, 4)
            fields[type_field] = ("B", operator.options.number)
            fields[table_field] = ("o", self._options(operator.options))
        if operator.custom_options:
            fields[5] = ("o", self._bytes(operator.custom_options))
        if operator.intermediates:
            fields[8] = ("o", self._integers(operator.intermediates))
        return self._table(fields)

    def _options(self, description: Options) -> int:
        fields: dict[int, tuple[str, Any]] = {}
        for number, layout, value in description.fields:
            if layout == "v":
                fields[number] = ("o", self._integers(value))
            elif layout == "V":
                fields[number] = ("o", self._longs(value))
            elif layout == "s":
                fields |= self._text(number, value)
            else:
                fields[number] = (layout, value)
        return self._table(fields)

    def _code(self, code: str | int, custom: bool, version: int) -> int:
        number = _CUSTOM if custom else code if isinstance(code, int) else _OPERATORS[code]
        text = self._text(1, str(code)) if custom else {}
        return self._table({0: ("b", min(number, _PLACEHOLDER)), 2: ("i", version), 3: ("i", number)} | text)

    def _signature(self, signature: Signature) -> int:
        inputs = self._offsets([self._tensor_map(*pair) for pair in signature.inputs])
        outputs = self._offsets([self._tensor_map(*pair) for pair in signature.outputs])
        fields = {0: ("o", inputs), 1: ("o", outputs), 4: ("I", signature.subgraph)}
        return self._table(fields | self._text(2, signature.key))

    def _tensor_map(self, name: str, tensor: int) -> int:
        return self._table({1: ("I", tensor)} | self._text(0, name))

    def _metadata(self, name: str, data: bytes) -> int:
        self.buffers.append(self._table({0: ("o", self._bytes(data))}))
        return self._table({1: ("I", len(self.buffers) - 1)} | self._text(0, name))

    def _table(self, fields: Mapping[int, tuple[str, Any]]) -> int:
        """Write a table of `fields`: by number a layout, "o" for an offset, and a value."""
        builder = self.builder
        builder.StartObject(max(fields, default=-1) + 1)
        for number, (layout, value) in fields.items():
            if layout == "o":
                builder.PrependUOffsetTRelative(value)
            else:
                builder.Prepend(_SCALARS[layout], value)
            builder.Slot(number)
        builder.vtables.clear()  # or which tables share one would depend on the version of flatbuffers
        offset: int = builder.EndObject()
        return offset

    def _text(self, number: int, text: str | bytes | None) -> dict[int, tuple[str, Any]]:
        """Write `text` and give it as field `number`, or no field for None."""
        return {} if text is None else {number: ("o", self.builder.CreateString(text))}

    def _integers(self, values: Sequence[int]) -> int:
        self.builder.StartVector(4, len(values), 4)
        for value in reversed(values):
            self.builder.PrependInt32(value)
        offset: int = self.builder.EndVector()
        return offset

    def _floats(self, values: Sequence[float]) -> int:
        self.builder.StartVector(4, len(values), 4)
        for value in reversed(values):
            self.builder.PrependFloat32(value)
        offset: int = self.builder.EndVector()
        return offset

    def _longs(self, values: Sequence[int]) -> int:
        self.builder.StartVector(8, len(values), 8)
        for value in reversed(values):
            self.builder.PrependInt64(value)
        offset: int = self.builder.EndVector()
        return offset

    def _offsets(self, offsets: Sequence[int]) -> int:
        self.builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        end: int = self.builder.EndVector()
        return end

    def _bytes(self, data: bytes) -> int:
        self.builder.Prep(_DATA_ALIGNMENT, len(data))
        offset: int = self.builder.CreateByteVector(data)
        return offset
