"""What the operators of an ExecuTorch graph do with specs."""

import operator
from collections.abc import Sequence
from typing import Any

from tmpass.targets.memory import Use


def traffic_of(graph_module: Any, specs: Sequence[Any]) -> dict[int, int]:
    """For each spec the bytes that operators read and write in one run.

    Each operator touches all bytes of each of its tensors once. A loop counts as one run of its body. Allocations,
    views and picking from a list touch nothing.
    """
    from executorch.exir import memory
    from executorch.exir.memory_planning import filter_nodes, get_node_tensor_specs

    silent = (memory.alloc, memory.view, memory.free, operator.getitem)
    numbers = {id(spec): number for number, spec in enumerate(specs)}
    found = dict.fromkeys(range(len(specs)), 0)
    for node in graph_module.graph.nodes:
        if node.op != "call_function" or node.target in silent:
            continue
        read = [one for one in filter_nodes((*node.args, *node.kwargs.values())) if one.target is not memory.alloc]
        made = {id(spec) for spec in get_node_tensor_specs(node)}
        taken = {id(spec) for one in read for spec in get_node_tensor_specs(one)}
        for touched in (*made, *taken):
            if touched in numbers:
                found[numbers[touched]] += specs[numbers[touched]].nbytes()
    return found


def uses_of(graph_module: Any, graph_signature: Any, specs: Sequence[Any]) -> dict[int, str]:
    """The use of each spec that is not an activation: a variable, or an input or output of the whole graph."""
    from executorch.exir.memory_planning import get_node_tensor_specs

    numbers = {id(spec): number for number, spec in enumerate(specs)}
    placeholders = [node for node in graph_module.graph.nodes if node.op == "placeholder"]
    changed = set[str]()
    if graph_signature is not None:
        # The inputs and outputs of a body are activations.
        if [node.target for node in placeholders] != [one.arg.name for one in graph_signature.input_specs]:
            return {}
        buffers = set(graph_signature.buffers_to_mutate.values())
        changed = {name for name, buffer in graph_signature.inputs_to_buffers.items() if buffer in buffers}
    found: dict[int, str] = {}
    for node in (*placeholders, *(node for node in graph_module.graph.nodes if node.op == "output")):
        use = Use.VARIABLES if node.target in changed else Use.INPUTS_OUTPUTS
        for spec in get_node_tensor_specs(node):
            if id(spec) in numbers:
                found.setdefault(numbers[id(spec)], use.value)
    return found
