"""Which tensors share storage, and why: what holds in any order. in_place.py adds what an order allows."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tmpass.aliases.classes import Classes, Key, Mark, marks_of, sizes_of
from tmpass.aliases.moves import Tie, ties
from tmpass.graph import Graph, Move, TensorKind
from tmpass.schedule.effects import may_write
from tmpass.target import Sharing

__all__ = ["Aliases", "Key", "find_aliases", "permitted", "written"]


@dataclass(frozen=True, slots=True)
class Aliases:
    """`root` maps each tensor that shares to one of its class, which is as large as the class.

    `position` is where a tensor begins in its class, in bytes, 0 where missing; `reason` says why it is in there.
    """

    root: dict[Key, Key]
    position: dict[Key, int] = field(default_factory=dict)
    reason: dict[Key, str] = field(default_factory=dict)

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
    alignment: int = 1,
) -> Aliases:
    """The classes of tensors that share one piece of storage because they hold the same bytes.

    A capture always shares with what it captures, and floats that a device keeps as integers with these. An operator
    that only passes bytes on, and that `sharing` lists, shares what it reads with what it writes, the first in the file
    first, unless that

    - moves a tensor that is a piece of another one already: it can be in one place only;
    - puts a tensor at no multiple of `alignment`;
    - joins a variable, or a tensor that is written more than once, or by a custom operator that reads it, as far as
      anybody knows: the other would change with it;
    - joins what goes into a loop's body with what comes out of it: between two iterations the runtime copies the
      outputs to the inputs, one by one, and would overwrite what it has still to copy;
    - joins an input or output of an entry, but with `share_io`;
    - joins two tensors of `external`, which live outside the arena, each at an address of its own, or pieces of one.
    """
    classes = Classes(sizes_of(graph), marks_of(_marks(graph, external, share_io=share_io)))
    reason: dict[Key, str] = {}
    for caller, body in _captures(graph):
        classes.capture(caller, body)
        reason[body] = f"is {graph.tensor(caller).name!r} of subgraph {caller[0]}, captured"
    for name, held in graph.held_in.items():
        classes.capture(held, name)
        words = f"is kept as the integers {graph.tensor(held).name!r}"
        reason[name] = f"{reason[name]}; {words}" if name in reason else words
    if sharing.views or sharing.parts:
        writes = written(graph)
        for tie in ties(graph, sharing):
            once = writes[tie.part] <= 1 and writes[tie.whole] <= 1
            if not once or tie.position % alignment:
                continue
            if classes.pin(tie.part, tie.whole, tie.position, view=tie.op.view):
                _explain(graph, tie, reason)
    found = {key: classes.find(key) for key in list(classes.parent)}
    position = {key: at for key, (_, at) in found.items() if at}
    return Aliases({key: root for key, (root, _) in found.items()}, position, reason)


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


def _marks(graph: Graph, external: frozenset[Key], *, share_io: bool) -> Iterator[tuple[Key, Mark]]:
    yield from ((key, ("external", key)) for key in sorted(external))
    if not share_io:
        for entry in graph.entries:
            subgraph = graph.subgraphs[entry.subgraph]
            yield from (((entry.subgraph, t), ("end", None)) for t in (*subgraph.inputs, *subgraph.outputs))
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


def _captures(graph: Graph) -> Iterator[tuple[Key, Key]]:
    """(captured, capture) for every tensor that a body reads from the subgraph that calls it."""
    for s, subgraph in enumerate(graph.subgraphs):
        for op in subgraph.ops:
            for call in op.calls:
                for t, tensor in enumerate(graph.subgraphs[call.subgraph].tensors):
                    if tensor.kind is TensorKind.CAPTURE and tensor.captures is not None:
                        yield (s, tensor.captures), (call.subgraph, t)
