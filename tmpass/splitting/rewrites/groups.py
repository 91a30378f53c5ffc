"""Groups of channels: some channels of a result, each group from filters to the last operator, before the next begins.

    whole   x ──> CONV ──> PAD ──> DEPTHWISE        part   x ──> CONV[:8] ──> PAD ──> DEPTHWISE[:8] ──┐
                                                    part   x ──> CONV[8:] ──> PAD ──> DEPTHWISE[8:] ──┴─ CONCAT

Proof. A channel of a convolution's or dense layer's result depends on one filter, one element of the bias and one
scale, and on all of its input, which every group reads whole. A channel of the other operators' results depends on the
same channel of their inputs. Constants are cut to the channels of the group, so each channel is computed from the same
numbers in the same order. The CONCAT puts the channels in their order. No element is computed twice.
"""

from tmpass.graph.layer import Layer, Role
from tmpass.graph.model import Op
from tmpass.splitting.builder import Builder
from tmpass.splitting.rewrites.joins import join
from tmpass.splitting.stage import Stage


def add_groups(builder: Builder, stage: Stage) -> bool:
    """Add the operators of a stage in groups of channels; False where it cannot be cut so."""
    net = builder.net
    result = net.result(stage.first, stage.last)
    sources = frozenset(net.sources(stage.first, stage.last))
    positions = range(stage.first, stage.last + 1)
    if result is None or not all(_allowed(net.op(p), net.layer(p), sources) for p in positions):
        return False
    parts = [
        _add_group(builder, positions, sources, channels, f"/c{stage.first}_{number}")[result]
        for number, channels in enumerate(zip(stage.bounds, stage.bounds[1:], strict=False))
    ]
    join(builder, parts, net.channels(result), result)
    return True


def _allowed(op: Op, layer: Layer | None, sources: frozenset[int]) -> bool:
    """Whether an operator can make some channels of its result from the same channels, or from a whole input."""
    if layer is None:
        return False
    whole = not layer.channelwise
    if whole and (not layer.filters or op.inputs[0] not in sources):
        return False
    return whole or layer.role in (Role.WINDOW, Role.PAD, Role.POINTWISE, Role.REDUCE)


def _add_group(
    builder: Builder, positions: range, sources: frozenset[int], channels: tuple[int, int], suffix: str
) -> dict[int, int]:
    """Add the operators for some channels; return the tensor of the draft for each tensor that they make."""
    net, parts, (start, stop) = builder.net, dict[int, int](), channels
    for position in positions:
        op, layer = net.op(position), net.layer(position)
        assert layer is not None
        inputs = list(op.inputs)
        for at, axis in layer.filters:
            inputs[at] = builder.piece(op.inputs[at], axis, start, stop)
        for at in (*layer.data, *layer.shared) if layer.channelwise else ():
            t = op.inputs[at]
            if t in sources and t not in parts:
                parts[t] = builder.slice(t, net.channels(t), start, stop, f"{suffix}_cut{position}_{at}")
            inputs[at] = parts[t]
        t = op.outputs[0]
        shape, axis = net.shape(t), net.channels(t)
        shape = (*shape[:axis], stop - start, *shape[axis + 1 :])
        multiplier = stop - start if layer.multiplied else 0
        parts[t] = builder.copy(net.order[position], inputs, shape, suffix, multiplier=multiplier)
    return parts
