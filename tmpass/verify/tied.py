"""Outputs that the options of a plan tie to inputs: whether they lie there."""

from tmpass.errors import brief
from tmpass.graph import Graph, Subgraph, TensorKind
from tmpass.plan import Plan, PlannedTensor
from tmpass.verify.replay import Key
from tmpass.verify.violation import Violation, tensor_name

CHANGES_A_COPY = (
    "DYNAMIC_UPDATE_SLICE",
    "STABLEHLO_DYNAMIC_UPDATE_SLICE",
    "STABLEHLO_SCATTER",
    "Scatter",
    "ScatterElements",
    "ScatterND",
    "TensorScatter",
)
"""Operators whose first output is their first input with some of it changed."""


def tied_ends(
    plan: Plan, graph: Graph, rows: dict[Key, PlannedTensor]
) -> tuple[tuple[tuple[Key, Key], ...], list[Violation]]:
    """Each (output, input) that is tied, and what is wrong: names that the model does not have, an input that is kept,
    sizes or types that differ, and an output that lies elsewhere.
    """
    ties: list[tuple[Key, Key]] = []
    found: list[Violation] = []
    for output, given in sorted(plan.options.tie.items()):
        pairs = []
        for entry in graph.entries:
            s, subgraph = entry.subgraph, graph.subgraphs[entry.subgraph]
            made = _end(entry.name, dict(entry.outputs), subgraph, subgraph.outputs, output)
            taken = _end(entry.name, dict(entry.inputs), subgraph, subgraph.inputs, given)
            if made is not None and taken is not None and s not in graph.called:
                pairs.append(((s, made), (s, taken)))
        if not pairs or plan.options.keep_inputs or plan.options.io == "external":
            why = "the options leave inputs as they are" if pairs else "no entry of the model has both"
            found.append(Violation("tie", f"output {brief(output)} is tied to input {brief(given)}, but {why}"))
        for pair in pairs:
            one, two = rows[pair[0]], rows[pair[1]]
            if (one.bytes, one.dtype) != (two.bytes, two.dtype):
                message = f"{tensor_name(one)} is tied to {tensor_name(two)}, which has another size or type"
                found.append(Violation("tie", message, tensor_name(one), tensor_name(two)))
            elif one.buffer is None or (one.buffer, one.offset) != (two.buffer, two.offset):
                message = f"{tensor_name(one)} is tied to {tensor_name(two)}, but is at {one.offset}, not {two.offset}"
                found.append(Violation("tie", message, tensor_name(one), tensor_name(two)))
        ties += pairs
    return tuple(dict.fromkeys(ties)), found


def _end(entry: str, public: dict[str, int], subgraph: Subgraph, ends: tuple[int, ...], name: str) -> int | None:
    """The input or output that `name` stands for: a public name, the tensor's own, or either behind the entry's."""
    for word in (name, name.removeprefix(f"{entry}:")):
        for t in [public[word]] if word in public else [t for t in ends if t >= 0 and subgraph.tensors[t].name == word]:
            if t in ends and subgraph.tensors[t].kind is TensorKind.ACTIVATION:
                return t
    return None
