"""Atoms: bytes that several tensors have in common, however they share, each counted once.

           bytes  0        64       96
    w = CONCAT    |--- a ---|-- b --|         atoms: [0, 64) in a and w, [64, 80) in b and w, [80, 96) in b, w and s
    s = w[80:96]                 |s |

An atom needs its bytes while one of its tensors is alive, whichever of them share. Two atoms hold different bytes.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from itertools import pairwise
from typing import NamedTuple

from tmpass.base.record import record
from tmpass.graph.model import Graph, TensorKey, TensorKind
from tmpass.planning.sharing.aliases import captured_classes, captures, content_links, may_keep
from tmpass.planning.sharing.classes import Classes
from tmpass.targets import Sharing

_MOST_CUTS = 100_000
"""The limit of ends of tensors inside others, in one model. Above it, only the largest of linked tensors counts."""


class _Link(NamedTuple):
    """A tensor `part` that holds the bytes of `whole` from `position` on; with `kept`, they may share."""

    part: TensorKey
    whole: TensorKey
    position: int
    kept: bool = True


@record
class Atoms:
    """The atoms of a graph.

    Fields:
        size: bytes of each atom.
        members: the tensors that hold each atom, all of one subgraph.
        tied: all tensors that hold bytes of others.
        outside: tensors that may be in memory of the model's caller.
        by_subgraph: subgraph -> its atoms.
    """

    size: tuple[int, ...] = ()
    members: tuple[tuple[TensorKey, ...], ...] = ()
    tied: frozenset[TensorKey] = frozenset()
    outside: frozenset[TensorKey] = frozenset()
    by_subgraph: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


def find_atoms(
    graph: Graph,
    sharing: Sharing,
    round_up: Callable[[int], int],
    *,
    share_io: bool = False,
    external: frozenset[TensorKey] = frozenset(),
    tied: frozenset[TensorKey] = frozenset(),
    alignment: int = 1,
    loops_copy: bool = False,
) -> Atoms:
    """The atoms of `graph`.

    Of tensors that hold the same bytes, but that no chain of operators in the arena connects, one is counted.

    Args:
        graph: of the model.
        sharing: the most that may be shared.
        round_up: the bytes that a tensor takes, from its size.
        share_io: whether inputs and outputs may share.
        external: tensors outside the arena.
        tied: inputs and outputs that the user ties, which may share.
        alignment: of every tensor, in bytes.
        loops_copy: as Runtime.loops_copy.
    """
    classes = captured_classes(graph, external, tied, share_io=share_io)
    links = [_Link(body, caller, 0) for caller, body in captures(graph)]
    views = list(links)
    for link in content_links(graph, sharing):
        links.append(_Link(link.part, link.whole, link.position, may_keep(graph, link, classes, alignment)))
        if link.op.view and links[-1].kept:
            views.append(links[-1])
    size = {key: round_up(graph.tensor(key).bytes or 0) for link in links for key in link[:2]}
    outside = _reached(external, views)
    uncounted = outside | {key for key in size if graph.tensor(key).kind is TensorKind.CONSTANT}
    ends = _ends(size, links)
    found = (
        _largest(size, links, uncounted) if ends is None else _counted(size, links, ends, uncounted, classes, alignment)
    )
    atoms = _places(graph, found, loops_copy=loops_copy)
    sizes, members = tuple(bytes_ for bytes_, _ in atoms), tuple(held for _, held in atoms)
    by_subgraph: dict[int, list[int]] = defaultdict(list)
    for atom, held in enumerate(members):
        by_subgraph[held[0][0]].append(atom)
    tied = frozenset(key for link in links for key in link[:2])
    return Atoms(sizes, members, tied, frozenset(outside), {s: tuple(atoms) for s, atoms in by_subgraph.items()})


_Found = list[tuple[int, tuple[TensorKey, ...]]]
"""Atoms, each as its bytes and the tensors that hold it."""


class _Same(NamedTuple):
    """`size` equal bytes, which the tensors `held` have; `twice` has them in `more` places besides the first."""

    size: int
    held: tuple[TensorKey, ...]
    twice: TensorKey | None = None
    more: int = 0


def _counted(
    size: Mapping[TensorKey, int],
    links: Sequence[_Link],
    ends: Mapping[TensorKey, list[int]],
    uncounted: set[TensorKey],
    classes: Classes,
    alignment: int,
) -> list[_Same]:
    every, inner = _Union(), _Union()
    for part, whole, position, kept in links:
        together = kept and part[0] == whole[0] and part not in uncounted and whole not in uncounted
        for low in ends[part][:-1] if part in ends else ():
            if 0 <= low + position < size[whole]:
                every.join((part, low), (whole, low + position))
                if together:
                    inner.join((part, low), (whole, low + position))
    groups: dict[_Byte, list[tuple[TensorKey, int]]] = defaultdict(list)
    count: dict[_Byte, int] = {}
    for key, edges in ends.items():
        for low, high in pairwise(edges):
            name = every.find((key, low))
            count[name] = high - low
            groups[name].append((key, low))
    found: list[_Same] = []
    for name, held in groups.items():
        home = min(key[0] for key, _ in held)
        parts: dict[object, dict[_Byte, list[TensorKey]]] = defaultdict(lambda: defaultdict(list))
        for key, low in held:
            if key[0] == home and key not in uncounted:
                # A tensor that cannot share counts in any case. Of the others, those at one address count together.
                rival = classes.find(key)[0] if classes.is_fixed(key) else low % alignment
                parts[rival][inner.find((key, low))].append(key)
        for rivals in parts.values():
            best = max(rivals.values(), key=lambda keys: len(set(keys)))
            # A tensor that holds the same bytes twice has them in two places.
            key, times = max(Counter(best).items(), key=lambda item: item[1])
            found.append(_Same(count[name], tuple(sorted(set(best))), key if times > 1 else None, times - 1))
    return found


def _places(graph: Graph, found: Sequence[_Same], *, loops_copy: bool) -> _Found:
    """Atoms for `found`: one place for each, and more where a tensor has the bytes twice or a loop keeps them twice.

    An output of a loop's body and the input of which it has the bytes are both kept all the time, and apart. A third
    tensor that has the bytes several times may have both of them inside it: then one of its places is theirs.
    """
    calls = [call for subgraph in graph.subgraphs for op in subgraph.ops for call in op.calls]
    loops = set() if loops_copy else {call.subgraph for call in calls if call.repeats}
    atoms: _Found = []
    around: _Found = []
    for count, held, twice, more in found:
        atoms.append((count, held))
        body = graph.subgraphs[held[0][0]]
        given = [key for key in held if key[1] in body.inputs]
        taken = [key for key in held if key[1] in body.outputs and key[1] not in body.inputs]
        if held[0][0] in loops and given and taken:
            inside = twice is not None and twice not in (*given, *taken)
            around.append((count, (taken[0], twice) if inside and twice else (taken[0],)))
            more -= inside
        if twice is not None and more:
            atoms.append((count * more, (twice,)))
    return atoms + around


def _largest(size: Mapping[TensorKey, int], links: Sequence[_Link], outside: set[TensorKey]) -> list[_Same]:
    """One atom for each set of linked tensors: the largest of them. It counts too few bytes, but is found quickly."""
    groups = _Union()
    for part, whole, *_ in links:
        groups.join((part, 0), (whole, 0))
    largest: dict[object, TensorKey] = {}
    homes: dict[object, int] = {}
    keys = sorted({key for link in links for key in link[:2]})
    for key in keys:
        name = groups.find((key, 0))
        homes[name] = min(homes.get(name, key[0]), key[0])
    for key in keys:
        name = groups.find((key, 0))
        if key[0] == homes[name] and key not in outside and size[key] > size.get(largest.get(name, (-1, -1)), 0):
            largest[name] = key
    return [_Same(size[key], (key,)) for key in largest.values()]


def _reached(start: Iterable[TensorKey], links: Sequence[_Link]) -> set[TensorKey]:
    """The tensors `start`, and all that links lead to from them."""
    beside: dict[TensorKey, list[TensorKey]] = defaultdict(list)
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


def _ends(size: Mapping[TensorKey, int], links: Sequence[_Link]) -> dict[TensorKey, list[int]] | None:
    """Linked tensor -> the bytes at which another one with common bytes begins or ends, in rising order.

    None where there are more than _MOST_CUTS.
    """
    beside: dict[TensorKey, list[tuple[TensorKey, int, int, int]]] = defaultdict(list)
    ends: dict[TensorKey, set[int]] = defaultdict(set)
    open_: list[tuple[TensorKey, int]] = []

    def note(key: TensorKey, end: int) -> None:
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


_Byte = tuple[TensorKey, int]
"""A byte of a tensor."""


class _Union:
    """Union-find over bytes of tensors."""

    def __init__(self) -> None:
        self._parent: dict[_Byte, _Byte] = {}

    def find(self, name: _Byte) -> _Byte:
        """The representative of the set of `name`."""
        parent = self._parent
        above = parent.get(name, name)
        while above != (higher := parent.get(above, above)):
            parent[name] = higher
            name, above = above, higher
        return above

    def join(self, one: _Byte, two: _Byte) -> None:
        """Join the sets of two bytes."""
        self._parent[self.find(one)] = self.find(two)
