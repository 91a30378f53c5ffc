"""The shape rule of each kind of operator."""

from collections.abc import Callable
from importlib import import_module

from .elementwise import SAME, SPREADING
from .op_context import Dim, Impossible, OpContext, Shape, Unknown

Rule = Callable[[OpContext], list[Shape]]

MOST = 2**31 - 1
"""The largest possible dimension."""

DATA_DEPENDENT = frozenset(("WHERE", "UNIQUE", "SEGMENT_SUM"))
"""Operators with a dimension that depends on values: a number that the file declares for it proves nothing."""

RULES: dict[str, str] = {
    **dict.fromkeys(SAME, "elementwise.same"),
    **dict.fromkeys(SPREADING, "elementwise.spreading"),
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"), "windows.pool_2d"),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), "windows.resize"),
    **dict.fromkeys(("TRANSPOSE_CONV", "CONV_3D_TRANSPOSE"), "windows.stated"),
    **dict.fromkeys(("FILL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM"), "windows.stated"),
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD"), "pieces.pad"),
    **dict.fromkeys(
        ("MEAN", "SUM", "REDUCE_ALL", "REDUCE_ANY", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"), "reductions.reduced"
    ),
    **dict.fromkeys(("ARG_MAX", "ARG_MIN"), "reductions.arg_extreme"),
    **dict.fromkeys(("NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5"), "reductions.suppressed"),
    **dict.fromkeys((f"UNSORTED_SEGMENT_{of}" for of in ("MAX", "MIN", "PROD", "SUM")), "reductions.unsorted_segments"),
    **dict.fromkeys(("RNN", "UNIDIRECTIONAL_SEQUENCE_RNN"), "sequences.rnn"),
    "BATCH_MATMUL": "forms.batch_matmul",
    "BATCH_TO_SPACE_ND": "windows.batch_to_space_nd",
    "BIDIRECTIONAL_SEQUENCE_LSTM": "sequences.bidirectional_lstm",
    "BITCAST": "elementwise.bitcast",
    "BROADCAST_ARGS": "forms.broadcast_args",
    "BROADCAST_TO": "forms.broadcast_to",
    "CONCATENATION": "pieces.concatenation",
    "CONV_2D": "windows.conv_2d",
    "CONV_3D": "windows.conv_3d",
    "DEPTHWISE_CONV_2D": "windows.depthwise_conv_2d",
    "DEPTH_TO_SPACE": "windows.depth_to_space",
    "DILATE": "stablehlo.dilate",
    "EMBEDDING_LOOKUP": "forms.embedding_lookup",
    "EXPAND_DIMS": "forms.expand_dims",
    "FULLY_CONNECTED": "forms.fully_connected",
    "GATHER": "pieces.gather",
    "GATHER_ND": "pieces.gather_nd",
    "LSTM": "sequences.lstm",
    "MATRIX_DIAG": "forms.matrix_diag",
    "MULTINOMIAL": "reductions.multinomial",
    "ONE_HOT": "forms.one_hot",
    "PACK": "pieces.pack",
    "RANGE": "reductions.range_",
    "RANK": "reductions.rank_of",
    "REDUCE_WINDOW": "stablehlo.window_reduced",
    "RESHAPE": "forms.reshape",
    "RFFT2D": "forms.rfft2d",
    "SCATTER_ND": "reductions.scatter_nd",
    "SEGMENT_SUM": "reductions.segment_sum",
    "SELECT": "elementwise.select",
    "SHAPE": "reductions.shape_of",
    "SLICE": "pieces.slice_",
    "SPACE_TO_BATCH_ND": "windows.space_to_batch_nd",
    "SPACE_TO_DEPTH": "windows.space_to_depth",
    "SPARSE_TO_DENSE": "reductions.sparse_to_dense",
    "SPLIT": "pieces.split",
    "SPLIT_V": "pieces.split_v",
    "SQUEEZE": "forms.squeeze",
    "STABLEHLO_CLAMP": "elementwise.select",
    "STABLEHLO_CONCATENATE": "stablehlo.concatenate",
    "STABLEHLO_DOT_GENERAL": "stablehlo.dot_general",
    "STABLEHLO_DYNAMIC_SLICE": "stablehlo.dynamic_slice",
    "STABLEHLO_DYNAMIC_UPDATE_SLICE": "stablehlo.like_each",
    "STABLEHLO_GATHER": "stablehlo.gather",
    "STABLEHLO_PAD": "stablehlo.pad",
    "STABLEHLO_REDUCE": "stablehlo.reduce",
    "STABLEHLO_REDUCE_WINDOW": "stablehlo.reduce_window",
    "STABLEHLO_SCATTER": "stablehlo.like_each",
    "STABLEHLO_SELECT": "elementwise.select",
    "STABLEHLO_SLICE": "stablehlo.slice_",
    "STABLEHLO_SORT": "stablehlo.like_each",
    "STABLEHLO_TRANSPOSE": "stablehlo.transpose",
    "STRIDED_SLICE": "pieces.strided_slice",
    "SVDF": "sequences.svdf",
    "TILE": "pieces.tile",
    "TOPK_V2": "reductions.top_k",
    "TRANSPOSE": "forms.transpose",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "sequences.sequence_lstm",
    "UNIQUE": "reductions.unique",
    "UNPACK": "pieces.unpack",
    "WHERE": "reductions.where",
}
"""Name of a built-in operator -> module and function of its rule, which is imported when it is needed."""


_FOUND: dict[str, Rule] = {}


def find_rule(kind: str) -> Rule | None:
    """Return the rule of the built-in operator `kind`, or None."""
    place = RULES.get(kind)
    if place is None:
        return None
    module, name = place.split(".")
    rule: Rule = getattr(import_module(f".{module}", __package__), name)
    return _FOUND.setdefault(kind, rule)


def infer(context: OpContext, *, custom: bool) -> list[Shape]:
    """Return the shapes of the outputs of `context`; shapes missing at the end are unknown.

    Raises:
        Unknown: no rule covers the operator, or a value that its rule needs is unknown.
        Impossible: no kernel could run it.
    """
    rule: Rule | None
    if custom:
        from .custom import CUSTOM_RULES

        rule = CUSTOM_RULES.get(context.kind)
    else:
        rule = _FOUND.get(context.kind) or find_rule(context.kind)
    if rule is None:
        raise Unknown
    try:
        made = rule(context)
    except (IndexError, ValueError):  # an input has fewer axes or elements than the kernel reads
        raise Impossible("its inputs have too few axes") from None
    for shape in made:
        for dim in shape:
            if not _sound(dim):
                raise Impossible(f"a dimension of the result would be {dim}")
    return made


def _sound(dim: Dim) -> bool:
    return not isinstance(dim, int) or 0 <= dim <= MOST
