"""The values that a caller gives for inputs, by the tensors that have them."""

from collections.abc import Mapping

from tmpass.base.errors import UsageError, brief
from tmpass.graph.model import Graph, TensorKey


def values_by_tensor(graph: Graph, given: Mapping[str, object]) -> dict[TensorKey, object]:
    """The values of `given`, by the inputs of `graph` that have these names.

    A name is that of a tensor, or of an input in a signature. In an entry with both, the tensor has the value. Inputs
    of several entries may have one name: all have the value.

    Raises:
        UsageError: a name is not that of an input, or two names are those of one input.
    """
    found: dict[TensorKey, object] = {}
    by: dict[TensorKey, str] = {}
    for name, value in given.items():
        keys = _named(graph, name)
        if not keys:
            names = [graph.tensor(key).name for key in input_keys(graph)]
            listed = ", ".join(map(brief, names[:8])) + (", ..." if len(names) > 8 else "")
            raise UsageError(f"the model has no input {brief(name)}", hint=f"its inputs are {listed}")
        for key in keys:
            if by.setdefault(key, name) != name:
                fault = (
                    f"input {brief(graph.tensor(key).name)} is given twice, as {brief(by[key])} and as {brief(name)}"
                )
                raise UsageError(fault, hint="give each input one value")
            found[key] = value
    return found


def input_keys(graph: Graph) -> list[TensorKey]:
    """The inputs of all entries, in their order."""
    return [(entry.subgraph, t) for entry in graph.entries for t in graph.subgraphs[entry.subgraph].inputs]


def _named(graph: Graph, name: str) -> list[TensorKey]:
    """The inputs that `name` means, in each entry by the names of tensors first."""
    found: dict[TensorKey, None] = {}
    for entry in graph.entries:
        subgraph = graph.subgraphs[entry.subgraph]
        tensors = [t for t in subgraph.inputs if subgraph.tensors[t].name == name]
        if not tensors and entry.inputs.get(name) in subgraph.inputs:
            tensors = [entry.inputs[name]]
        found |= dict.fromkeys((entry.subgraph, t) for t in tensors)
    return list(found)
