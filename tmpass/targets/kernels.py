"""What is known of the kernels of each runtime, by kind of operator."""

from collections.abc import Mapping
from enum import StrEnum


class Kept(StrEnum):
    """When a runtime makes the outputs of an operator once, and keeps them from one run to the next.

    STORED  what it reads is stored in the file. The first run makes them.
    KNOWN   all that it reads is stored in the file, or known before the first run as well, and so are they
    ALWAYS  it reads shapes only, so they are known before the first run if these are
    """

    STORED = "stored"
    KNOWN = "known"
    ALWAYS = "always"


_MOVES = """
    BATCH_TO_SPACE_ND BROADCAST_ARGS BROADCAST_TO CALL_ONCE CONCATENATION DEPTH_TO_SPACE EXPAND_DIMS FILL GATHER
    GATHER_ND IF PACK PAD PADV2 RESHAPE REVERSE_V2 SHAPE SLICE SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPLIT SPLIT_V SQUEEZE
    STRIDED_SLICE TRANSPOSE UNPACK WHILE ZEROS_LIKE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE
"""

_ARITHMETIC = """
    ABS ADD CAST CEIL COS DEQUANTIZE DIV ELU EQUAL EXP FLOOR FLOOR_DIV FLOOR_MOD GREATER GREATER_EQUAL HARD_SWISH
    LEAKY_RELU LESS LESS_EQUAL LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC MAXIMUM MINIMUM MUL NEG NOT_EQUAL PRELU
    QUANTIZE RELU RELU6 ROUND RSQRT SELECT_V2 SIN SQRT SQUARE SQUARED_DIFFERENCE SUB TANH
"""

_LAYERS = """
    ARG_MAX ARG_MIN AVERAGE_POOL_2D BATCH_MATMUL CUMSUM DYNAMIC_UPDATE_SLICE EMBEDDING_LOOKUP L2_NORMALIZATION
    L2_POOL_2D LOG_SOFTMAX MAX_POOL_2D RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR SOFTMAX
"""

_WEIGHTED = "CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED"

_CUSTOM = """
    CIRCULAR_BUFFER SignalDelay SignalEnergy SignalFftAutoScale SignalFilterBank SignalFilterBankLog
    SignalFilterBankSpectralSubtraction SignalFilterBankSquareRoot SignalFramer SignalIrfft SignalOverlapAdd SignalPCAN
    SignalStacker SignalWindow TFLM_DECODE
"""

TFLM_CUSTOM = frozenset(f"{_CUSTOM} SignalRfft TFLite_Detection_PostProcess".split())
"""The custom operators for which TensorFlow Lite Micro has kernels."""

TFLM = frozenset(f"{_MOVES} {_ARITHMETIC} {_LAYERS} {_WEIGHTED}".split()) | {f"custom:{k}" for k in _CUSTOM.split()}
"""The reference kernels of TensorFlow Lite Micro, as the rules of `tail/tflm.toml` have it. Custom ones have a prefix.

Those with weights need scratch if an element has less than a byte, since they unpack it. Kernels that are optimised for
a processor may need more.
"""

_MORE = """
    BUCKETIZE CUMSUM DYNAMIC_UPDATE_SLICE EMBEDDING_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION
    LOG_SOFTMAX MATRIX_DIAG MATRIX_SET_DIAG MIRROR_PAD ONE_HOT POW RANGE RANK RESIZE_NEAREST_NEIGHBOR REVERSE_SEQUENCE
    SELECT SPARSE_TO_DENSE TILE TOPK_V2
"""

LITERT = frozenset(
    f"{_MOVES} {_ARITHMETIC} {_MORE} ARG_MAX ARG_MIN AVERAGE_POOL_2D MAX_POOL_2D RESIZE_BILINEAR SOFTMAX".split()
)
"""The kernels of LiteRT that add no temporaries; measured with ai-edge-litert 2.3.0.

The profile litert-cpu has rules for some of the others: convolutions, dense layers, reductions.
"""

_KNOWN = "BROADCAST_ARGS CONCATENATION GATHER MUL RANGE RESHAPE STRIDED_SLICE TILE"

LITERT_KEPT: Mapping[str, Kept] = {
    "DENSIFY": Kept.STORED,
    "DEQUANTIZE": Kept.STORED,
    "RANK": Kept.ALWAYS,
    "SHAPE": Kept.ALWAYS,
    **dict.fromkeys(_KNOWN.split(), Kept.KNOWN),
}
"""Measured with ai-edge-litert 2.3.0, of 40 kinds, but for DENSIFY: that is as in
tensorflow/lite/kernels/densify.cc.
"""
