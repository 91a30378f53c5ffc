"""tmpass as a memory-planning algorithm of ExecuTorch.

    from executorch.exir import ExecutorchBackendConfig
    from executorch.exir.memory_planning import MemoryPlanningAlgorithmSuite, greedy
    from executorch.exir.passes import MemoryPlanningPass
    from tmpass.integrations.executorch import plan_memory

    suite = MemoryPlanningAlgorithmSuite([greedy, plan_memory])      # takes the smaller result
    edge.to_executorch(ExecutorchBackendConfig(memory_planning_pass=MemoryPlanningPass(memory_planning_algo=suite)))

Several memories, here `mem_id` 1 and 2, with the capacities and bandwidths of a target:

    suite = MemoryPlanningAlgorithmSuite([functools.partial(plan_memory, target="board.toml")])
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tmpass.integrations.executorch.banks import Banks, memories_of
from tmpass.integrations.executorch.place import Search, place_specs
from tmpass.integrations.executorch.specs import Around
from tmpass.integrations.executorch.touched import traffic_of, uses_of
from tmpass.packing.allocate import DEFAULT_NODES
from tmpass.targets.load import load_target
from tmpass.targets.target import Target

if TYPE_CHECKING:
    from executorch.exir.memory_planning import MemoryAlgoResult


def plan_memory(
    alignment: int,
    specs: Iterable[Any],
    graph_module: Any,
    graph_signature: Any,
    extra_padding: int = 0,
    *,
    target: Target | str | None = None,
    allocator: str = "auto",
    nodes: int = DEFAULT_NODES,
) -> "MemoryAlgoResult":
    """Place `specs`: an algorithm for ExecuTorch's MemoryPlanningAlgorithmSuite.

    The bytes of bodies are reserved for the whole run, since the result of a branch stays there after the branch.
    ExecuTorch itself gives all bodies the same bytes, so two conditionals whose results are alive at once overlap with
    any algorithm.

    With a target, `mem_id` 1, 2, ... are its memories that operators use directly and that hold more than weights,
    nearest first. Each spec goes to the one where touching its bytes costs the least, within all capacities. A spec
    whose `mem_id` a pass before has set stays there, as do those of memories that the target does not have. ExecuTorch
    has bodies planned first, so they come first to the fast memory.

    Args:
        alignment: of every offset, in bytes.
        specs: the tensors to place, with their lifetimes.
        graph_module: has the sizes of its bodies' memories, and the operators.
        graph_signature: says which inputs are variables; used with a target only.
        extra_padding: bytes to add to each memory in use.
        target: a Target, the name of a built-in profile or a path of a TOML file; None for one memory.
        allocator: the name of one, as for tmpass.allocate; with a target only "auto".
        nodes: budget of each search, in nodes. The same budget gives the same plan.

    Raises:
        ModelError: a view is not inside its storage, its storage is not placed, or specs do not fit into the target.
        BudgetError: the budget ended before it was known whether they fit.
        TargetError: the target cannot be read, or has no memory for tensors.
        UsageError: a target with another allocator than "auto".
    """
    from executorch.exir.memory_planning import MemoryAlgoResult, SpecAllocResult

    ordered = list(specs)
    banks = None
    if target is not None:
        memories = memories_of(load_target(target) if isinstance(target, str) else target)
        uses = uses_of(graph_module, graph_signature, ordered)
        banks = Banks(memories, traffic_of(graph_module, ordered), uses)
    around = Around(tuple(getattr(graph_module, "input_mem_buffer_sizes", None) or ()), extra_padding)
    places, sizes = place_specs(alignment, ordered, around, banks, Search(allocator, nodes))
    found = {
        spec: SpecAllocResult(place.mem_id, place.group, place.offset)
        for spec, place in zip(ordered, places, strict=True)
    }
    return MemoryAlgoResult(found, sizes)
