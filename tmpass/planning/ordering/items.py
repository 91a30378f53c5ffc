"""The order problem of a subgraph: the bytes that each operator keeps alive.

class of tensors   a: bytes [0, 8)   b: bytes [0, 4)   c: bytes [4, 8)        b and c are halves of a
items              [0, 4): touched by operators that touch a or b; [4, 8): by those that touch a or c
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, pairwise, product
from typing import TYPE_CHECKING, Any

from tmpass.base.record import Cached, record
from tmpass.graph.model import ABSENT, Graph, Subgraph, TensorKey
from tmpass.planning.sharing.aliases import Aliases
from tmpass.planning.sharing.atoms import Atoms
from tmpass.planning.sharing.timed_classes import InPlace
from tmpass.targets.runtime import RUNTIMES, Runtime

if TYPE_CHECKING:
    from tmpass.planning.ordering.sweep import Item, Precedence, Span

_FEW = 8
"""The number of tensors up to which the items of a class are found one by one, without a sweep."""


@record
class MemoryContents(Cached):
    """The contents of one memory in any order of the operators.

    Fields:
        aliases: the alias classes.
        pairs: the in-place pairs.
        inside: the tensors of the memory that count. Variables do not, since they are alive in any order.
        scratch: (subgraph, operator) -> bytes that the operator needs for itself in its step.
        keep_inputs: whether inputs of entries are alive to the end.
        runtime: its rounding and `loops_copy` count.
        later: for each subgraph, edges (earlier, later) besides those of data.
        atoms: if given, only bytes count that no choice of classes can do without; `aliases` are not used.
    """

    graph: Graph
    aliases: Aliases
    pairs: tuple[InPlace, ...]
    inside: Container[TensorKey]
    scratch: Mapping[TensorKey, int]
    keep_inputs: bool = False
    runtime: Runtime = RUNTIMES[""]
    later: Sequence[Sequence[tuple[int, int]]] = ()
    atoms: Atoms | None = None

    @cached_property
    def repeated(self) -> frozenset[int]:
        """The subgraphs that run in loops which an entry reaches."""
        reached: set[int] = set()
        found: set[int] = set()
        open_ = [entry.subgraph for entry in self.graph.entries]
        while open_:
            s = open_.pop()
            if s in reached:
                continue
            reached.add(s)
            calls = [call for op in self.graph.subgraphs[s].ops for call in op.calls]
            found.update(call.subgraph for call in calls if call.repeats)
            open_ += [call.subgraph for call in calls]
        return frozenset(found)

    @cached_property
    def home(self) -> dict[TensorKey, int]:
        """Root of a class -> the outermost subgraph with a tensor in it, which stores it; others capture it."""
        home: dict[TensorKey, int] = {}
        for key, root in self.aliases.root.items():
            home[root] = min(home.get(root, root[0]), key[0])
        return home


@record
class Items:
    """The operators of a subgraph and the items that they keep alive, as the arrays of _core.OrderProblem.

    Fields:
        edges: pairs (earlier, later) of operators, one after the other.
        size: bytes of each item.
        first, last: for each item, 1 if it is alive before the first operator, and after the last one.
        starts, users: the users of item i are `users[starts[i]:starts[i + 1]]`.
        scratch: bytes that each operator needs in its own step.
        in_place: rows of operator, bytes saved, a number of items, and those items.
        beginning: bytes alive in the first step alone.
        partial: a write in place saves the bytes of those items that end; else it saves only if all of them end.
    """

    edges: Sequence[int]
    size: Sequence[int]
    first: Sequence[int]
    last: Sequence[int]
    starts: Sequence[int]
    users: Sequence[int]
    scratch: Sequence[int]
    in_place: Sequence[int]
    beginning: int
    partial: bool = False

    @property
    def through(self) -> int:
        """The bytes alive before the first operator and after the last."""
        return sum(size for size, first, last in zip(self.size, self.first, self.last, strict=True) if first and last)

    @property
    def in_place_counts(self) -> Iterator[int]:
        """How many items each row of `in_place` has."""
        at = 0
        while at < len(self.in_place):
            yield self.in_place[at + 2]
            at += 3 + self.in_place[at + 2]


def find_items(contents: MemoryContents, s: int, edges: Iterable[tuple[int, int]]) -> Items:
    """The order problem of subgraph `s`, without the bytes that bodies need.

    Bytes of a tensor of an outer subgraph, under any name, count in that subgraph.

    Args:
        contents: of the memory.
        s: the subgraph.
        edges: pairs (earlier, later) of its operators.
    """
    graph = contents.graph
    subgraph = graph.subgraphs[s]
    users = _users(subgraph)
    first, last = _alive_outside(contents, s)
    edges = list(edges)
    rows = _Rows()
    if contents.atoms is None:
        _add_classes(rows, contents, s, users, edges, first, last)
    else:
        for count, tensors in _atoms(contents, contents.atoms, s, sorted(users)):
            who = sorted({op for t in tensors for op in users[t]})
            number = rows.add(count, who, not first.isdisjoint(tensors), not last.isdisjoint(tensors))
            for t in tensors if number is not None else ():
                rows.items_of.setdefault(t, []).append(number)
    size, items_of, beginning = rows.size, rows.items_of, rows.beginning
    in_place: list[int] = []
    options: dict[int, dict[TensorKey, list[tuple[int, tuple[int, ...]]]]] = defaultdict(lambda: defaultdict(list))
    for pair in contents.pairs:
        ends, made = items_of.get(pair.source[1]), items_of.get(pair.result[1])
        if pair.subgraph == s and ends and made:
            saved = min(sum(size[i] for i in ends), sum(size[i] for i in made))  # a smaller result leaves the rest
            options[pair.op][pair.result].append((saved, tuple(ends)))
    for op, results in options.items():
        for saved, over in _at_once(list(results.values())):
            # Two results may lie over one class, under several names, but not over the same bytes of it.
            in_place += (op, min(saved, sum(size[i] for i in over)), len(over), *over)
    flat = list(chain.from_iterable(edges))
    if any(op.calls for op in subgraph.ops):
        beginning = 0  # the first step may be long, and only its begin counts: leaving it out keeps bounds true
    scratch = [0] * len(subgraph.ops)
    for (of, op), bytes_ in contents.scratch.items():
        if of == s:
            scratch[op] = bytes_
    return Items(flat, size, rows.firsts, rows.lasts, rows.starts, rows.touching, scratch, in_place, beginning)


@dataclass(slots=True, eq=False, repr=False)
class _Rows:
    """The items that have been found; `items_of` maps each tensor to its items."""

    size: list[int] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    touching: list[int] = field(default_factory=list)
    beginning: int = 0
    items_of: dict[int, Any] = field(default_factory=dict)

    def add(self, count: int, who: Sequence[int], is_first: bool, is_last: bool) -> int | None:
        """Add an item of `count` bytes that the operators `who` touch. Returns its number; None if no operator does."""
        if not who and not (is_first and is_last):
            self.beginning += count * is_first  # no operator touches it: it ends with the first step
            return None
        self.size.append(count)
        self.firsts.append(int(is_first))
        self.lasts.append(int(is_last))
        self.touching += who
        self.starts.append(len(self.touching))
        return len(self.size) - 1


def _add_classes(
    rows: _Rows,
    contents: MemoryContents,
    s: int,
    users: Mapping[int, list[int]],
    edges: Sequence[tuple[int, int]],
    first: set[int],
    last: set[int],
) -> None:
    """Add the items of the classes that subgraph `s` itself stores."""
    precedence: Precedence | None = None
    for spans in _classes(contents, s, sorted(users)):
        items: Iterable[Item]
        if len(spans) == 1:
            low, high, t = spans[0]
            number = rows.add(high - low, users[t], t in first, t in last)
            rows.items_of[t] = () if number is None else (number,)
            continue
        if len(spans) > _FEW:
            from tmpass.planning.ordering import sweep  # few models have so large a class

            precedence = precedence or sweep.Precedence(edges)
            items = sweep.sweep(spans, users, precedence, first, last)
        else:
            items = _plain_items(spans, users, first, last)
        lows, at = list[int](), len(rows.size)
        for low, high, who, is_first, is_last in items:
            if rows.add(high - low, who, is_first, is_last) is not None:
                lows.append(low)
        for low, high, t in spans:
            rows.items_of[t] = range(at + bisect_left(lows, low), at + bisect_left(lows, high))


def _at_once(results: Sequence[Sequence[tuple[int, tuple[int, ...]]]]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The savings of one operator, as (bytes, items that must end with it), over all combinations of its results.

    Each result is written in place in one of its ways, or not at all.
    """
    if len(results) == 1:
        yield from results[0]
        return
    for ways in product(*([(0, ()), *ways] for ways in results)):
        items = tuple(dict.fromkeys(item for _, over in ways for item in over))
        if items:
            yield sum(saved for saved, _ in ways), items


def _users(subgraph: Subgraph) -> dict[int, list[int]]:
    """Tensor -> the operators that touch it, rising. Inputs and outputs that no operator touches are included."""
    users: dict[int, list[int]] = {t: [] for t in (*subgraph.inputs, *subgraph.outputs)}
    for index, op in enumerate(subgraph.ops):
        for t in dict.fromkeys((*op.inputs, *op.outputs, *op.temporaries)):
            if t in users:
                users[t].append(index)
            else:
                users[t] = [index]
    users.pop(ABSENT, None)
    return users


def _alive_outside(contents: MemoryContents, s: int) -> tuple[set[int], set[int]]:
    """The tensors of subgraph `s` that are alive before its first operator, and after its last one."""
    graph = contents.graph
    given, taken = set(graph.subgraphs[s].inputs), set(graph.subgraphs[s].outputs)
    repeats = s in contents.repeated and not contents.runtime.loops_copy
    kept = contents.keep_inputs and any(entry.subgraph == s for entry in graph.entries)
    return given | taken if repeats else given, given | taken if repeats or kept else taken


def _atoms(contents: MemoryContents, atoms: Atoms, s: int, tensors: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """The bytes that subgraph `s` itself stores, in atoms, each with those of `tensors` that hold it."""
    present = set(tensors)
    for atom in atoms.by_subgraph.get(s, ()):
        held = [t for _, t in atoms.members[atom] if t in present and (s, t) in contents.inside]
        if held:
            yield atoms.size[atom], held
    for t in tensors:
        key = (s, t)
        count = contents.graph.tensor(key).bytes
        if count and key in contents.inside and key not in atoms.tied and key not in atoms.outside:
            yield contents.runtime.round_up(count), [t]


def _classes(contents: MemoryContents, s: int, tensors: Iterable[int]) -> "Iterable[list[Span]]":
    """The bytes in its class of each tensor that subgraph `s` itself stores, by class."""
    sizes, inside, home = contents.graph.subgraphs[s].sizes, contents.inside, contents.home
    root_of, position, round_up = contents.aliases.root, contents.aliases.position, contents.runtime.round_up
    classes: dict[TensorKey, list[Span]] = {}
    for t in tensors:
        key, size = (s, t), sizes[t]
        if not size or key not in inside:
            continue
        root = root_of.get(key, key)
        if home.get(root, s) == s:
            low = position.get(key, 0)
            span = low, round_up(low + size), t
            if root in classes:
                classes[root].append(span)
            else:
                classes[root] = [span]
    return classes.values()


def _plain_items(
    spans: "Sequence[Span]", users: Mapping[int, list[int]], first: set[int], last: set[int]
) -> "Iterator[Item]":
    """The items of a class, as `sweep` finds them, but with all operators that touch each item."""
    edges = sorted({edge for begin, end, _ in spans for edge in (begin, end)})
    for low, high in pairwise(edges):
        inside = [t for begin, end, t in spans if begin <= low and high <= end]
        if inside:
            who = sorted({op for t in inside for op in users[t]})
            yield low, high, who, not first.isdisjoint(inside), not last.isdisjoint(inside)
