"""Convolutions and pools, with channels behind the batch or last."""

from ..corrections import pooled
from ..value_types import Hole, ValueType
from .node_context import MICROSOFT, NCHWC, NodeContext, Rule, of, standard

_CONV = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")
_MAX_POOL = ("auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides")
_AVERAGE_POOL = ("auto_pad", "ceil_mode", "count_include_pad", "kernel_shape", "pads", "strides")

Shape = tuple[Hole, ...] | None


def channels_first(shape: Shape, *, last: bool) -> Shape:
    """Return `shape` with its channels behind the batch; `last` says whether they are last now."""
    return (shape[0], shape[-1], *shape[1:-1]) if last and shape is not None and len(shape) > 1 else shape


def channels_back(shape: Shape, *, last: bool) -> Shape:
    """Return `shape`, which has its channels behind the batch, with the channels last if `last`."""
    return (shape[0], *shape[2:], shape[1]) if last and shape is not None and len(shape) > 1 else shape


def _window(node: NodeContext, kind: str, given: list[Shape], names: tuple[str, ...], *, last: bool) -> Shape:
    given = [channels_first(given[0], last=last), *given[1:]]
    attributes = node.attributes(*names)
    found = pooled(given[0], attributes) if kind != "Conv" else None
    if found is None:
        found = standard(kind, [of(1, shape) for shape in given], **attributes).shape
    return channels_back(found, last=last)


def _conv(node: NodeContext) -> list[ValueType]:
    return [of(node.element(0), _window(node, "Conv", [node.shape(0), node.shape(1)], _CONV, last=False))]


def _conv_last(node: NodeContext) -> list[ValueType]:
    return [of(node.element(0), _window(node, "Conv", [node.shape(0), node.shape(1)], _CONV, last=True))]


def _quantized_conv(node: NodeContext) -> list[ValueType]:
    """The type of QLinearConv: X and W are inputs 0 and 3, the zero point of the result is input 7."""
    last = bool(node.number("channels_last"))
    return [of(node.element(7), _window(node, "Conv", [node.shape(0), node.shape(3)], _CONV, last=last))]


def _max_pool(*, last: bool) -> Rule:
    def rule(node: NodeContext) -> list[ValueType]:
        return [of(node.element(0), _window(node, "MaxPool", [node.shape(0)], _MAX_POOL, last=last))]

    return rule


def _average_pool(node: NodeContext) -> list[ValueType]:
    last = bool(node.number("channels_last"))
    return [of(node.element(0), _window(node, "AveragePool", [node.shape(0)], _AVERAGE_POOL, last=last))]


def _global_pool(node: NodeContext) -> list[ValueType]:
    last = bool(node.number("channels_last"))
    shape = channels_first(node.shape(0), last=last)
    if shape is None:
        return [of(node.element(0), None)]
    return [of(node.element(0), channels_back((*shape[:2], *(1 for _ in shape[2:])), last=last))]


RULES: dict[tuple[str, str], Rule] = {
    (MICROSOFT, "FusedConv"): _conv,
    (MICROSOFT, "NhwcConv"): _conv_last,
    (MICROSOFT, "NhwcFusedConv"): _conv_last,
    (MICROSOFT, "NhwcMaxPool"): _max_pool(last=True),
    (MICROSOFT, "QLinearAveragePool"): _average_pool,
    (MICROSOFT, "QLinearConv"): _quantized_conv,
    (MICROSOFT, "QLinearGlobalAveragePool"): _global_pool,
    (NCHWC, "AveragePool"): _average_pool,
    (NCHWC, "Conv"): _conv,
    (NCHWC, "GlobalAveragePool"): _global_pool,
    (NCHWC, "GlobalMaxPool"): _global_pool,
    (NCHWC, "MaxPool"): _max_pool(last=False),
}
