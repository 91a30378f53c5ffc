"""Alias classes: tensors that share storage in any order, and why. in_place.py adds what one order allows."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import field

from tmpass.base.record import record
from tmpass.graph.effects import may_write
from tmpass.graph.model import Graph, Move, TensorKey, TensorKind
from tmpass.planning.sharing.classes import Classes, Restriction, restrictions_of, sizes_of
from tmpass.planning.sharing.content import Content
from tmpass.planning.sharing.moves import Link, find_links
from tmpass.targets import Sharing

__all__ = ["Aliases", "find_aliases", "permitted", "written"]


@record
class Aliases:
    """The alias classes of a graph.

    Fields:
        root: tensor that shares -> the root of its class, which is as large as the class.
        position: first byte of a tensor in its class; 0 where missing.
        reason: why a tensor is in its class.
        whole: whether all tensors that may share do, so that no other choice of classes was possible.
    """

    root: dict[TensorKey, TensorKey]
    position: dict[TensorKey, int] = field(default_factory=dict)
    reason: dict[TensorKey, str] = field(default_factory=dict)
    whole: bool = True

    def of(self, key: TensorKey) -> TensorKey:
        """The class of a tensor, named by its root."""
        return self.root.get(key, key)


def permitted(sharing: Sharing, share: str, *, inplace: bool) -> Sharing:
    """The part of `sharing`, which a target allows, that the options leave: `share` is "auto", "views" or "none"."""
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
    external: frozenset[TensorKey] = frozenset(),
    tied: frozenset[TensorKey] = frozenset(),
    alignment: int = 1,
    classes: Classes | None = None,
) -> Aliases:
    """The alias classes of tensors that share storage because they hold the same bytes.

    A capture always shares with the tensor that it captures; floats that a device keeps as integers share with these.
    An operator that only passes bytes on, and that `sharing` lists, shares its inputs with its outputs, the first
    operator in the file first, unless that would

    - move a tensor that already is a piece of another one, since it can be in one place only; it may move if one of the
      two wholes holds all of the other;
    - put a tensor at an offset that is not a multiple of `alignment`;
    - join a variable, a tensor that is written more than once, or one that a custom operator reads and so may write:
      the other tensor would change with it;
    - join an input of a loop's body with an output of it: between two iterations the runtime copies the outputs to the
      inputs, one by one, and would overwrite a value that it still has to copy;
    - join a tensor whose offset the file fixes;
    - join an input or output of an entry, except with `share_io`, or if it is `tied` to another one;
    - join two tensors of `external`, which are outside the arena, each at an address of its own, or pieces of one.

    `classes` are those of captures alone, where they are known; they change.
    """
    classes = captured_classes(graph, external, tied, share_io=share_io) if classes is None else classes
    reason: dict[TensorKey, str] = {}
    for stored, name in captures(graph):
        kept = f"is kept as the integers {graph.tensor(stored).name!r}"
        captured = f"is {graph.tensor(stored).name!r} of subgraph {stored[0]}, captured"
        words = kept if name in graph.held_in else captured
        reason[name] = f"{reason[name]}; {words}" if name in reason else words
    every = list(content_links(graph, sharing))
    possible = [link for link in every if may_keep(graph, link, classes, alignment)]
    whole = len(possible) == len(every) or not _meet(graph, every, set(map(id, possible)))
    content: list[Content] = []

    def lies_in(inner: TensorKey, outer: TensorKey, start: int) -> bool:
        if not content:
            content.append(Content(graph, possible, captures(graph)))
        return content[0].lies_in(inner, outer, start)

    for link in possible:
        if classes.pin(link.part, link.whole, link.position, lies_in, view=link.op.view):
            _explain(graph, link, reason)
        else:
            whole = False
    found = {key: classes.find(key) for key in list(classes.parent)}
    position = {key: at for key, (_, at) in found.items() if at}
    return Aliases({key: root for key, (root, _) in found.items()}, position, reason, whole)


def content_links(graph: Graph, sharing: Sharing) -> Iterator[Link]:
    """The links of operators that `sharing` lists, between tensors that are written once."""
    if not sharing.views and not sharing.parts:
        return
    writes = written(graph)
    for link in find_links(graph, sharing, constants=True):
        if writes[link.part] <= 1 and writes[link.whole] <= 1:
            yield link


def may_keep(graph: Graph, link: Link, classes: Classes, alignment: int) -> bool:
    """Whether the tensors of `link` may share if no others do, where `classes` are those of captures."""
    if link.position % alignment or classes.is_fixed(link.part) or classes.is_fixed(link.whole):
        return False
    return TensorKind.CONSTANT not in (graph.tensor(link.part).kind, graph.tensor(link.whole).kind)


def _meet(graph: Graph, every: list[Link], kept: set[int]) -> bool:
    """Whether a link outside `kept` and another link have a byte of one tensor in common.

    Then two other tensors hold the same byte, though no chain of `kept` leads from one to the other.
    """
    tied: dict[TensorKey, list[tuple[int, int, bool]]] = {}
    for link in every:
        size = graph.tensor(link.part).bytes or 0
        tied.setdefault(link.part, []).append((0, size, id(link) in kept))
        tied.setdefault(link.whole, []).append((link.position, link.position + size, id(link) in kept))
    for spans in tied.values():
        end = {True: 0, False: 0}
        for low, high, keeps in sorted(spans) if len(spans) > 1 else ():
            if low < high and (low < end[False] or (not keeps and low < end[True])):
                return True
            end[keeps] = max(end[keeps], high)
    return False


def captured_classes(
    graph: Graph, external: frozenset[TensorKey], tied: frozenset[TensorKey], *, share_io: bool
) -> Classes:
    """The alias classes of captures alone, each with the tensor that it captures."""
    classes = Classes(sizes_of(graph), restrictions_of(_restrictions(graph, external, tied, share_io=share_io)))
    for caller, body in captures(graph):
        classes.capture(caller, body)
    return classes


def written(graph: Graph) -> Counter[TensorKey]:
    """How many times each tensor is written: by the caller as an input, and by operators."""
    return graph.fact(_written)


def _written(graph: Graph) -> Counter[TensorKey]:
    return Counter(
        [
            (s, t)
            for s, subgraph in enumerate(graph.subgraphs)
            for tensors in (subgraph.inputs, *[op.outputs for op in subgraph.ops])
            for t in tensors
        ]
    )


def _explain(graph: Graph, link: Link, reason: dict[TensorKey, str]) -> None:
    """Add to `reason` why the part is where it is."""
    key, name, kind = link.part, graph.tensor(link.whole).name, link.op.kind
    if link.op.view:
        words = f"{kind} keeps the bytes of {name!r}"
    elif link.op.moves is not None and link.op.moves.kind is Move.CONCAT:
        words = f"{kind} finds it at byte {link.position} of {name!r}"
    else:
        words = f"{kind} leaves it at byte {link.position} of {name!r}"
    reason[key] = f"{reason[key]}; {words}" if key in reason else words


def _restrictions(
    graph: Graph, external: frozenset[TensorKey], tied: frozenset[TensorKey], *, share_io: bool
) -> Iterator[tuple[Collection[TensorKey], Restriction]]:
    """Tensors, and a restriction that they all have."""
    yield from (((key,), ("external", key)) for key in sorted(external))
    yield graph.fixed, ("fixed", None)
    if not share_io:
        for entry in graph.entries:
            subgraph = graph.subgraphs[entry.subgraph]
            ends = {(entry.subgraph, t) for t in (*subgraph.inputs, *subgraph.outputs)}
            yield ends - tied, ("end", None)
    for s, writes in enumerate(may_write(graph)):
        yield [(s, t) for t in frozenset().union(*writes.values())], ("written", None)
    for s, subgraph in enumerate(graph.subgraphs):
        yield [(s, t) for t in subgraph.of_kind(TensorKind.VARIABLE)], ("variable", None)
    for call in (call for subgraph in graph.subgraphs for op in subgraph.ops for call in op.calls):
        if call.repeats:
            body = graph.subgraphs[call.subgraph]
            yield [(call.subgraph, t) for t in body.inputs], ("loop input", call.subgraph)
            yield [(call.subgraph, t) for t in body.outputs], ("loop output", call.subgraph)


def captures(graph: Graph) -> Iterator[tuple[TensorKey, TensorKey]]:
    """(stored, name) for every tensor that is another name for a stored one: captures, and floats kept as integers."""
    for s, subgraph in enumerate(graph.subgraphs) if graph.called else ():
        for op in subgraph.ops:
            for call in op.calls:
                for t, tensor in enumerate(graph.subgraphs[call.subgraph].tensors):
                    if tensor.kind is TensorKind.CAPTURE and tensor.captures is not None:
                        yield (s, tensor.captures), (call.subgraph, t)
    yield from ((held, name) for name, held in graph.held_in.items())
