"""Plans for tests: for a target that allows every sharing, and with given alias classes, right or wrong."""

from tmpass.graph.model import Graph
from tmpass.packing.allocate import allocate
from tmpass.planning.assemble import assemble
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout import Layout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.liveness import find_roles, find_storage, live_ranges
from tmpass.planning.memories import MemoryAllocation, distribute
from tmpass.planning.ordering.file_order import file_order
from tmpass.planning.residency.constants import find_stored
from tmpass.planning.residency.overhead import Besides
from tmpass.planning.sharing.aliases import Aliases
from tmpass.planning.timeline.lay_out import schedule
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.plan import Options, Plan
from tmpass.plans.planned_order import PlannedOrder
from tmpass.targets import EVERY, Memory, Sharing, Target

INFO = ModelInfo("test", "test", "0" * 64)
MEMORY = Memory("arena", None, 1, ("activations", "variables", "inputs_outputs"))
ALL = Target("all", "allows every sharing", "", (MEMORY,), Sharing((EVERY,), (EVERY,), (EVERY,)))


def assembled(graph: Graph, aliases: Aliases, options: Options, target: Target = ALL) -> Plan:
    """The plan of `graph` with the classes of `aliases`, right or wrong; all else in it is right."""
    timeline = schedule(graph, file_order)
    ranges = live_ranges(graph, timeline, keep_inputs=options.keep_inputs, loops_copy=target.runtime.loops_copy)
    storage = find_storage(graph, find_roles(graph), aliases, ranges, external=frozenset())
    allocations = tuple(
        MemoryAllocation(memory, at, allocate(problem, nodes=10))
        for memory, problem, at in distribute(graph, storage, target)
    )
    request = LayoutRequest(graph, target, options, frozenset(), {})
    ordered = OrderedLayout(timeline, Layout(storage, allocations), PlannedOrder("given", 0, 0))
    return assemble(INFO, request, ordered, Besides(find_stored(graph, target)))
