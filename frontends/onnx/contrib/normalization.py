"""Normalizations, alone or fused with the operators before them."""

from ..value_types import ValueType
from .node_context import FLOAT, INT32, MICROSOFT, UNKNOWN, NodeContext, Rule, of


def _layer(node: NodeContext) -> list[ValueType]:
    """The types of LayerNormalization: the result, with the element type of the scale, then mean and deviation.

    Mean and deviation are over the axes from `axis` on.
    """
    shape = node.shape(0)
    element = node.element(1) or node.element(0)
    if shape is None:
        return [of(element, None)]
    axis = node.number("axis", -1) % len(shape)
    kept = of(FLOAT, [*shape[:axis], *(1 for _ in shape[axis:])])
    return [of(element, shape), kept, kept]


def _skip_layer(node: NodeContext) -> list[ValueType]:
    """The types of SkipLayerNormalization: result, mean, deviation, and the sum of the inputs."""
    data = node.type(0)
    kept = UNKNOWN if data.shape is None else of(FLOAT, [*data.shape[:-1], 1])
    return [data, kept, kept, data]


def _embed(node: NodeContext) -> list[ValueType]:
    """The types of EmbedLayerNormalization: result, the length of each sequence, and the sum of the embeddings."""
    return _embedded(node, node.element(2))


def _embed_quantized(node: NodeContext) -> list[ValueType]:
    return _embedded(node, node.element(8))


def _embedded(node: NodeContext, element: int) -> list[ValueType]:
    ids, words = node.shape(0), node.shape(2)
    if ids is None or words is None:
        return [of(element, None), of(INT32, None)]
    result = of(element, [*ids, words[-1]])
    return [result, of(INT32, ids[:1]), result]


def _skip_group(node: NodeContext) -> list[ValueType]:
    return [node.type(0), node.type(0)]


RULES: dict[tuple[str, str], Rule] = {
    ("", "LayerNormalization"): _layer,
    ("", "SimplifiedLayerNormalization"): lambda node: _layer(node)[:2],
    (MICROSOFT, "LayerNormalization"): _layer,
    (MICROSOFT, "SimplifiedLayerNormalization"): lambda node: _layer(node)[:2],
    (MICROSOFT, "EmbedLayerNormalization"): _embed,
    (MICROSOFT, "GroupNorm"): lambda node: [node.type(0)],
    (MICROSOFT, "QEmbedLayerNormalization"): _embed_quantized,
    (MICROSOFT, "SkipGroupNorm"): _skip_group,
    (MICROSOFT, "SkipLayerNormalization"): _skip_layer,
    (MICROSOFT, "SkipSimplifiedLayerNormalization"): _skip_layer,
}
