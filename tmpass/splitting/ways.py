"""The ways to cut a stage that a search tries: axes, sizes of parts, and how rows at the edges are treated."""

from collections.abc import Iterator
from itertools import pairwise
from math import lcm, prod

from tmpass.graph.layer import Padding, Role
from tmpass.splitting.along import Along
from tmpass.splitting.net import ROUNDING, Net
from tmpass.splitting.stage import Stage, equal_bounds

PARTS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32)

LONGEST = 24
"""The most operators of a stage: halos make longer ones too expensive on the models of docs/split.md."""

_CARRIED = 4
"""The most parts for which wrong rows are carried to the end: each part computes them."""


def ways(net: Net, first: int, last: int, result: int) -> Iterator[Along]:
    """The axes along which the operators [first, last] can be cut, as far as their kinds tell."""
    layers = [net.layer(p) for p in range(first, last + 1)]
    if all(layer is not None and layer.role not in (Role.DENSE, Role.REDUCE) for layer in layers):
        shape = net.shape(result)
        if len(shape) in net.axes.ranks:
            height = shape[net.axes.rows]
            width = shape[net.axes.columns] if net.axes.columns < len(shape) else 0
            if height > 1:
                yield Along.ROWS
            if width > height:  # a part of a wide tensor has fewer wrong columns than wrong rows
                yield Along.COLUMNS
    if sum(layer is not None and not layer.channelwise for layer in layers) <= 1 and not (
        layers[-1] is not None and not layers[-1].channelwise and last > first
    ):
        yield Along.CHANNELS


def cuts(net: Net, model: Stage, result: int) -> Iterator[tuple[int, ...]]:
    """The bounds of parts, few parts first; `model` has the operators and the axis."""
    shape, axis = net.shape(result), net.axis(model.along, result)
    step = 1
    if prod(shape[:axis]) == 1 and axis < len(shape) - 1:  # the parts lie in the whole, one behind the other
        row = net.bytes(result) // max(1, shape[axis])
        step = lcm(max(row, 1), ROUNDING) // max(row, 1)
    tried: set[tuple[int, ...]] = set()
    for parts in PARTS:
        bounds = equal_bounds(shape[axis], parts, step) or equal_bounds(shape[axis], parts, 1)
        if parts > shape[axis] or bounds is None or bounds in tried or _starved(net, model, bounds):
            continue
        tried.add(bounds)
        yield bounds


def edges(net: Net, model: Stage, parts: int) -> Iterator[tuple[bool, bool]]:
    """The ways to treat the rows at the edges of parts, as `Stage` has them: (carry, padded)."""
    yield False, False
    halos = _halos(net, model)
    if parts <= _CARRIED and halos > 1:
        yield True, False
    if halos:
        yield False, True


def _starved(net: Net, stage: Stage, bounds: tuple[int, ...]) -> bool:
    """Whether a group of channels has fewer filters than the kernels of the format should get."""
    if stage.along is not Along.CHANNELS:
        return False
    layers = (net.layer(p) for p in range(stage.first, stage.last + 1))
    return any(layer is not None and not layer.channelwise for layer in layers) and any(
        stop - start < net.dialect.fewest_filters for start, stop in pairwise(bounds)
    )


def _halos(net: Net, stage: Stage) -> int:
    """How many operators may make wrong rows, since they read rows of the neighbouring parts."""
    if stage.along is Along.CHANNELS:
        return 0
    side = 0 if stage.along is Along.ROWS else 1
    layers = (net.layer(p) for p in range(stage.first, stage.last + 1))
    return sum(
        layer is not None and layer.windows[side].reach > 1 and layer.padding is not Padding.EXPLICIT
        for layer in layers
    )
