"""How much is alive while each operator runs, as node data for Model Explorer: loaded over the graph, it colours it.

A node is found by the operator's name, which is the id that the ONNX adapter gives it, and in TFLite the name of its
first output, which is as good. The data fit every graph of a model, so that they can be loaded over each.
"""

from bisect import bisect_right

from tmpass.base.json_text import json_text
from tmpass.plans.peak_step import deciding_memory, live_bytes
from tmpass.plans.plan import MemoryUse, Plan

NAME = "model-explorer"
SUFFIX = ".model-explorer.json"
SUMMARY = "node data for Model Explorer: live bytes by operator"

GRADIENT = ({"stop": 0, "bgColor": "#ffffff"}, {"stop": 1, "bgColor": "#e8590c"})
"""From the operator with the fewest bytes to that with the most."""


def emit(plan: Plan) -> str:
    """The live bytes of each step of `plan`, in the memory that decides whether it fits, as node data."""
    memory = deciding_memory(plan)
    alive = live_by_step(plan, memory)
    results: dict[str, dict[str, int]] = {}
    for step in plan.schedule:
        # A body that is called twice, or a name that is used twice, shows the fuller one.
        value = max(alive[step.step], results.get(step.name, {"value": 0})["value"])
        results[step.name] = {"value": value}
    data = {"name": f"live bytes in {memory.name}", "results": results, "gradient": GRADIENT}
    return json_text(data, indent=1) + "\n"


def live_by_step(plan: Plan, memory: MemoryUse) -> list[int]:
    """The bytes alive in `memory` at each step."""
    rows = live_bytes(plan, memory)
    begins = [begin for begin, _ in rows]
    places = (bisect_right(begins, step.step) for step in plan.schedule)
    return [rows[place - 1][1] if place else 0 for place in places]
