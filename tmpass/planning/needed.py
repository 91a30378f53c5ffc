"""Lower bounds on the bytes at one step of an order, and of one operator in any order, for all sharing that is
allowed.
"""

from collections.abc import Container, Iterable
from math import gcd

from tmpass.graph.model import TensorKey
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.liveness import Ranges
from tmpass.planning.sharing.aliases import Aliases
from tmpass.planning.sharing.timed_classes import InPlace
from tmpass.planning.timeline.schedule import Schedule


def needed_at(
    request: LayoutRequest, timeline: Schedule, ranges: Ranges, step: int, inside: Container[TensorKey]
) -> int:
    """The bytes that tensors need at one step in every plan that shares no more than `request` allows.

    The proof is in docs/schedule.md.

    Args:
        request: says what may share.
        timeline: of the order.
        ranges: live ranges on that timeline.
        step: of the timeline.
        inside: the tensors that count. Scratch does not.
    """
    alive = {key for key, (lower, upper) in ranges.items() if lower <= step < upper and key in inside}
    here = timeline.steps[step] if step < len(timeline.steps) else None
    if here is None:
        return _distinct(request, alive)
    pairs = request.pairs_by_operator.get((here.subgraph, here.op), ())
    return _at_least(request, alive, [pair for pair in pairs if ranges.get(pair.source, (0, 0))[1] == here.end])


def least_peak_at(request: LayoutRequest, aliases: Aliases, ranges: Ranges, step: int) -> int:
    """A lower bound on the peak that one step proves, where tensors share by `aliases` and lie in the scratchpad.

    All buffers but the topmost end where another may begin. It is never above `packing.bounds.lower_bound` of the
    buffers, which it does without; scratch is left out.

    Args:
        request: says what is outside the arena, and how the runtime rounds.
        aliases: the classes on the timeline.
        ranges: live ranges on that timeline.
        step: of the timeline.
    """
    sizes, root, position = request.roles.size, aliases.root, aliases.position
    outside = {aliases.of(key) for key in request.external}
    lows: dict[TensorKey, int] = {}
    highs: dict[TensorKey, int] = {}
    for key, (lower, upper) in ranges.items():
        if lower <= step < upper and sizes.get(key):
            home, low = root.get(key, key), position.get(key, 0)
            lows[home] = min(low, lows.get(home, low))
            highs[home] = max(low + sizes[key], highs.get(home, 0))
    round_up, grain = request.target.runtime.round_up, gcd(request.target.scratchpad.alignment, *position.values())
    held = [round_up(high) - lows[home] for home, high in highs.items() if home not in outside]
    wastes = [-size % grain for size in held]
    return sum(held) + sum(wastes) - max(wastes, default=0)


def needed_by(request: LayoutRequest, s: int, op: int, inside: Container[TensorKey]) -> int:
    """The bytes that the tensors of one operator need while it runs, in every order, whatever else is there.

    Args:
        request: says what may share.
        s: the subgraph of the operator.
        op: its number there.
        inside: the tensors that count. Scratch does not.
    """
    one = request.graph.subgraphs[s].ops[op]
    alive = {(s, t) for t in (*one.inputs, *one.outputs, *one.temporaries) if (s, t) in inside}
    return _at_least(request, alive, request.pairs_by_operator.get((s, op), ()))


def _at_least(request: LayoutRequest, alive: set[TensorKey], pairs: Iterable[InPlace]) -> int:
    """The bytes of `alive`, where an operator may write results over inputs as `pairs` say."""
    most = _distinct(request, alive)
    over: dict[TensorKey, list[TensorKey]] = {}  # result -> what it may be written over
    for pair in pairs:
        if pair.source in alive and pair.result in alive:
            over.setdefault(pair.result, []).append(pair.source)
    # Each result is written over one of them.
    every = [source for sources in over.values() for source in sources]
    ways = [[source] for source in every] if len(over) == 1 else [every]
    saved = max((most - _distinct(request, alive.difference(sources)) for sources in ways), default=0)
    return most - saved


def _distinct(request: LayoutRequest, alive: Iterable[TensorKey]) -> int:
    return _in_classes(request, alive) if request.one_choice else _in_atoms(request, alive)


def _in_classes(request: LayoutRequest, alive: Iterable[TensorKey]) -> int:
    aliases, _ = request.alias_classes(request.sharing_levels[0])
    total, spans = 0, dict[TensorKey, list[tuple[int, int]]]()
    for key in alive:
        low = aliases.position.get(key, 0)
        high = request.bound_runtime.round_up(low + (request.graph.tensor(key).bytes or 0))
        if key in aliases.root:
            spans.setdefault(aliases.root[key], []).append((low, high))
        else:
            total += high
    for found in spans.values():
        end = 0
        for low, high in sorted(found):
            total += max(0, high - max(low, end))
            end = max(end, high)
    return total


def _in_atoms(request: LayoutRequest, alive: Iterable[TensorKey]) -> int:
    atoms, keys = request.atoms, set(alive)
    alone = keys - atoms.tied - atoms.outside
    tied = sum(size for size, held in zip(atoms.size, atoms.members, strict=True) if not keys.isdisjoint(held))
    return tied + sum(request.bound_runtime.round_up(request.graph.tensor(key).bytes or 0) for key in alone)
