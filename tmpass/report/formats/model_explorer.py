"""The live bytes of each operator as node data for Model Explorer, which colours its graph with them.

Nodes are matched by the operator's name: in ONNX the id that Model Explorer's adapter gives a node, in TFLite the name
of the first output. The data can be loaded over every graph of a model.
"""

from bisect import bisect_right

from tmpass.base.json_text import json_text
from tmpass.plans.peak_step import deciding_arena, live_bytes
from tmpass.plans.plan import MemoryUse, Plan

NAME = "model-explorer"
SUFFIX = ".model-explorer.json"
SUMMARY = "node data for Model Explorer: live bytes by operator"

GRADIENT = ({"stop": 0, "bgColor": "#ffffff"}, {"stop": 1, "bgColor": "#e8590c"})
"""From the operator with the fewest live bytes to the one with the most."""


def emit(plan: Plan) -> str:
    """Node data with the live bytes of each step, in the memory with buffers that decides whether `plan` fits."""
    memory = deciding_arena(plan)
    alive = live_by_step(plan, memory)
    results: dict[str, dict[str, int]] = {}
    for step in plan.schedule:
        # Of several steps with one name, such as the calls of a body, the one with the most live bytes counts.
        value = max(alive[step.step], results.get(step.name, {"value": 0})["value"])
        results[step.name] = {"value": value}
    data = {"name": f"live bytes in {memory.name}", "results": results, "gradient": GRADIENT}
    return json_text(data, indent=1) + "\n"


def live_by_step(plan: Plan, memory: MemoryUse) -> list[int]:
    """The live bytes in `memory` at each step."""
    rows = live_bytes(plan, memory)
    begins = [begin for begin, _ in rows]
    places = (bisect_right(begins, step.step) for step in plan.schedule)
    return [rows[place - 1][1] if place else 0 for place in places]
