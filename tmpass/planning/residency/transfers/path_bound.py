"""A lower bound on the bytes moved in any order: some tensors alive across the operators of a path must be away.

    path      o0 ──> o1 ──> o2 ──> o3       every order runs these in this sequence, whatever it runs between
    item x    made before o0, read between o1 and o2 in every order, and after o3:
                 [  gap  ]   [  gap  ]      away at o0 or o1: one return; at o2 or o3: another one

An item is alive across an operator in every order where an ancestor makes it and a descendant reads it. If these items
do not all fit beside the operator, some of them are away in its step. An item that is away there comes back, at the
latest for the next reader that is known to run later; so it pays one return for each gap between readers whose places
on the path are known, and one spill. Readers whose places differ between orders join the gaps around them, which only
lowers the bound. Which gaps to pay is the covering problem of a fixed order (core/residency/absences.hpp), whose steps
are the operators of the path.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import tmpass._core as _core
from tmpass.base.record import record
from tmpass.planning.residency.transfers.order_problems import Item, OrderProblems

_PATHS = 4
"""How many paths are tried, each without the over-full operators of those before."""

_STATES = 20_000
"""The budget of each covering problem."""

_MAX = 2**58
"""The most that the kernel takes of all costs together, and of bytes times rows."""


@record
class _Precedence:
    """Ancestors and descendants of each operator, as sets of bits."""

    before: tuple[int, ...]
    after: tuple[int, ...]


def bound_by_paths(graph: OrderProblems) -> int:
    """A lower bound on the cost of every plan in every order, in bytes."""
    precedence = _precedence(graph)
    excess = _excess(graph, precedence)
    bound = 0
    for _ in range(_PATHS):
        path = _heaviest_path(graph, excess)
        if not any(excess[op] for op in path):
            break
        bound = max(bound, _bound_path(graph, precedence, path, excess))
        for op in path:
            excess[op] = 0
    return bound


def _precedence(graph: OrderProblems) -> _Precedence:
    """Operators are numbered in a topological order."""
    count = len(graph.own)
    before, after = [0] * count, [0] * count
    edges = _edges(graph)
    for op in range(count):
        for earlier in edges[op]:
            before[op] |= before[earlier] | 1 << earlier
    for op in reversed(range(count)):
        for earlier in edges[op]:
            after[earlier] |= after[op] | 1 << op
    return _Precedence(tuple(before), tuple(after))


def _edges(graph: OrderProblems) -> list[list[int]]:
    """For each operator, the makers of what it reads."""
    edges: list[list[int]] = [[] for _ in graph.own]
    for item in graph.items:
        if item.maker is not None:
            for reader in item.readers:
                edges[reader].append(item.maker)
    return edges


def _excess(graph: OrderProblems, precedence: _Precedence) -> list[int]:
    """The bytes beyond the capacity that each operator has beside it in every order, where nothing is away."""
    live = [sum(map(graph.up, sizes)) for sizes in graph.own]
    for item in graph.items:
        size = graph.up(item.size)
        users = set(item.users)
        makers, readers = _bits([item.users[0]] if item.maker is not None else item.readers), _bits(item.readers)
        for op in range(len(live)):
            if op in users or (precedence.before[op] & makers and precedence.after[op] & readers):
                live[op] += size
    room = graph.up(graph.problem.capacity)
    return [max(0, bytes_ - saved - room) for bytes_, saved in zip(live, graph.most_saved, strict=True)]


def _bits(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in numbers)


def _heaviest_path(graph: OrderProblems, excess: Sequence[int]) -> list[int]:
    """The path whose operators have the most excess together."""
    edges = _edges(graph)
    weight, came = list(excess), [-1] * len(excess)
    for op in range(len(excess)):
        best = max(edges[op], key=lambda earlier: (weight[earlier], -earlier), default=-1)
        if best >= 0:
            weight[op] += weight[best]
            came[op] = best
    path = [max(range(len(weight)), key=weight.__getitem__)] if weight else []
    while path and came[path[-1]] >= 0:
        path.append(came[path[-1]])
    return path[::-1]


def _bound_path(graph: OrderProblems, precedence: _Precedence, path: Sequence[int], excess: Sequence[int]) -> int:
    rows: list[tuple[int, int, int, int, int]] = []
    spills: list[int] = []
    for item in graph.items:
        version = -1 if item.light else len(spills)
        gaps = [(a, b) for a, b in _gaps(item, precedence, path) if any(excess[op] for op in path[a:b])]
        rows += [(first, last, graph.up(item.size), item.size, version) for first, last in gaps]
        if not item.light:
            spills.append(item.size if gaps else 0)
    over = [excess[op] for op in path]
    total = sum(row[2] for row in rows) + max(over)
    if max(total, sum(spills)) > _MAX // (len(path) + 1):
        return 0
    flat = [number for row in sorted(rows) for number in row]
    _, _, _, bound, _ = _core.search_absences((over, flat, spills), ([0], []), _STATES)
    return bound


def _gaps(item: Item, precedence: _Precedence, path: Sequence[int]) -> list[tuple[int, int]]:
    """The gaps of an item between uses with known places, as ranges [first, last) of the path.

    A place is 2 i + 1 for operator i of the path, and 2 i between operators i - 1 and i.
    """
    earliest = [_latest_place(user, precedence, path) for user in item.users]
    latest = [_earliest_place(user, precedence, path) for user in item.users]
    start = earliest[0] if item.maker is not None else min(earliest)
    end = max(latest)
    known = {low for low, high in zip(latest, earliest, strict=True) if low == high and start < low < end}
    return [((a + 1) // 2, b // 2) for a, b in pairwise(sorted({start, end} | known)) if (a + 1) // 2 < b // 2]


def _earliest_place(op: int, precedence: _Precedence, path: Sequence[int]) -> int:
    """Every order runs `op` at this place of the path, or later."""
    place = 0
    for i, other in enumerate(path):
        if other == op:
            return 2 * i + 1
        if precedence.before[op] >> other & 1:
            place = 2 * (i + 1)
    return place


def _latest_place(op: int, precedence: _Precedence, path: Sequence[int]) -> int:
    """Every order runs `op` at this place of the path, or earlier."""
    for i, other in enumerate(path):
        if other == op:
            return 2 * i + 1
        if precedence.after[op] >> other & 1:
            return 2 * i
    return 2 * len(path)
