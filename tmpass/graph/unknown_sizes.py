"""The error for tensors whose size is not known: which they are, why, and which bindings settle them."""

from collections.abc import Iterable, Iterator, Sequence
from shlex import quote

from tmpass.base.errors import UnknownSizeError, brief
from tmpass.base.record import record
from tmpass.graph.effects import innermost_first
from tmpass.graph.model import ABSENT, Graph, Op, Subgraph, Tensor, TensorKey, TensorKind

_LISTED = 8
"""How many names or dimensions an error lists; the rest is counted."""


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

    `root` says that no other unsized tensor goes into it; `text` is its description for the error.
    """

    tensor: Tensor
    root: bool
    text: str


def refuse_unknown_sizes(graph: Graph) -> None:
    """Raise where a tensor that is used needs bytes, and its size is not known.

    Raises:
        UnknownSizeError: it lists the tensors, root causes first, and what to bind or to state.
    """
    found = sorted(_unsized_tensors(graph), key=lambda each: not each.root)
    if not found:
        return
    own = {each.text for each in found if each.tensor.kind is not TensorKind.CAPTURE}
    found = [each for each in found if each.tensor.kind is not TensorKind.CAPTURE or each.text not in own]
    roots = [each.tensor for each in found if each.root] or [each.tensor for each in found]
    names = _names_to_bind(graph, [each.tensor for each in found], roots)
    lacks = ""
    if any(t.shape is None or not t.dtype.known for t in roots):
        lacks = "types and shapes" if not all(t.dtype.known for t in roots) else "shapes"
    steps = []
    if names:
        steps.append("give " + " ".join(f"--bind {quote(f'{name}=N')}" for name in names[:_LISTED]))
    # The sizes of inputs may settle all others, so nothing else is asked for before them.
    if not names or names[0] not in graph.symbols:
        steps += [_remedy(graph, lacks)] if lacks else []
        steps += ["give the state of the loop one size in the model"] if graph.varying else []
        steps += _branches(graph)
    raise UnknownSizeError(
        f"the size of {_count(found)} is not known: {listed(each.text for each in found)}",
        tensors=tuple(each.text for each in found),
        symbols=names,
        hint=f"{' and '.join(steps)}, or {'' if names else 'give '}--allow-unplanned to plan the rest",
    )


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
                name = f" {brief(op.name)}" if op.name else ""
                what = f"the condition of {op.kind}{name} fixed"
                yield f"export the model with {what}, as a simplifier such as onnxsim does"
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
            notes += [cause] if (cause := graph.causes.get((number, index))) else []
            yield _Unsized(tensor, root, _describe(tensor) + (f" ({'; '.join(notes)})" if notes else ""))


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
