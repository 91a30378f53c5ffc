"""Symbolic dimensions: what to bind, what was bound, and what stays open."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tmpass.errors import UnknownSizeError, UsageError
from tmpass.graph import Graph, Subgraph, Tensor, TensorKind

_LISTED = 8
"""So many names stand in an error; the rest is counted."""

MAX_DIM = 2**31 - 1


def parse_bindings(texts: Iterable[str]) -> dict[str, int]:
    """`["batch=1", "input:0=4"]` as a mapping.

    Raises:
        UsageError: a text is not NAME=NUMBER with a number of 1 to 2^31 - 1, or names a dimension twice.
    """
    bindings: dict[str, int] = {}
    for text in texts:
        name, equals, number = text.rpartition("=")
        if not (equals and name and number.isascii() and number.isdigit() and len(number) <= 10):
            raise UsageError(f"binding {text!r} is not NAME=NUMBER", hint="for instance batch=1 or input:0=1")
        if bindings.setdefault(name, int(number)) != int(number):
            raise UsageError(f"{name!r} is bound to {bindings[name]} and to {number}", hint="bind it once")
    return check_bindings(bindings)


def check_bindings(bindings: Mapping[str, int]) -> dict[str, int]:
    """`bindings` as they are, once each number is in range.

    Raises:
        UsageError: a number is not an int of 1 to 2^31 - 1.
    """
    for name, number in bindings.items():
        if not isinstance(name, str):
            raise UsageError(f"{name!r} is no name of a dimension", hint="for instance 'batch' or 'input:0'")
        if not isinstance(number, int) or not 1 <= number <= MAX_DIM:
            raise UsageError(f"{name!r} is bound to {number!r}", hint="dimensions are 1 .. 2^31 - 1")
    return dict(bindings)


def bind(graph: Graph, bindings: Mapping[str, int], *, allow_unplanned: bool = False) -> Graph:
    """`graph` with every bound dimension a number.

    Raises:
        UsageError: a binding names nothing in the model.
        UnknownSizeError: a tensor that a run needs stays without a size, unless `allow_unplanned`.
    """
    _refuse_strangers(graph, bindings)
    if bindings and any(tensor.unknown for subgraph in graph.subgraphs for tensor in subgraph.tensors):
        graph = replace(graph, subgraphs=tuple(_bind_subgraph(s, bindings) for s in graph.subgraphs))
    if not allow_unplanned:
        _refuse_open(graph)
    return graph


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
    strangers = [name for name in bindings if name not in graph.symbols]
    if not strangers:
        return
    shapes = {t.name: t.shape for subgraph in graph.subgraphs for t in subgraph.tensors}
    for stranger in strangers:
        name, _, axis = stranger.rpartition(":")
        shape = shapes.get(name)
        if name in shapes and axis.isdigit() and (shape is None or int(axis) < len(shape)):
            continue
        known = _some(graph.symbols) or "the model has no open dimension"
        raise UsageError(f"binding {stranger!r} names no dimension of the model", hint=f"known: {known}")


def _refuse_open(graph: Graph) -> None:
    """Raise where a tensor that is used has a type with a size, but no size."""
    tensors: list[str] = []
    symbols: dict[str, None] = {}
    for subgraph in graph.subgraphs:
        used = subgraph.used
        for index, tensor in enumerate(subgraph.tensors):
            sized = tensor.kind is TensorKind.CONSTANT or tensor.dtype.bits is None or tensor.bytes is not None
            if sized or index not in used:
                continue
            tensors.append(f"{tensor.name!r} {_shape(tensor)}")
            symbols |= dict.fromkeys(tensor.unknown)
    if not tensors:
        return
    names = tuple(s for s in graph.symbols if s in symbols) or tuple(symbols)
    options = " ".join(f"--bind {name}=N" for name in names[:_LISTED])
    wish = f"give {options}, or " if names else "give "
    raise UnknownSizeError(
        f"the size of {len(tensors)} tensors is not known: {_some(tensors)}",
        tensors=tuple(tensors),
        symbols=names,
        hint=f"{wish}--allow-unplanned to plan the rest",
    )


def _shape(tensor: Tensor) -> str:
    return "of unknown rank" if tensor.shape is None else f"[{', '.join(map(str, tensor.shape))}]"


def _some(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
