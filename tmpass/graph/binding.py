"""Binding of dynamic dimensions: numbers in the place of names."""

import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from shlex import quote

from tmpass.base.errors import UsageError, brief, brief_text
from tmpass.graph.model import Graph, Subgraph, Tensor
from tmpass.graph.unknown_sizes import listed, refuse_unknown_sizes, varying_dims

MAX_DIM = 2**31 - 1

_RANGE = "dimensions are 1 .. 2^31 - 1"
_DIGITS = 10


def parse_bindings(texts: Iterable[str]) -> dict[str, int]:
    """The bindings that `texts` state.

    Args:
        texts: NAME=NUMBER each, such as "batch=1" or "input:0=4", with numbers in 1 .. 2^31 - 1.

    Raises:
        UsageError: a text has another form, or two give one dimension different numbers.
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


def resized_hint(graph: Graph, bindings: Iterable[str]) -> str:
    """What helps where `graph` has resized tensors and may not.

    The numbers of the file help where one of its inputs was bound to another number. Otherwise its own sizes contradict
    each other.

    Args:
        graph: with resized tensors.
        bindings: the names of the dimensions that were bound.
    """
    names = {brief(name.rpartition(":")[0]) for name in bindings}
    inputs = {
        brief(subgraph.tensors[t].name)
        for subgraph in graph.subgraphs
        for t in subgraph.inputs
        if brief(subgraph.tensors[t].name) in names
    }
    if any(line.startswith(f"{name} is ") for name in inputs for line in graph.resized):
        return "bind the numbers of the file, or convert the model with those sizes"
    return "convert the model with fixed sizes: those in the file contradict each other, so that no --bind helps"


def check_bindings(bindings: object) -> dict[str, int]:
    """`bindings` as a dict of str to int.

    Args:
        bindings: a mapping of names to whole numbers of any type, also those of numpy.

    Raises:
        UsageError: it is not a mapping, or a number is not in 1 .. 2^31 - 1.
    """
    if not isinstance(bindings, Mapping):
        raise UsageError(f"the bindings are {brief(bindings)}", hint="give a mapping such as {'batch': 1}")
    checked: dict[str, int] = {}
    for name, value in bindings.items():
        if not isinstance(name, str):
            raise UsageError(f"{brief(name)} is not the name of a dimension", hint="for instance 'batch' or 'input:0'")
        number = whole_number(value)
        if number is None or not 1 <= number <= MAX_DIM:
            raise UsageError(f"{name!r} is bound to {brief(value)}", hint=_RANGE)
        checked[name] = number
    return checked


def whole_number(value: object) -> int | None:
    """`value` as an int, or None where it is not a whole number. A bool is not one."""
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]  # the call decides whether it has the right type
    except TypeError:
        return None


def bind(graph: Graph, bindings: Mapping[str, int], *, allow_unplanned: bool = False) -> Graph:
    """`graph` with a number for every bound dimension.

    Args:
        graph: the model.
        bindings: numbers by symbol ("batch") or by tensor and axis ("input:0").
        allow_unplanned: accept tensors whose size stays unknown.

    Raises:
        UsageError: a binding names nothing in the model.
        UnknownSizeError: a tensor that a run needs has no known type or size, and `allow_unplanned` is off.
    """
    _refuse_unknown_bindings(graph, bindings)
    if bindings and any(tensor.unknown for subgraph in graph.subgraphs for tensor in subgraph.tensors):
        varying = varying_dims(graph)
        bindings = {name: number for name, number in bindings.items() if name not in varying}
        graph = replace(graph, subgraphs=tuple(_bind_subgraph(s, bindings) for s in graph.subgraphs))
    if not allow_unplanned:
        refuse_unknown_sizes(graph)
    return graph


def batch_notes(graph: Graph, *, binds: bool = True, fixed_by: str = "") -> Iterator[str]:
    """A line for each dynamic batch that has the number of the file, with what changes it.

    Args:
        graph: of the model.
        binds: whether an option does.
        fixed_by: the title of the runtime, where it never resizes a tensor: only another file has another batch.
    """
    for symbol, number in graph.batches.items():
        name = brief(symbol.rpartition(":")[0])
        if fixed_by:
            change = f"; {fixed_by} does not resize it: for another, convert the model with a fixed batch"
            yield f"the batch of input {name} is open: planned with {number}, as the file has it{change}"
            continue
        option = f"; --bind {quote(f'{symbol}=N')} plans another" if binds else ""
        yield f"the batch of input {name} is open: planned with {number}, as the file has it{option}"


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


def foreign_bindings(graph: Graph, bindings: Mapping[str, int]) -> tuple[str, ...]:
    """The names in `bindings` that are neither a symbol of `graph` nor begin with the name of a tensor and a colon.

    They are meant for other models, where options are for several.
    """
    known = {*graph.symbols, *graph.other_symbols}
    tensors = {tensor.name for subgraph in graph.subgraphs for tensor in subgraph.tensors}
    return tuple(
        name for name in bindings if name not in known and (":" not in name or name.rpartition(":")[0] not in tensors)
    )


def _refuse_unknown_bindings(graph: Graph, bindings: Mapping[str, int]) -> None:
    """Raise for a binding that is neither a symbol of the model nor an axis of one of its tensors."""
    symbols = {*graph.symbols, *graph.other_symbols}
    others = [name for name in bindings if name not in symbols]
    if not others:
        return
    ranks: dict[str, int | None] = {}
    for tensor in (t for subgraph in graph.subgraphs for t in subgraph.tensors):
        rank = None if tensor.shape is None else len(tensor.shape)
        # Names may repeat: the largest rank counts.
        ranks[tensor.name] = max(rank, ranks.get(tensor.name) or 0) if rank is not None else ranks.get(tensor.name)
    for binding in others:
        name, _, axis = binding.rpartition(":")
        is_axis = name in ranks and axis.isascii() and axis.isdecimal() and len(axis) < 10
        rank = ranks.get(name)
        if is_axis and rank is None:
            bindable = any(
                cause.startswith("bind ") and graph.tensor(key).name == name for key, cause in graph.causes.items()
            )
            raise UsageError(
                f"binding {binding!r} has no effect: the rank of tensor {name!r} is not known",
                hint=f"bind all its axes, from '{name}:0' on" if bindable else "state its shape in the model",
            )
        if is_axis and rank is not None and int(axis) < rank:
            continue
        if is_axis and rank is not None:
            axes = f"its axes are {name}:0 to {name}:{rank - 1}" if rank else "it is a scalar"
            raise UsageError(f"binding {binding!r}: tensor {name!r} has no axis {axis}", hint=axes)
        known = listed(dict.fromkeys((*graph.symbols, *graph.other_symbols, *graph.batches)))
        hint = f"known: {known}" if known else "the model has no dynamic dimensions"
        hint += "; give --bind for each dimension" if "=" in binding and "," in binding else ""
        raise UsageError(f"binding {binding!r} names no dimension of the model", hint=hint)
