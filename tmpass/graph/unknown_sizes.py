"""The error for tensors whose size is not known: which they are, why, and which bindings settle them."""

from collections.abc import Iterable, Iterator, Sequence
from shlex import quote

from tmpass.base.errors import UnknownSizeError, brief_text
from tmpass.base.record import record
from tmpass.graph.effects import innermost_first
from tmpass.graph.model import ABSENT, Graph, Op, Subgraph, Tensor, TensorKey, TensorKind

_LISTED = 8
"""How many names or dimensions an error lists; the rest is counted."""

_LONGEST = 100
"""How many characters of an error its lists may each take, so that it is one line for a reader: one item, or more."""

_MOST = 130
"""The same for an item with the reason why its size is not known."""

_NAME = 44
"""How many characters of a name are told where the line has no room for all."""


def varying_dims(graph: Graph) -> frozenset[str]:
    """The dimensions, as "tensor:axis", that change while the model runs, so that no number holds for them."""
    return frozenset(
        f"{tensor.name}:{axis}"
        for tensor in map(graph.tensor, graph.varying)
        for axis, dim in enumerate(tensor.shape or ())
        if dim == f"{tensor.name}:{axis}"
    )


@record
class _Unsized:
    """A tensor without a known size.

    `root` says that no other unsized tensor goes into it; `text` is its description for the error, and `note` the end
    of that in brackets: what made it, and `cause`, why its size is not known.
    """

    tensor: Tensor
    root: bool
    text: str
    note: str
    cause: str

    @property
    def short(self) -> str:
        """The description where it fits into a line; else the name with the note, or the name alone."""
        named = repr(brief_text(self.tensor.name, _NAME))
        most = _MOST if self.cause else _LONGEST
        texts = (self.text, named + self.note, f"{named} ({self.cause})" if self.cause else named)
        return next((text for text in texts if len(text) <= most), named)


def refuse_unknown_sizes(graph: Graph) -> None:
    """Raise where a tensor that is used needs bytes, and its size is not known.

    Raises:
        UnknownSizeError: it lists the tensors, root causes first, and what to bind or to state.
    """
    found = sorted(_unsized_tensors(graph), key=lambda each: (not each.root, not each.cause))
    if not found:
        return
    own = {each.text for each in found if each.tensor.kind is not TensorKind.CAPTURE}
    found = [each for each in found if each.tensor.kind is not TensorKind.CAPTURE or each.text not in own]
    roots = [each.tensor for each in found if each.root] or [each.tensor for each in found]
    names = _names_to_bind(graph, [each.tensor for each in found], roots)
    unranked = any(each.tensor.shape is None or not each.tensor.dtype.known for each in found)
    step = _first_step(graph, names, roots, unranked)
    raise UnknownSizeError(
        f"the size of {_count(found)} is not known: {_shortened([each.short for each in found])}",
        tensors=tuple(each.text for each in found),
        symbols=names,
        hint=f"{step}, or {'' if names else 'give '}--allow-unplanned to plan the rest",
    )


def _first_step(graph: Graph, names: Sequence[str], roots: Sequence[Tensor], unranked: bool) -> str:
    """What to do first about tensors of unknown size.

    The sizes of inputs may settle all others. Where no numbers are enough, what changes the model comes before names
    inside of it.

    Args:
        graph: of the model.
        names: dimensions that can be bound.
        roots: the tensors on which no other one of them depends.
        unranked: whether a tensor has no rank or type, for which numbers are not enough.
    """
    if names and names[0] in graph.symbols:
        return f"give {bind_options(names)}"
    lacks = ""
    if any(t.shape is None or not t.dtype.known for t in roots):
        lacks = "types and shapes" if not all(t.dtype.known for t in roots) else "shapes"
    steps = ["give the state of the loop one size in the model"] if graph.varying else []
    steps = [*_branches(graph), *steps, *([_remedy(graph, lacks)] if lacks else [])]
    bound = [f"give {bind_options(names)}"] if names else []
    steps = [*steps, *bound] if unranked or graph.varying else [*bound, *steps]
    return steps[0] if steps else "state their shapes in the model"


def bind_options(names: Sequence[str]) -> str:
    """The options that bind dimensions: as many as a line has room for, and how many more there are."""
    options = [f"--bind {quote(f'{name}=N')}" for name in names[:_LISTED]]
    return _shortened(options, len(names), " ", "dimension")


def _shortened(items: Sequence[str], count: int | None = None, between: str = ", ", what: str = "") -> str:
    """The first of `items` that a line has room for, at least one, and how many there are besides, of `count`."""
    count, shown, length = len(items) if count is None else count, list[str](), 0
    for item in items[:_LISTED]:
        length += len(item) + len(between)
        if shown and length > _LONGEST:
            break
        shown.append(item)
    more = count - len(shown)
    plural = f" {what}{'s' * (more > 1)}" if what else ""
    return between.join(shown) + (f" and {more} more{plural}" if more else "")


def _remedy(graph: Graph, lacks: str) -> str:
    """What settles tensors without a rank or type. Some formats let the axes of a tensor without a rank be bound."""
    first = next((graph.tensor(key).name for key, cause in graph.causes.items() if cause.startswith("bind ")), None)
    if first is None or lacks != "shapes":
        return f"state their {lacks} in the model"
    return f"give --bind {quote(f'{first}:0=N')} and so on for all its axes"


def _branches(graph: Graph) -> Iterator[str]:
    """What to do about the first operator whose branches give results of unknown size, which no input settles."""
    for subgraph in graph.subgraphs:
        for op in subgraph.ops:
            choice = len(op.calls) > 1 and not any(call.repeats for call in op.calls)
            made = [subgraph.tensors[t] for t in op.outputs if t >= 0]
            if choice and any(_is_unsized(tensor) for tensor in made):
                name = f" {brief_text(op.name, _NAME)!r}" if op.name else ""
                what = f"the condition of {op.kind}{name} fixed"
                yield f"export the model with {what}, as onnxsim does"
                return


def _names_to_bind(graph: Graph, unsized: Sequence[Tensor], roots: Sequence[Tensor]) -> tuple[str, ...]:
    """The dynamic dimensions of inputs, which the caller decides; without any, those that nothing else decides."""
    there = {s for tensor in unsized if tensor.dtype.known for s in tensor.unknown}
    names = tuple(s for s in graph.symbols if s in there)
    if names:
        return names
    varying = varying_dims(graph)
    return tuple(dict.fromkeys(s for t in roots if t.dtype.known for s in t.unknown if s not in varying))


def _unsized_tensors(graph: Graph) -> Iterator[_Unsized]:
    if not any(subgraph.fact(_has_unsized) for subgraph in graph.subgraphs):
        return
    roots = _root_causes(graph)
    for number, subgraph in enumerate(graph.subgraphs):
        makers = {made: op for op in subgraph.ops for made in op.outputs}
        for index in sorted(subgraph.used):
            tensor, root = subgraph.tensors[index], index in roots[number]
            if not _is_unsized(tensor):
                continue
            maker = makers.get(index) if root else None
            notes = [f"made by {_title(maker, tensor)}"] if maker is not None else []
            cause = graph.causes.get((number, index), "")
            notes += [cause] if cause else []
            note = f" ({'; '.join(notes)})" if notes else ""
            yield _Unsized(tensor, root, _describe(tensor) + note, note, cause)


def _has_unsized(subgraph: Subgraph) -> bool:
    """Whether it uses a tensor that is unsized."""
    return any(_is_unsized(subgraph.tensors[t]) for t in subgraph.unsized if t in subgraph.used)


def _root_causes(graph: Graph) -> dict[int, set[int]]:
    """Per subgraph, the unsized tensors that depend neither on the size nor on the contents of another one."""
    order = innermost_first(graph)
    after = _unsized_and_after(graph, order)
    called = graph.called
    roots: dict[int, set[int]] = {}
    begins: set[int] = set()  # subgraphs with a root cause, their own or one of a subgraph that they call
    for number in order:
        subgraph = graph.subgraphs[number]
        unsized = {i for i in subgraph.used if _is_unsized(subgraph.tensors[i])}
        made = {t for op in subgraph.ops for t in op.outputs}
        # A body gets its inputs and captures from its caller, where they are unsized as well.
        given = {i for i in unsized - made if number not in called}
        roots[number] = {i for i in given if subgraph.tensors[i].kind is not TensorKind.CAPTURE}
        for op in subgraph.ops:
            if not after[number].isdisjoint(op.inputs) or not begins.isdisjoint(call.subgraph for call in op.calls):
                continue
            if state := _unsized_state(graph, op):
                roots[state[0]].add(state[1])
                begins.add(state[0])
            else:
                roots[number] |= unsized.intersection(op.outputs)
        bodies = (call.subgraph for op in subgraph.ops for call in op.calls)
        if roots[number] or not begins.isdisjoint(bodies):
            begins.add(number)
    return roots


def _unsized_state(graph: Graph, op: Op) -> TensorKey | None:
    """The first unsized output of a body that `op` repeats. Where it is a state, all tensors of the loop follow it."""
    for call in op.calls:
        body = graph.subgraphs[call.subgraph]
        for t in body.outputs if call.repeats else ():
            key = (call.subgraph, t)
            if key in graph.varying:
                return None
            if _is_unsized(body.tensors[t]) and t not in body.inputs and body.tensors[t].kind is not TensorKind.CAPTURE:
                return key
    return None


def _unsized_and_after(graph: Graph, bodies_first: Sequence[int]) -> dict[int, set[int]]:
    """Per subgraph, the unsized tensors and all that is computed from one."""
    after = {
        number: {i for i in subgraph.used if _is_unsized(subgraph.tensors[i])}
        for number, subgraph in enumerate(graph.subgraphs)
    }
    for number in reversed(bodies_first):
        here = after[number]
        for op in graph.subgraphs[number].ops:
            if here.isdisjoint((*op.inputs, *op.outputs)):
                continue
            here.update(op.outputs)
            for call in op.calls:
                body = graph.subgraphs[call.subgraph]
                inside = (i for i, t in enumerate(body.tensors) if t.captures in here)
                after[call.subgraph].update(inside, () if here.isdisjoint(op.inputs) else body.inputs)
        here.discard(ABSENT)
    return after


def _is_unsized(tensor: Tensor) -> bool:
    """Whether `tensor` may need bytes in the arena, and its size is not known."""
    if tensor.kind is TensorKind.CONSTANT or (tensor.dtype.bits is None and tensor.dtype.known):
        return False
    return not tensor.sized


def _title(op: Op, made: Tensor) -> str:
    """The operator `op` for an error. An operator without a name of its own has that of its result, `made`."""
    return op.kind if op.name == made.name else f"{op.kind} {op.name!r}"


def _describe(tensor: Tensor) -> str:
    if not tensor.dtype.known:
        return f"{tensor.name!r} of unknown type" + (f" ({name})" if (name := tensor.dtype.name) != "unknown" else "")
    if tensor.shape is None:
        return f"{tensor.name!r} of unknown rank"
    return f"{tensor.name!r} [{listed(map(str, tensor.shape))}]"


def _count(tensors: Sequence[object]) -> str:
    return f"{len(tensors)} tensor{'s' if len(tensors) != 1 else ''}"


def listed(names: Iterable[str]) -> str:
    """The first names for an error, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
