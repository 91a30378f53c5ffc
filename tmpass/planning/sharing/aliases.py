"""Which tensors share storage, and why: what holds in any order. in_place.py adds what an order allows."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tmpass.graph.effects import may_write
from tmpass.graph.model import Graph, Move, TensorKind
from tmpass.planning.sharing.classes import Classes, Key, Mark, marks_of, sizes_of
from tmpass.planning.sharing.content import Content
from tmpass.planning.sharing.moves import Tie, ties
from tmpass.targets import Sharing

__all__ = ["Aliases", "Key", "find_aliases", "permitted", "written"]


@dataclass(frozen=True, slots=True)
class Aliases:
    """`root` maps each tensor that shares to one of its class, which is as large as the class.

    `position` is where a tensor begins in its class, in bytes, 0 where missing; `reason` says why it is in there.
    `whole` says that all that may share does: that no other choice of classes was possible.
    """

    root: dict[Key, Key]
    position: dict[Key, int] = field(default_factory=dict)
    reason: dict[Key, str] = field(default_factory=dict)
    whole: bool = True

    def of(self, key: Key) -> Key:
        """The class of a tensor, named by its root."""
        return self.root.get(key, key)


def permitted(sharing: Sharing, share: str, *, inplace: bool) -> Sharing:
    """What of `sharing`, which a target allows, the options ask for: `share` is "auto", "views" or "none"."""
    every = share == "auto"
    return Sharing(
        views=() if share == "none" else sharing.views,
        in_place=sharing.in_place if every and inplace else (),
        parts=sharing.parts if every else (),
    )


def find_aliases(
    graph: Graph,
    sharing: Sharing,
    *,
    share_io: bool = False,
    external: frozenset[Key] = frozenset(),
    tied: frozenset[Key] = frozenset(),
    alignment: int = 1,
) -> Aliases:
    """The classes of tensors that share one piece of storage because they hold the same bytes.

    A capture always shares with what it captures, and floats that a device keeps as integers with these. An operator
    that only passes bytes on, and that `sharing` lists, shares what it reads with what it writes, the first in the file
    first, unless that

    - moves a tensor that is a piece of another one already, and can be in one place only: unless one of the two wholes
      holds all of the other;
    - puts a tensor at no multiple of `alignment`;
    - joins a variable, or a tensor that is written more than once, or by a custom operator that reads it, as far as
      anybody knows: the other would change with it;
    - joins what goes into a loop's body with what comes out of it: between two iterations the runtime copies the
      outputs to the inputs, one by one, and would overwrite what it has still to copy;
    - joins a tensor whose offset the file fixes;
    - joins an input or output of an entry, but with `share_io`, or if it is `tied` to another one;
    - joins two tensors of `external`, which live outside the arena, each at an address of its own, or pieces of one.
    """
    classes = captured_classes(graph, external, tied, share_io=share_io)
    reason: dict[Key, str] = {}
    for stored, name in captures(graph):
        kept = f"is kept as the integers {graph.tensor(stored).name!r}"
        captured = f"is {graph.tensor(stored).name!r} of subgraph {stored[0]}, captured"
        words = kept if name in graph.held_in else captured
        reason[name] = f"{reason[name]}; {words}" if name in reason else words
    every = list(content_ties(graph, sharing))
    possible = [tie for tie in every if may_keep(graph, tie, classes, alignment)]
    whole = len(possible) == len(every) or not _meet(graph, every, set(map(id, possible)))
    content: list[Content] = []

    def lies_in(inner: Key, outer: Key, start: int) -> bool:
        if not content:
            content.append(Content(graph, possible, captures(graph)))
        return content[0].lies_in(inner, outer, start)

    for tie in possible:
        if classes.pin(tie.part, tie.whole, tie.position, lies_in, view=tie.op.view):
            _explain(graph, tie, reason)
        else:
            whole = False
    found = {key: classes.find(key) for key in list(classes.parent)}
    position = {key: at for key, (_, at) in found.items() if at}
    return Aliases({key: root for key, (root, _) in found.items()}, position, reason, whole)


def content_ties(graph: Graph, sharing: Sharing) -> Iterator[Tie]:
    """All that operators pass on, as far as `sharing` lists them, between tensors that are written once."""
    if not sharing.views and not sharing.parts:
        return
    writes = written(graph)
    for tie in ties(graph, sharing, constants=True):
        if writes[tie.part] <= 1 and writes[tie.whole] <= 1:
            yield tie


def may_keep(graph: Graph, tie: Tie, classes: Classes, alignment: int) -> bool:
    """Whether the tensors of `tie` may share if no others do, where `classes` are those of captures."""
    if tie.position % alignment or classes.is_fixed(tie.part) or classes.is_fixed(tie.whole):
        return False
    return TensorKind.CONSTANT not in (graph.tensor(tie.part).kind, graph.tensor(tie.whole).kind)


def _meet(graph: Graph, every: list[Tie], kept: set[int]) -> bool:
    """Whether a tie that is not in `kept` and another one tie the same byte of a tensor to others: these hold the same
    then, though no chain of `kept` leads from one to the other.
    """
    tied: dict[Key, list[tuple[int, int, bool]]] = {}
    for tie in every:
        size = graph.tensor(tie.part).bytes or 0
        tied.setdefault(tie.part, []).append((0, size, id(tie) in kept))
        tied.setdefault(tie.whole, []).append((tie.position, tie.position + size, id(tie) in kept))
    for spans in tied.values():
        end = {True: 0, False: 0}
        for low, high, keeps in sorted(spans) if len(spans) > 1 else ():
            if low < high and (low < end[False] or (not keeps and low < end[True])):
                return True
            end[keeps] = max(end[keeps], high)
    return False


def captured_classes(graph: Graph, external: frozenset[Key], tied: frozenset[Key], *, share_io: bool) -> Classes:
    """Classes of nothing but captures and what they capture."""
    classes = Classes(sizes_of(graph), marks_of(_marks(graph, external, tied, share_io=share_io)))
    for caller, body in captures(graph):
        classes.capture(caller, body)
    return classes


def written(graph: Graph) -> Counter[Key]:
    """How often each tensor is written: by the caller as an input, and by operators."""
    return Counter(
        (s, t)
        for s, subgraph in enumerate(graph.subgraphs)
        for t in (*subgraph.inputs, *(t for op in subgraph.ops for t in op.outputs))
    )


def _explain(graph: Graph, tie: Tie, reason: dict[Key, str]) -> None:
    """Say in `reason` of the part, or of what an operator makes of it, why it is where it is."""
    key, name, kind = tie.part, graph.tensor(tie.whole).name, tie.op.kind
    if tie.op.view:
        words = f"{kind} keeps the bytes of {name!r}"
    elif tie.op.moves is not None and tie.op.moves.kind is Move.CONCAT:
        words = f"{kind} finds it at byte {tie.position} of {name!r}"
    else:
        words = f"{kind} leaves it at byte {tie.position} of {name!r}"
    reason[key] = f"{reason[key]}; {words}" if key in reason else words


def _marks(
    graph: Graph, external: frozenset[Key], tied: frozenset[Key], *, share_io: bool
) -> Iterator[tuple[Key, Mark]]:
    yield from ((key, ("external", key)) for key in sorted(external))
    yield from ((key, ("fixed", None)) for key in sorted(graph.fixed))
    if not share_io:
        for entry in graph.entries:
            subgraph = graph.subgraphs[entry.subgraph]
            ends = {(entry.subgraph, t) for t in (*subgraph.inputs, *subgraph.outputs)}
            yield from ((key, ("end", None)) for key in sorted(ends - tied))
    for s, writes in enumerate(may_write(graph)):
        yield from (((s, t), ("written", None)) for tensors in writes.values() for t in tensors)
    for s, subgraph in enumerate(graph.subgraphs):
        for t, tensor in enumerate(subgraph.tensors):
            if tensor.kind is TensorKind.VARIABLE:
                yield (s, t), ("variable", None)
        for op in subgraph.ops:
            for call in op.calls:
                if call.repeats:
                    body = graph.subgraphs[call.subgraph]
                    yield from (((call.subgraph, t), ("loop input", call.subgraph)) for t in body.inputs)
                    yield from (((call.subgraph, t), ("loop output", call.subgraph)) for t in body.outputs)


def captures(graph: Graph) -> Iterator[tuple[Key, Key]]:
    """(stored, name) for every tensor that is another name for one: what a body captures, floats kept as integers."""
    for s, subgraph in enumerate(graph.subgraphs):
        for op in subgraph.ops:
            for call in op.calls:
                for t, tensor in enumerate(graph.subgraphs[call.subgraph].tensors):
                    if tensor.kind is TensorKind.CAPTURE and tensor.captures is not None:
                        yield (s, tensor.captures), (call.subgraph, t)
    yield from ((held, name) for name, held in graph.held_in.items())
