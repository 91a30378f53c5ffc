"""A subgraph as a problem of order: what each operator keeps alive.

class of tensors   a: bytes [0, 8)   b: bytes [0, 4)   c: bytes [4, 8)        b and c are halves of a
items              [0, 4) touched by who touches a or b, [4, 8) by who touches a or c
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tmpass.aliases import Aliases, InPlace, Key
from tmpass.graph import ABSENT, Graph, Subgraph, Tensor, TensorKind


@dataclass(frozen=True, slots=True)
class Items:
    """Operators to order and what they keep alive, as the arrays of _core.OrderProblem.

    Fields: `edges` are pairs (earlier, later) one after the other; `size`, `first` and `last` have a number per item,
    alive before the first operator or after the last one where the flag is 1; the users of item i are
    `users[starts[i]:starts[i + 1]]`; `scratch` has the bytes each operator needs in its own step; `in_place` rows of
    operator, bytes saved, a number of items, and those items; `beginning` bytes are alive in the first step alone.
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

    @property
    def through(self) -> int:
        """The bytes alive before the first operator and after the last."""
        return sum(size for size, first, last in zip(self.size, self.first, self.last, strict=True) if first and last)


@dataclass(frozen=True, slots=True)
class Use:
    """How a subgraph is run: `keep_inputs` to the end, or again and again within one step (`repeats`)."""

    keep_inputs: bool = False
    repeats: bool = False


def find_items(
    graph: Graph,
    s: int,
    edges: Iterable[tuple[int, int]],
    aliases: Aliases,
    pairs: Sequence[InPlace],
    *,
    use: Use,
    outside: frozenset[Key],
    scratch: Mapping[int, int],
) -> Items:
    """The problem of ordering the operators of subgraph `s`.

    `edges` are (earlier, later); classes of `outside`, named by their roots, lie outside the arena; `scratch` maps
    operators to the bytes that they need for themselves in their step, bodies included.
    """
    subgraph = graph.subgraphs[s]
    users = _users(subgraph)
    classes: dict[Key, list[int]] = defaultdict(list)
    for t in sorted(users):
        root = aliases.of((s, t))
        if _counts(subgraph.tensors[t]) and root not in outside and min(root[0], s) == s:
            classes[root].append(t)
    given, taken = set(subgraph.inputs), set(subgraph.outputs)
    first = given | taken if use.repeats else given
    last = given | taken if use.repeats or use.keep_inputs else taken
    size, firsts, lasts, starts, touching = list[int](), list[int](), list[int](), [0], list[int]()
    beginning = 0
    pieces: dict[int, list[int]] = {}  # tensor -> items
    for members in classes.values():
        for low, high, inside in _segments(members, aliases, subgraph, s):
            who = sorted({op for t in inside for op in users[t]})
            flags = int(any(t in first for t in inside)), int(any(t in last for t in inside))
            if not who and flags != (1, 1):
                beginning += (high - low) * flags[0]  # nobody reads it: it ends with the first step
                continue
            for t in inside:
                pieces.setdefault(t, []).append(len(size))
            size.append(high - low)
            firsts.append(flags[0])
            lasts.append(flags[1])
            touching += who
            starts.append(len(touching))
    in_place: list[int] = []
    for pair in pairs:
        over = pieces.get(pair.source[1], [])
        if pair.subgraph == s and over and pair.result[1] in pieces:
            in_place += (pair.op, sum(size[i] for i in over), len(over), *over)
    return Items(
        edges=[op for edge in edges for op in edge],
        size=size,
        first=firsts,
        last=lasts,
        starts=starts,
        users=touching,
        scratch=[scratch.get(op, 0) for op in range(len(subgraph.ops))],
        in_place=in_place,
        beginning=beginning,
    )


def _users(subgraph: Subgraph) -> dict[int, set[int]]:
    """Tensor -> the operators that touch it; none for an input or output that no operator does."""
    users: dict[int, set[int]] = {t: set() for t in (*subgraph.inputs, *subgraph.outputs)}
    for index, op in enumerate(subgraph.ops):
        for t in (*op.inputs, *op.outputs, *op.temporaries):
            users.setdefault(t, set()).add(index)
    users.pop(ABSENT, None)
    return users


def _counts(tensor: Tensor) -> bool:
    """Whether it takes bytes that an order can change; variables are alive in all of them."""
    return tensor.kind in (TensorKind.ACTIVATION, TensorKind.CAPTURE) and bool(tensor.bytes)


def _segments(
    members: Sequence[int], aliases: Aliases, subgraph: Subgraph, s: int
) -> Iterable[tuple[int, int, list[int]]]:
    """The class in pieces [low, high), between which no tensor of it begins or ends, with the tensors in each."""
    spans = sorted((start := aliases.position.get((s, t), 0), start + (subgraph.tensors[t].bytes or 0), t)
                   for t in members)  # fmt: skip
    if all(span[:2] == spans[0][:2] for span in spans):
        yield *spans[0][:2], [t for *_, t in spans]
        return
    edges = sorted({edge for low, high, _ in spans for edge in (low, high)})
    begins: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for low, high, t in spans:
        begins[low].append((high, t))
    inside: list[tuple[int, int]] = []
    for low, high in zip(edges, edges[1:], strict=False):
        inside = [(end, t) for end, t in inside if end > low] + begins[low]
        if inside:
            yield low, high, sorted(t for _, t in inside)
