"""What a plan costs against the size of the scratchpad: the model is laid out once, and fitted to each size.

bytes of a run   |*
|  *            a knee: the bytes beyond it save less than
|    *__        half as much each as those before it
|       *-----*
does not fit ----+--------------> size of the scratchpad
least       all stay
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush
from itertools import pairwise

from tmpass.api.arguments import target_of
from tmpass.base.choices import Status
from tmpass.base.sizes import MAX_BYTES
from tmpass.explanation.curve_point import CurvePoint, saved_per_kib
from tmpass.explanation.least_budget import least_without_transfers
from tmpass.explanation.smaller_sizes import LARGE, MAX_PLANS, smaller_sizes
from tmpass.graph.binding import bind
from tmpass.graph.model import Graph
from tmpass.loading.load import Model, load_to_plan
from tmpass.planning.assemble import rules_out
from tmpass.planning.capacity import Resized, least_with_transfers, resize, resize_with_transfers, time_of
from tmpass.planning.choose_order import OrderedLayout, choose_order
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.plan_model import find_request
from tmpass.planning.residency.divide_layout import can_divide
from tmpass.planning.residency.fewest_moved import other_orders
from tmpass.planning.residency.only_here import with_held_bounds
from tmpass.planning.residency.overhead import Besides
from tmpass.planning.residency.staged_bound import staging_of
from tmpass.planning.residency.transfers.behind import find_source
from tmpass.planning.residency.transfers.too_small import decides_alone
from tmpass.plans.plan import Plan
from tmpass.plans.planned_time import SECOND, PlannedTime
from tmpass.targets import Target

_ROWS = 16
_FLAT = 128
"""A row is left out where a straight line between its neighbours is wrong by one part in this of the highest cost."""

_PROBES, _JUMPS = 24, 4
"""How many sizes are looked at beside powers of two, where the cost does not fall in a straight line; and for how many
of the largest falls the size is looked for at which half of the fall is reached.
"""

_OCTAVES = 6
"""How many halvings below the size of a single memory are tried, where another memory can take buffers."""


def curve_of(made: Plan, model: object, target: str | os.PathLike[str] | Target | None) -> tuple[CurvePoint, ...]:
    """The curve of a plan, as `capacity_curve` has it, from the arguments that the plan was made with.

    Args:
        made: the plan.
        model: as for `tmpass.plan`.
        target: as for `tmpass.plan`.

    Raises:
        TmpassError: as `tmpass.plan` does.
    """
    options = made.options
    loaded = model if isinstance(model, Model) else load_to_plan(model, options.bind)
    graph = bind(loaded.graph, options.bind, allow_unplanned=options.allow_unplanned)
    return capacity_curve(made, loaded, graph, target_of(target).override(options.budget, options.alignment))


def capacity_curve(made: Plan, loaded: Model, graph: Graph, target: Target) -> tuple[CurvePoint, ...]:
    """The points of the curve by rising size: at most 16, none where the scratchpad of the plan has no limit.

    They are the least size that fits and one that does not, the size at which all constants stay, that of the plan,
    and those between them without which a straight line would be wrong. Where tensors may leave the scratchpad and come
    back, at most 8 more are smaller than what fits without that.

    Args:
        made: the plan of the model.
        loaded: the model.
        graph: of the model, with the bindings of the plan.
        target: of the plan, with the budget and the alignment of its options.

    Raises:
        ModelError, TargetError: as for a plan.
    """
    own = target.scratchpad.room
    if own is None:
        return ()
    request, besides, _ = find_request(loaded, graph, target, made.options)
    ordered = choose_order(request)
    if can_divide(request):
        ordered = with_held_bounds(request, ordered, ordered, besides)
    known: dict[int, CurvePoint] = {}
    found: dict[int, Resized] = {}
    orders = (ordered, *other_orders(request, ordered, besides))

    def at(size: int) -> CurvePoint:
        if size not in known:
            found[size] = resize(request, orders, besides, size)
            known[size] = _point(target, size, found[size])
        return known[size]

    grain = target.scratchpad.alignment
    whole = min(resize(request, [one], besides, 0, divided=False).memories[0].needed for one in orders)
    full = min(resize(request, [one], besides, MAX_BYTES, divided=False).memories[0].needed for one in orders)
    full = max(whole, -(-full // grain) * grain)
    least = _least(at, whole)
    kept = {_below(least), least, whole, full, own}
    asked = {*kept, *_steps(least, whole, full)}
    asked |= set(_bends(at, sorted(size for size in asked if whole <= size <= full), grain))
    chosen = _choose([at(size) for size in sorted(asked)], kept)
    if find_source(graph, target, besides.stored) is not None:  # also without transfers
        alone = least_with_transfers(request, ordered, besides, max(one.size for one in chosen))
        if alone is not None:
            low, need = alone
            chosen = _with_transfers(request, orders, besides, chosen, own, at, found, low)
            chosen = _with_proofs(request, chosen, found, need)
    timed = [_timed(one, time_of(loaded.info, found[one.size]) if one.fits else None) for one in chosen]
    return tuple(replace(one, own=one.size == own) for one in _with_knees(timed))


def _with_transfers(
    request: LayoutRequest,
    orders: Sequence[OrderedLayout],
    besides: Besides,
    points: Sequence[CurvePoint],
    own: int,
    alone: Callable[[int], CurvePoint],
    plans: dict[int, Resized],
    low: int,
) -> list[CurvePoint]:
    """`points`, in which sizes that do not fit have plans with copies placed among the buffers, and more of these.

    Args:
        request: that was laid out, as for `resize`, as are the next two.
        orders: the layouts in one memory, the chosen one first.
        besides: what memories hold besides buffers.
        points: of the curve without transfers.
        own: the size of the plan.
        alone: makes the point of a size without transfers.
        plans: what was found at each size, which gets those with transfers.
        low: below this size one operator alone needs more.
    """
    ordered = orders[0]
    high = next((one for one in points if one.fits), None)
    without = {one.size: one for one in points if not one.fits}
    beside = {one.size for one in points if plans[one.size].beside}
    if high is None or not (without or beside):
        return list(points)

    def at(size: int) -> CurvePoint:
        without_any = alone(size)
        if size < low or (without_any.fits and not plans[size].beside):
            return without_any
        found, undecided = resize_with_transfers(request, ordered, besides, size)
        if found is None:
            return replace(without_any, status=Status.UNKNOWN) if undecided and not without_any.fits else without_any
        plans[size] = found
        return _point(request.target, size, found)

    points = [at(one.size) if one.size in beside else one for one in points]
    if low >= high.size:
        return points
    known = {own: at(own)} if own in without and own >= low else {}
    most = MAX_PLANS if len(ordered.timeline.steps) <= LARGE else MAX_PLANS // 2
    found = smaller_sizes(at, low, high, request.target.scratchpad.alignment, known, most)
    found |= {size: at(size) for size in (_below(low), own) if size < low}
    if staging_of(request, ordered, besides) is not None:
        least, _ = least_without_transfers(request, orders, besides)
        found |= {least: at(least)} if least < high.size else {}
    rows = sorted((*found.values(), *(one for one in points if one.fits)), key=lambda one: one.size)
    fitting = [one for one in rows if one.fits]
    kept = {own, fitting[0].size, next(one.size for one in fitting if not one.moved)}
    kept |= {one.size for one in rows if not one.fits} | {one.size for one in points if one.fits}
    return _choose(rows, kept, len(rows), max(1, (fitting[0].cost - high.cost) / _FLAT))


def _with_proofs(
    request: LayoutRequest, points: Sequence[CurvePoint], plans: Mapping[int, Resized], need: int
) -> list[CurvePoint]:
    """`points`, where those at which an operator with `need` bytes needs more are proved not to fit, as in a plan."""
    twice = len({entry.subgraph for entry in request.graph.entries}) < len(request.graph.entries)  # nothing is tried
    if twice:
        return list(points)
    return [
        replace(one, status=Status.INFEASIBLE) if not one.fits and _is_too_small(plans[one.size], need) else one
        for one in points
    ]


def _is_too_small(found: Resized, need: int) -> bool:
    """Whether what was found proves that nothing fits, where one operator alone needs `need` bytes."""
    request, first = found.request, found.memories[0]
    return decides_alone(request.target, first.constants) and rules_out(request, found.ordered, first, need)


def _point(target: Target, size: int, found: Resized) -> CurvePoint:
    if not found.fits:
        return CurvePoint(size, found.status, 0, 0)
    others = (use.traffic for use in found.memories if use.name != target.scratchpad.name)
    return CurvePoint(size, found.status, found.streamed, sum(others), moved=found.moved)


def _timed(point: CurvePoint, time: PlannedTime | None) -> CurvePoint:
    """`point` with the time of a run; without one where not all speeds of memories are known."""
    if time is None:
        return replace(point, seconds=0.0 if point.fits and not point.cost else None)
    if set(time.unknown) - {"macs_per_second"}:
        return point
    return replace(point, seconds=time.total / SECOND, computing=time.compute is not None)


def _least(at: Callable[[int], CurvePoint], whole: int) -> int:
    """The least size that is found to fit. `whole` does if any does: it takes all buffers and streams all constants.

    A search may find no plan at a size though a smaller one has one. So a size well below is asked as well.
    """
    least = whole
    while least and at(least).fits:
        smaller = next((size for size in (least - 1, _below(least)) if at(size).fits), None)
        if smaller is None:
            break
        least = 0 if at(0).fits else _first(lambda size: at(size).fits, 0, smaller, 1)
    return least


def _first(true: Callable[[int], bool], low: int, high: int, grain: int) -> int:
    """The least size for which `true` holds, to within `grain`: it holds for `high` and all above, not for `low`."""
    while high - low > grain:
        middle = max(low + grain, (low + high) // 2 // grain * grain)
        low, high = (low, middle) if true(middle) else (middle, high)
    return high


def _below(least: int) -> int:
    """The largest power of two below `least`; 0, which may be `least`, where there is none."""
    return 1 << (least - 1).bit_length() - 1 if least > 1 else 0


def _steps(least: int, whole: int, full: int) -> Iterator[int]:
    """Powers of two from `least` to `full`, and the middle between each two below `whole`."""
    power = 1 << max(0, max(least, whole >> _OCTAVES).bit_length() - 1)
    while power < full:
        for size in (power, power + power // 2):
            if least <= size < full and (size == power or size < whole):
                yield size
        power *= 2


def _bends(at: Callable[[int], CurvePoint], sizes: Sequence[int], grain: int) -> Iterator[int]:
    """Sizes between two of `sizes` at which the cost is off the straight line: of the largest falls, half way down."""
    if len(sizes) < 2 or not at(sizes[0]).fits:
        return
    flat = at(sizes[0]).cost / _FLAT
    falls = [(at(high).cost - at(low).cost, low, high) for low, high in pairwise(sizes)]
    heapify(falls)
    for probe in range(_PROBES):
        if not falls:
            return
        fall, low, high = heappop(falls)
        half = at(low).cost + fall // 2
        middle = (low + high) // 2 // grain * grain
        if -fall <= flat or not low < middle < high or abs(at(middle).cost - half) <= flat:
            continue
        if probe < _JUMPS:
            middle = _first(lambda size, half=half: at(size).cost <= half, low, high, grain)  # type: ignore[misc]
        if middle < high:
            yield middle
            heappush(falls, (at(middle).cost - at(low).cost, low, middle))
            heappush(falls, (at(high).cost - at(middle).cost, middle, high))


def _choose(points: Sequence[CurvePoint], kept: set[int], most: int = _ROWS, flat: float = 0) -> list[CurvePoint]:
    """The points of sizes `kept`, and those that are farthest from the lines between the chosen ones.

    Args:
        points: of the curve, by rising size.
        kept: sizes.
        most: how many there are at most, if `kept` are not more.
        flat: bytes of cost that do not matter; if 0, a part of the highest cost.
    """
    chosen = sorted(at for at, point in enumerate(points) if point.size in kept)
    flat = flat or max(point.cost for point in points) / _FLAT
    while len(chosen) < most:
        far, number = 0.0, -1
        for first, last in pairwise(chosen):
            a, b = points[first], points[last]
            if not a.fits:
                continue
            for at in range(first + 1, last):
                line = a.cost + (b.cost - a.cost) * (points[at].size - a.size) / (b.size - a.size)
                if abs(points[at].cost - line) > far:
                    far, number = abs(points[at].cost - line), at
        if number < 0 or far <= flat:
            break
        chosen = sorted((*chosen, number))
    return [points[at] for at in chosen]


def _with_knees(points: Sequence[CurvePoint]) -> list[CurvePoint]:
    """`points` with the knees marked. Beyond the last one, no byte saves anything."""
    found = list(points)
    for at in range(1, len(points)):
        if points[at - 1].fits:
            after = saved_per_kib(points, at)
            found[at] = replace(points[at], knee=0 <= 2 * after < saved_per_kib(points, at - 1))
    return found
