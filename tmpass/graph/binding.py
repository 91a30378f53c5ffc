"""Symbolic dimensions: what to bind, what was bound, and what stays open."""

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from shlex import quote

from tmpass.base.errors import UnknownSizeError, UsageError, brief, brief_text
from tmpass.graph.model import ABSENT, Graph, Op, Subgraph, Tensor, TensorKind

_LISTED = 8
"""How many names, or dimensions of a shape, an error lists; the rest is counted."""

MAX_DIM = 2**31 - 1

_RANGE = "dimensions are 1 .. 2^31 - 1"
_DIGITS = 10


def parse_bindings(texts: Iterable[str]) -> dict[str, int]:
    """`["batch=1", "input:0=4"]` as a mapping.

    Raises:
        UsageError: a text is not NAME=NUMBER with a number of 1 to 2^31 - 1, or names a dimension twice.
    """
    bindings: dict[str, int] = {}
    for text in texts:
        name, equals, number = text.rpartition("=")
        if not (equals and name and number.isascii() and number.isdigit()):
            raise UsageError(f"binding {brief(text)} is not NAME=NUMBER", hint="for instance batch=1 or input:0=1")
        if len(number) > _DIGITS:
            raise UsageError(f"{brief(name)} is bound to {brief_text(number)}", hint=_RANGE)
        if bindings.setdefault(name, int(number)) != int(number):
            raise UsageError(f"{name!r} is bound to {bindings[name]} and to {number}", hint="bind it once")
    return check_bindings(bindings)


def check_bindings(bindings: object) -> dict[str, int]:
    """`bindings`, a mapping of names to whole numbers of any kind, with plain ones.

    Raises:
        UsageError: it is not a mapping, or a number is not one of 1 to 2^31 - 1.
    """
    if not isinstance(bindings, Mapping):
        raise UsageError(f"the bindings are {brief(bindings)}", hint="give a mapping such as {'batch': 1}")
    checked: dict[str, int] = {}
    for name, value in bindings.items():
        if not isinstance(name, str):
            raise UsageError(f"{brief(name)} is not a name of a dimension", hint="for instance 'batch' or 'input:0'")
        number = whole_number(value)
        if number is None or not 1 <= number <= MAX_DIM:
            raise UsageError(f"{name!r} is bound to {brief(value)}", hint=_RANGE)
        checked[name] = number
    return checked


def whole_number(value: object) -> int | None:
    """`value` as an int if it is a whole number, also one of numpy's; None for anything else, also for a bool."""
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]  # which is what it finds out
    except TypeError:
        return None


def bind(graph: Graph, bindings: Mapping[str, int], *, allow_unplanned: bool = False) -> Graph:
    """`graph` with every bound dimension a number.

    Raises:
        UsageError: a binding names nothing in the model.
        UnknownSizeError: a tensor that a run needs stays without a type or size, unless `allow_unplanned`.
    """
    _refuse_strangers(graph, bindings)
    if bindings and any(tensor.unknown for subgraph in graph.subgraphs for tensor in subgraph.tensors):
        untrue = _varying_dims(graph)
        bindings = {name: number for name, number in bindings.items() if name not in untrue}
        graph = replace(graph, subgraphs=tuple(_bind_subgraph(s, bindings) for s in graph.subgraphs))
    if not allow_unplanned:
        _refuse_open(graph)
    return graph


def _varying_dims(graph: Graph) -> frozenset[str]:
    """The names, by tensor and axis, of dimensions that no number is true of."""
    return frozenset(
        f"{tensor.name}:{axis}"
        for tensor in map(graph.tensor, graph.varying)
        for axis, dim in enumerate(tensor.shape or ())
        if dim == f"{tensor.name}:{axis}"
    )


def batch_notes(graph: Graph) -> Iterator[str]:
    """A line for each open batch that has the number of the file, with what binds another one."""
    for symbol, number in graph.batches.items():
        name = brief(symbol.rpartition(":")[0])
        yield (
            f"the batch of input {name} is open: planned with {number}, as the file has it; "
            f"--bind {quote(f'{symbol}=N')} plans another"
        )


def _bind_subgraph(subgraph: Subgraph, bindings: Mapping[str, int]) -> Subgraph:
    return replace(subgraph, tensors=tuple(_bind_tensor(tensor, bindings) for tensor in subgraph.tensors))


def _bind_tensor(tensor: Tensor, bindings: Mapping[str, int]) -> Tensor:
    if not tensor.unknown:
        return tensor
    shape = tuple(
        bindings.get(f"{tensor.name}:{axis}", bindings.get(dim, dim)) if isinstance(dim, str) else dim
        for axis, dim in enumerate(tensor.shape or ())
    )
    return replace(tensor, shape=shape)


def _refuse_strangers(graph: Graph, bindings: Mapping[str, int]) -> None:
    """Raise for a binding that is neither a symbol of the model nor an axis of one of its tensors."""
    symbols = {*graph.symbols, *graph.other_symbols}
    strangers = [name for name in bindings if name not in symbols]
    if not strangers:
        return
    ranks: dict[str, int | None] = {}
    for tensor in (t for subgraph in graph.subgraphs for t in subgraph.tensors):
        rank = None if tensor.shape is None else len(tensor.shape)
        # Names may repeat: the tensor with the most axes speaks for all.
        ranks[tensor.name] = max(rank, ranks.get(tensor.name) or 0) if rank is not None else ranks.get(tensor.name)
    for stranger in strangers:
        name, _, axis = stranger.rpartition(":")
        is_axis = name in ranks and axis.isascii() and axis.isdecimal() and len(axis) < 10
        rank = ranks.get(name)
        if is_axis and rank is None:
            bindable = any(
                cause.startswith("bind ") and graph.tensor(key).name == name for key, cause in graph.causes.items()
            )
            raise UsageError(
                f"binding {stranger!r} has no effect: the rank of tensor {name!r} is not known",
                hint=f"bind all its axes, from '{name}:0' on" if bindable else "state its shape in the model",
            )
        if is_axis and rank is not None and int(axis) < rank:
            continue
        if is_axis and rank is not None:
            axes = f"its axes are {name}:0 to {name}:{rank - 1}" if rank else "it is a scalar"
            raise UsageError(f"binding {stranger!r}: tensor {name!r} has no axis {axis}", hint=axes)
        known = _some((*graph.symbols, *graph.other_symbols))
        hint = f"known: {known}" if known else "the model has no open dimension"
        raise UsageError(f"binding {stranger!r} names no dimension of the model", hint=hint)


@dataclass(frozen=True, slots=True)
class _Open:
    """A tensor without a size; `first` says that nothing open goes into it, `words` what is known of it."""

    tensor: Tensor
    first: bool
    words: str


def _refuse_open(graph: Graph) -> None:
    """Raise where a tensor that is used needs bytes, and its size is not known."""
    found = sorted(_open_tensors(graph), key=lambda each: not each.first)  # the causes, then what follows from them
    if not found:
        return
    own = {each.words for each in found if each.tensor.kind is not TensorKind.CAPTURE}
    found = [each for each in found if each.tensor.kind is not TensorKind.CAPTURE or each.words not in own]
    roots = [each.tensor for each in found if each.first] or [each.tensor for each in found]
    names = _names_to_bind(graph, [each.tensor for each in found], roots)
    lacks = ""
    if any(t.shape is None or not t.dtype.known for t in roots):
        lacks = "types and shapes" if not all(t.dtype.known for t in roots) else "shapes"
    wishes = []
    if names:
        wishes.append("give " + " ".join(f"--bind {quote(f'{name}=N')}" for name in names[:_LISTED]))
    # What is bound may settle the rest: the inputs come first.
    if not names or names[0] not in graph.symbols:
        wishes += [_wish(graph, lacks)] if lacks else []
        wishes += ["give the state of the loop one size in the model"] if graph.varying else []
    raise UnknownSizeError(
        f"the size of {_count(found)} is not known: {_some(each.words for each in found)}",
        tensors=tuple(each.words for each in found),
        symbols=names,
        hint=f"{' and '.join(wishes)}, or {'' if names else 'give '}--allow-unplanned to plan the rest",
    )


def _wish(graph: Graph, lacks: str) -> str:
    """What settles tensors that have no rank or type: a format may let the axes of such a tensor be bound."""
    first = next((graph.tensor(key).name for key, cause in graph.causes.items() if cause.startswith("bind ")), None)
    if first is None or lacks != "shapes":
        return f"state their {lacks} in the model"
    return f"give --bind {quote(f'{first}:0=N')} and so on for all its axes"


def _names_to_bind(graph: Graph, open_: Sequence[Tensor], roots: Sequence[Tensor]) -> tuple[str, ...]:
    """What a caller decides, the open dimensions of inputs; where there are none, what nothing else decides."""
    there = {s for tensor in open_ if tensor.dtype.known for s in tensor.unknown}
    names = tuple(s for s in graph.symbols if s in there)
    if names:
        return names
    untrue = _varying_dims(graph)
    return tuple(dict.fromkeys(s for t in roots if t.dtype.known for s in t.unknown if s not in untrue))


def _open_tensors(graph: Graph) -> Iterator[_Open]:
    if not any(_is_open(subgraph.tensors[t]) for subgraph in graph.subgraphs for t in subgraph.used):
        return
    blamed = _blamed(graph)
    for number, subgraph in enumerate(graph.subgraphs):
        makers = {made: op for op in subgraph.ops for made in op.outputs}
        for index in sorted(subgraph.used):
            tensor, first = subgraph.tensors[index], index in blamed[number]
            if not _is_open(tensor):
                continue
            maker = makers.get(index) if first else None
            notes = [f"made by {_title(maker, tensor)}"] if maker is not None else []
            notes += [cause] if (cause := graph.causes.get((number, index))) else []
            yield _Open(tensor, first, _describe(tensor) + (f" ({'; '.join(notes)})" if notes else ""))


def _blamed(graph: Graph) -> dict[int, set[int]]:
    """Of each subgraph, the open tensors that depend on no open one: neither on its size nor on what it holds."""
    order = list(_bodies_first(graph))
    after = _after_open(graph, order)
    called = graph.called
    blamed: dict[int, set[int]] = {}
    begins: set[int] = set()  # the subgraphs with such a tensor in them or in what they call
    for number in order:
        subgraph = graph.subgraphs[number]
        open_ = {i for i in subgraph.used if _is_open(subgraph.tensors[i])}
        made = {t for op in subgraph.ops for t in op.outputs}
        # A body gets its inputs and captures from its caller, where they are open as well.
        first = {i for i in open_ - made if number not in called}
        blamed[number] = {i for i in first if subgraph.tensors[i].kind is not TensorKind.CAPTURE}
        for op in subgraph.ops:
            if not after[number].isdisjoint(op.inputs) or not begins.isdisjoint(call.subgraph for call in op.calls):
                continue
            if state := _state(graph, op):
                blamed[state[0]].add(state[1])
                begins.add(state[0])
            else:
                blamed[number] |= open_.intersection(op.outputs)
        bodies = (call.subgraph for op in subgraph.ops for call in op.calls)
        if blamed[number] or not begins.isdisjoint(bodies):
            begins.add(number)
    return blamed


def _state(graph: Graph, op: Op) -> tuple[int, int] | None:
    """The first open result of a body that `op` repeats: where it is a state, all other tensors of the loop follow."""
    for call in op.calls:
        body = graph.subgraphs[call.subgraph]
        for t in body.outputs if call.repeats else ():
            key = (call.subgraph, t)
            if key in graph.varying:
                return None
            if _is_open(body.tensors[t]) and t not in body.inputs and body.tensors[t].kind is not TensorKind.CAPTURE:
                return key
    return None


def _after_open(graph: Graph, bodies_first: Sequence[int]) -> dict[int, set[int]]:
    """Of each subgraph, the open tensors and all that is computed from one."""
    after = {
        number: {i for i in subgraph.used if _is_open(subgraph.tensors[i])}
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


def _bodies_first(graph: Graph) -> Iterator[int]:
    """Every subgraph after those that its operators call."""
    done: set[int] = set()
    stack = [(number, False) for number in reversed(range(len(graph.subgraphs)))]
    seen: set[int] = set()
    while stack:
        number, last = stack.pop()
        if last and number not in done:
            done.add(number)
            yield number
        elif number not in seen:
            seen.add(number)
            stack.append((number, True))
            stack += [(call.subgraph, False) for op in graph.subgraphs[number].ops for call in op.calls]


def _is_open(tensor: Tensor) -> bool:
    """Whether `tensor` needs bytes in the arena for all that is known, and has no size."""
    if tensor.kind is TensorKind.CONSTANT or (tensor.dtype.bits is None and tensor.dtype.known):
        return False
    return not tensor.sized


def _title(op: Op, made: Tensor) -> str:
    """How an error names the operator that makes `made`; without a name of its own it has that of its result."""
    return op.kind if op.name == made.name else f"{op.kind} {op.name!r}"


def _describe(tensor: Tensor) -> str:
    if not tensor.dtype.known:
        return f"{tensor.name!r} of unknown type" + (f" ({name})" if (name := tensor.dtype.name) != "unknown" else "")
    if tensor.shape is None:
        return f"{tensor.name!r} of unknown rank"
    return f"{tensor.name!r} [{_some(map(str, tensor.shape))}]"


def _count(tensors: Sequence[object]) -> str:
    return f"{len(tensors)} tensor{'s' if len(tensors) != 1 else ''}"


def _some(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
