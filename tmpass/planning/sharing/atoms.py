"""What tensors hold in common, however they share: the bytes that operators pass on, each counted once.

           bytes  0        64       96
    w = CONCAT    |--- a ---|-- b --|         atoms: [0, 64) in a and w, [64, 80) in b and w, [80, 96) in b, w and s
    s = w[80:96]                 |s |

An atom needs its bytes while one of its tensors is alive, whichever of them share: two atoms hold different bytes.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from tmpass.graph.model import Graph, TensorKind
from tmpass.planning.sharing.aliases import Key, captured_classes, captures, content_ties, may_keep
from tmpass.planning.sharing.classes import Classes
from tmpass.targets import Sharing

_MOST_CUTS = 100_000
"""Ends of tensors inside others, of one model; where there are more, of those that touch only the largest counts."""


class _Link(NamedTuple):
    """`part` holds what `whole` holds from a byte on; with `kept`, they may share."""

    part: Key
    whole: Key
    position: int
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Atoms:
    """`size[i]` are the bytes of atom i, which the tensors `members[i]` hold, all of one subgraph; `tied` are all
    tensors that hold bytes of others, `outside` those that may be where the caller of the model keeps others.
    """

    size: tuple[int, ...] = ()
    members: tuple[tuple[Key, ...], ...] = ()
    tied: frozenset[Key] = frozenset()
    outside: frozenset[Key] = frozenset()
    by_subgraph: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


def find_atoms(
    graph: Graph,
    sharing: Sharing,
    round_up: Callable[[int], int],
    *,
    share_io: bool = False,
    external: frozenset[Key] = frozenset(),
    tied: frozenset[Key] = frozenset(),
    alignment: int = 1,
    loops_copy: bool = False,
) -> Atoms:
    """The atoms of `graph`, where `sharing` is the most that may be shared; a tensor takes `round_up` of its bytes.

    Of tensors that hold the same, but that no operator in the arena leads from one to the other, one is counted.
    """
    classes = captured_classes(graph, external, tied, share_io=share_io)
    links = [_Link(body, caller, 0) for caller, body in captures(graph)]
    views = list(links)
    for tie in content_ties(graph, sharing):
        links.append(_Link(tie.part, tie.whole, tie.position, may_keep(graph, tie, classes, alignment)))
        if tie.op.view and links[-1].kept:
            views.append(links[-1])
    size = {key: round_up(graph.tensor(key).bytes or 0) for link in links for key in link[:2]}
    outside = _reached(external, views)
    uncounted = outside | {key for key in size if graph.tensor(key).kind is TensorKind.CONSTANT}
    ends = _ends(size, links)
    found = (
        _largest(size, links, uncounted) if ends is None else _counted(size, links, ends, uncounted, classes, alignment)
    )
    if not loops_copy:
        found += _around(graph, found)
    sizes, members = tuple(bytes_ for bytes_, _ in found), tuple(held for _, held in found)
    by_subgraph: dict[int, list[int]] = defaultdict(list)
    for atom, held in enumerate(members):
        by_subgraph[held[0][0]].append(atom)
    tied = frozenset(key for link in links for key in link[:2])
    return Atoms(sizes, members, tied, frozenset(outside), {s: tuple(atoms) for s, atoms in by_subgraph.items()})


_Found = list[tuple[int, tuple[Key, ...]]]
"""Atoms: the bytes of each, and the tensors that hold it."""


def _counted(
    size: Mapping[Key, int],
    links: Sequence[_Link],
    ends: Mapping[Key, list[int]],
    uncounted: set[Key],
    classes: Classes,
    alignment: int,
) -> _Found:
    every, inner = _Union(), _Union()
    for part, whole, position, kept in links:
        together = kept and part[0] == whole[0] and part not in uncounted and whole not in uncounted
        for low in ends[part][:-1] if part in ends else ():
            if 0 <= low + position < size[whole]:
                every.join((part, low), (whole, low + position))
                if together:
                    inner.join((part, low), (whole, low + position))
    groups: dict[_Byte, list[tuple[Key, int]]] = defaultdict(list)
    count: dict[_Byte, int] = {}
    for key, edges in ends.items():
        for low, high in pairwise(edges):
            name = every.find((key, low))
            count[name] = high - low
            groups[name].append((key, low))
    found: _Found = []
    for name, held in groups.items():
        home = min(key[0] for key, _ in held)
        parts: dict[object, dict[_Byte, list[Key]]] = defaultdict(lambda: defaultdict(list))
        for key, low in held:
            if key[0] == home and key not in uncounted:
                # What no other shares counts in any case; of others, those that can be at one address.
                rival = classes.find(key)[0] if classes.is_fixed(key) else low % alignment
                parts[rival][inner.find((key, low))].append(key)
        for rivals in parts.values():
            best = max(rivals.values(), key=lambda keys: len(set(keys)))
            found.append((count[name], tuple(sorted(set(best)))))
            # A tensor that holds the same twice has it in two places.
            key, times = max(Counter(best).items(), key=lambda item: item[1])
            if times > 1:
                found.append((count[name] * (times - 1), (key,)))
    return found


def _around(graph: Graph, found: _Found) -> _Found:
    """What an output of a loop's body holds of an input: both are kept all the time, and apart."""
    loops = {call.subgraph for subgraph in graph.subgraphs for op in subgraph.ops for call in op.calls if call.repeats}
    more: _Found = []
    for count, held in found:
        s = held[0][0]
        if s not in loops or len(held) == 1:
            continue
        body = graph.subgraphs[s]
        given = [key for key in held if key[1] in body.inputs]
        taken = [key for key in held if key[1] in body.outputs and key[1] not in body.inputs]
        if given and taken:
            more.append((count, (taken[0],)))
    return more


def _largest(size: Mapping[Key, int], links: Sequence[_Link], outside: set[Key]) -> _Found:
    """Of all tensors that are tied, also through others, the largest alone: too little, and soon found."""
    groups = _Union()
    for part, whole, *_ in links:
        groups.join((part, 0), (whole, 0))
    largest: dict[object, Key] = {}
    homes: dict[object, int] = {}
    keys = sorted({key for link in links for key in link[:2]})
    for key in keys:
        name = groups.find((key, 0))
        homes[name] = min(homes.get(name, key[0]), key[0])
    for key in keys:
        name = groups.find((key, 0))
        if key[0] == homes[name] and key not in outside and size[key] > size.get(largest.get(name, (-1, -1)), 0):
            largest[name] = key
    return [(size[key], (key,)) for key in largest.values()]


def _reached(start: Iterable[Key], links: Sequence[_Link]) -> set[Key]:
    """`start` and all that links lead to from it."""
    beside: dict[Key, list[Key]] = defaultdict(list)
    found = set(start)
    for one, two, *_ in links if found else ():
        beside[one].append(two)
        beside[two].append(one)
    open_ = list(found)
    while open_:
        fresh = [key for key in beside[open_.pop()] if key not in found]
        found.update(fresh)
        open_ += fresh
    return found


def _ends(size: Mapping[Key, int], links: Sequence[_Link]) -> dict[Key, list[int]] | None:
    """Where, in each tensor that is linked, one begins or ends that it has bytes in common with, in rising order; None
    where there are too many.
    """
    beside: dict[Key, list[tuple[Key, int, int, int]]] = defaultdict(list)
    ends: dict[Key, set[int]] = defaultdict(set)
    open_: list[tuple[Key, int]] = []

    def note(key: Key, end: int) -> None:
        if end not in ends[key]:
            ends[key].add(end)
            open_.append((key, end))

    for part, whole, position, _ in links:
        high = min(size[part], size[whole] - position)
        if high <= 0:
            continue
        beside[part].append((whole, position, 0, high))
        beside[whole].append((part, -position, position, position + high))
        for key, begin, end in ((part, 0, high), (whole, position, position + high)):
            for edge in (0, begin, end, size[key]):
                note(key, edge)
    count = 0
    while open_:
        key, end = open_.pop()
        for other, shift, low, high in beside[key]:
            count += 1
            if count > _MOST_CUTS + 8 * len(links):
                return None
            if low <= end <= high:
                note(other, end + shift)
    return {key: sorted(edges) for key, edges in ends.items()}


_Byte = tuple[Key, int]
"""A byte of a tensor."""


class _Union:
    """Union-find over bytes of tensors."""

    def __init__(self) -> None:
        self._parent: dict[_Byte, _Byte] = {}

    def find(self, name: _Byte) -> _Byte:
        """The one that stands for all that were joined with `name`."""
        parent = self._parent
        above = parent.get(name, name)
        while above != (higher := parent.get(above, above)):
            parent[name] = higher
            name, above = above, higher
        return above

    def join(self, one: _Byte, two: _Byte) -> None:
        """Let both stand for one."""
        self._parent[self.find(one)] = self.find(two)
