"""Layout of the options of operators: only the fields that tmpass reads.

`NUMBER` is the number of a table in its union. The union is BuiltinOptions2 for operators of StableHLO, and
BuiltinOptions for all others.
"""

from struct import Struct
from typing import ClassVar

from .flatbuffer import Field, Scalar

_BOOL, _INT8, _INT32, _INT64 = Struct("<?"), Struct("<b"), Struct("<i"), Struct("<q")


class Conv2DOptions:
    """Of CONV_2D."""

    NUMBER = 1
    PADDING = Scalar(0, "padding", _INT8)
    STRIDE_W = Scalar(1, "stride_w", _INT32)
    STRIDE_H = Scalar(2, "stride_h", _INT32)
    FUSED_ACTIVATION = Scalar(3, "fused_activation_function", _INT8)
    DILATION_W_FACTOR = Scalar(4, "dilation_w_factor", _INT32)
    DILATION_H_FACTOR = Scalar(5, "dilation_h_factor", _INT32)


class DepthwiseConv2DOptions:
    """Of DEPTHWISE_CONV_2D."""

    NUMBER = 2
    PADDING = Scalar(0, "padding", _INT8)
    STRIDE_W = Scalar(1, "stride_w", _INT32)
    STRIDE_H = Scalar(2, "stride_h", _INT32)
    DEPTH_MULTIPLIER = Scalar(3, "depth_multiplier", _INT32)
    FUSED_ACTIVATION = Scalar(4, "fused_activation_function", _INT8)
    DILATION_W_FACTOR = Scalar(5, "dilation_w_factor", _INT32)
    DILATION_H_FACTOR = Scalar(6, "dilation_h_factor", _INT32)


class Pool2DOptions:
    """Of pooling."""

    NUMBER = 5
    PADDING = Scalar(0, "padding", _INT8)
    STRIDE_W = Scalar(1, "stride_w", _INT32)
    STRIDE_H = Scalar(2, "stride_h", _INT32)
    FILTER_WIDTH = Scalar(3, "filter_width", _INT32)
    FILTER_HEIGHT = Scalar(4, "filter_height", _INT32)


class SVDFOptions:
    """Of SVDF."""

    NUMBER = 6
    RANK = Scalar(0, "rank", _INT32)


class SoftmaxOptions:
    """Of SOFTMAX. BETA is the bits of a float32."""

    NUMBER = 9
    BETA = Scalar(0, "beta", _INT32)


class FullyConnectedOptions:
    """Of FULLY_CONNECTED."""

    NUMBER = 8
    FUSED_ACTIVATION = Scalar(0, "fused_activation_function", _INT8)
    WEIGHTS_FORMAT = Scalar(1, "weights_format", _INT8)
    KEEP_NUM_DIMS = Scalar(2, "keep_num_dims", _BOOL)


class ConcatenationOptions:
    """Of CONCATENATION."""

    NUMBER = 10
    AXIS = Scalar(0, "axis", _INT32)
    FUSED_ACTIVATION = Scalar(1, "fused_activation_function", _INT8)


class ArithmeticOptions:
    """Of ADD, DIV, MUL and SUB, whose tables have the same first field."""

    NUMBERS: ClassVar = {"ADD": 11, "DIV": 29, "MUL": 21, "SUB": 28}
    FUSED_ACTIVATION = Scalar(0, "fused_activation_function", _INT8)


class L2NormOptions:
    """Of L2_NORMALIZATION."""

    NUMBER = 12
    FUSED_ACTIVATION = Scalar(0, "fused_activation_function", _INT8)


class LSTMOptions:
    """Of LSTM."""

    NUMBER = 14
    KERNEL_TYPE = Scalar(3, "kernel_type", _INT8)


class ReshapeOptions:
    """Of RESHAPE."""

    NUMBER = 17
    NEW_SHAPE = Field(0, "new_shape")


class SpaceToDepthOptions:
    """Of SPACE_TO_DEPTH."""

    NUMBER = 19
    BLOCK_SIZE = Scalar(0, "block_size", _INT32)


class GatherOptions:
    """Of GATHER."""

    NUMBER = 23
    AXIS = Scalar(0, "axis", _INT32)
    BATCH_DIMS = Scalar(1, "batch_dims", _INT32)


class ReducerOptions:
    """Of reductions."""

    NUMBER = 27
    KEEP_DIMS = Scalar(0, "keep_dims", _BOOL)


class SqueezeOptions:
    """Of SQUEEZE."""

    NUMBER = 30
    SQUEEZE_DIMS = Field(0, "squeeze_dims")


class SequenceRNNOptions:
    """Of UNIDIRECTIONAL_SEQUENCE_RNN."""

    NUMBER = 31
    TIME_MAJOR = Scalar(0, "time_major", _BOOL)


class StridedSliceOptions:
    """Of STRIDED_SLICE; bit n of a mask is about axis n."""

    NUMBER = 32
    BEGIN_MASK = Scalar(0, "begin_mask", _INT32)
    END_MASK = Scalar(1, "end_mask", _INT32)
    ELLIPSIS_MASK = Scalar(2, "ellipsis_mask", _INT32)
    NEW_AXIS_MASK = Scalar(3, "new_axis_mask", _INT32)
    SHRINK_AXIS_MASK = Scalar(4, "shrink_axis_mask", _INT32)
    OFFSET = Scalar(5, "offset", _BOOL)


class TransposeConvOptions:
    """Of TRANSPOSE_CONV."""

    NUMBER = 49
    FUSED_ACTIVATION = Scalar(3, "fused_activation_function", _INT8)


class PackOptions:
    """Of PACK."""

    NUMBER = 59
    AXIS = Scalar(1, "axis", _INT32)


class OneHotOptions:
    """Of ONE_HOT."""

    NUMBER = 61
    AXIS = Scalar(0, "axis", _INT32)


class UnpackOptions:
    """Of UNPACK."""

    NUMBER = 64
    AXIS = Scalar(1, "axis", _INT32)


class BidirectionalSequenceLSTMOptions:
    """Of BIDIRECTIONAL_SEQUENCE_LSTM."""

    NUMBER = 69
    MERGE_OUTPUTS = Scalar(3, "merge_outputs", _BOOL)


class DepthToSpaceOptions:
    """Of DEPTH_TO_SPACE."""

    NUMBER = 94
    BLOCK_SIZE = Scalar(0, "block_size", _INT32)


class BatchMatMulOptions:
    """Of BATCH_MATMUL."""

    NUMBER = 101
    ADJ_X = Scalar(0, "adj_x", _BOOL)
    ADJ_Y = Scalar(1, "adj_y", _BOOL)


class Conv3DOptions:
    """Of CONV_3D."""

    NUMBER = 106
    PADDING = Scalar(0, "padding", _INT8)
    STRIDE_D = Scalar(1, "stride_d", _INT32)
    STRIDE_W = Scalar(2, "stride_w", _INT32)
    STRIDE_H = Scalar(3, "stride_h", _INT32)
    DILATION_D_FACTOR = Scalar(5, "dilation_d_factor", _INT32)
    DILATION_W_FACTOR = Scalar(6, "dilation_w_factor", _INT32)
    DILATION_H_FACTOR = Scalar(7, "dilation_h_factor", _INT32)


class VarHandleOptions:
    """Of VAR_HANDLE."""

    NUMBER = 111
    CONTAINER = Field(0, "container")
    SHARED_NAME = Field(1, "shared_name")


class StablehloConcatenateOptions:
    """Of STABLEHLO_CONCATENATE."""

    NUMBER = 1
    DIMENSION = Scalar(0, "dimension", _INT64)


class StablehloSliceOptions:
    """Of STABLEHLO_SLICE."""

    NUMBER = 3
    START_INDICES = Field(0, "start_indices")
    LIMIT_INDICES = Field(1, "limit_indices")
    STRIDES = Field(2, "strides")


class StablehloReduceOptions:
    """Of STABLEHLO_REDUCE."""

    NUMBER = 6
    DIMENSIONS = Field(0, "dimensions")


class StablehloDynamicSliceOptions:
    """Of STABLEHLO_DYNAMIC_SLICE."""

    NUMBER = 9
    SLICE_SIZES = Field(0, "slice_sizes")


class StablehloPadOptions:
    """Of STABLEHLO_PAD."""

    NUMBER = 10
    EDGE_PADDING_LOW = Field(0, "edge_padding_low")
    EDGE_PADDING_HIGH = Field(1, "edge_padding_high")
    INTERIOR_PADDING = Field(2, "interior_padding")


class StablehloDotGeneralOptions:
    """Of STABLEHLO_DOT_GENERAL."""

    NUMBER = 12
    LHS_BATCHING_DIMENSIONS = Field(0, "lhs_batching_dimensions")
    RHS_BATCHING_DIMENSIONS = Field(1, "rhs_batching_dimensions")
    LHS_CONTRACTING_DIMENSIONS = Field(2, "lhs_contracting_dimensions")
    RHS_CONTRACTING_DIMENSIONS = Field(3, "rhs_contracting_dimensions")


class StablehloReduceWindowOptions:
    """Of STABLEHLO_REDUCE_WINDOW."""

    NUMBER = 13
    WINDOW_DIMENSIONS = Field(0, "window_dimensions")
    WINDOW_STRIDES = Field(1, "window_strides")
    BASE_DILATIONS = Field(2, "base_dilations")
    WINDOW_DILATIONS = Field(3, "window_dilations")
    PADDING = Field(4, "padding")


class StablehloGatherOptions:
    """Of STABLEHLO_GATHER."""

    NUMBER = 16
    OFFSET_DIMS = Field(0, "offset_dims")
    COLLAPSED_SLICE_DIMS = Field(1, "collapsed_slice_dims")
    INDEX_VECTOR_DIM = Scalar(3, "index_vector_dim", _INT64)
    SLICE_SIZES = Field(4, "slice_sizes")


class StablehloTransposeOptions:
    """Of STABLEHLO_TRANSPOSE."""

    NUMBER = 17
    PERMUTATION = Field(0, "permutation")


VECTORS = {(8, 5): 1, (17, 0): 4, (30, 0): 4, (115, 0): 4}
"""(number of the options, field) of a vector -> bytes of an entry: quant_spec, new_shape, squeeze_dims, boundaries."""

LINKED = (3, 111)
"""Numbers of options that have other links: ConcatEmbeddingsOptions, VarHandleOptions."""

DEFAULTS = {
    (1, 4): 1,
    (1, 5): 1,
    (2, 5): 1,
    (2, 6): 1,
    (11, 1): 1,
    (28, 1): 1,
    (69, 4): 1,
    (80, 0): 2,
    (106, 5): 1,
    (106, 6): 1,
    (106, 7): 1,
}
"""(number of the options, field) -> the value of an absent field, where that is not 0: most are dilations."""

ALL_VECTORS = {**VECTORS, (3, 1): 4, (3, 2): 4, (111, 0): 1, (111, 1): 1}
"""`VECTORS`, and those of `LINKED`."""
