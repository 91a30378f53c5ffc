"""What the file of a planned model lacks where its runtime has one arena and the plan has several memories."""

from tmpass.base.choices import Role
from tmpass.base.errors import brief
from tmpass.plans.plan import Plan
from tmpass.targets import RUNTIMES

NO_OFFSETS = "a planned file has no offsets for "
"""How the note begins."""


def planner_note(plan: Plan) -> str:
    """The tensors for which a planned file has no offsets, and what the firmware needs for them; empty if it has all.

    Variables do not count: the runtime keeps them apart, wherever a plan has them.
    """
    runtime = RUNTIMES[plan.target.runtime]
    if not runtime.keeps_offsets or len(plan.memories) == 1:
        return ""
    roles = {(row.subgraph, row.index): row.role for row in plan.tensors}
    beyond = {
        buffer.memory: None
        for buffer in plan.buffers
        if buffer.memory != plan.target.memory and any(roles[key] != Role.VARIABLE for key in buffer.tensors)
    }
    if not beyond:
        return ""
    names = " and ".join(brief(name) for name in beyond)
    alone = f"without a planner {runtime.title} puts them into its arena"
    writes = "tmpass emit PLANNED -f tflm-planner -o net.planner.h writes the planner"
    return f"{NO_OFFSETS}the tensors in {names}: {alone}; {writes}"
