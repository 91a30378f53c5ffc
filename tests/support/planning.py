"""Plans for tests: for a target that allows every sharing, and with classes that nobody has judged."""

from tmpass.aliases import Aliases
from tmpass.allocate import allocate
from tmpass.assemble import Fill, assemble, distribute
from tmpass.graph import Graph
from tmpass.liveness import find_storage, live_ranges
from tmpass.plan import ModelInfo, Options, Plan, PlannedOrder
from tmpass.schedule.file_order import file_order
from tmpass.schedule.timeline import schedule
from tmpass.target import EVERY, Memory, Sharing, Target

INFO = ModelInfo("test", "test", "0" * 64)
MEMORY = Memory("arena", None, 1, ("activations", "variables", "inputs_outputs"))
ALL = Target("all", "allows every sharing", "", (MEMORY,), Sharing((EVERY,), (EVERY,), (EVERY,)))


def assembled(graph: Graph, aliases: Aliases, options: Options, target: Target = ALL) -> Plan:
    """The plan of `graph` with the classes of `aliases`, right or wrong; all else in it is right."""
    timeline = schedule(graph, file_order)
    ranges = live_ranges(graph, timeline, keep_inputs=options.keep_inputs, loops_copy=target.runtime.loops_copy)
    storage = find_storage(
        graph, timeline, aliases, keep_inputs=options.keep_inputs, external=frozenset(), ranges=ranges
    )
    fills = [
        Fill(memory, at, allocate(problem, nodes=10)) for memory, problem, at in distribute(graph, storage, target)
    ]
    return assemble(INFO, target, options, graph, timeline, storage, fills, PlannedOrder("given", 0, 0))
