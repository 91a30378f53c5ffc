"""The kind of each buffer and the colour of each kind: the same in every picture of a plan."""

from collections.abc import Iterable, Mapping

from tmpass.graph.model import TensorKey
from tmpass.plans.plan import Plan, PlannedBuffer, PlannedTensor
from tmpass.report.drawn import constant_kind, drawn_constants

COLOURS = (
    "#7fb2f0",
    "#f6a960",
    "#86c98a",
    "#ee8b85",
    "#b9a3e3",
    "#5fc2b6",
    "#f0cf5a",
    "#f29ac1",
    "#c9a283",
    "#b3c65c",
    "#8fd6f2",
)
"""Colours of operator kinds, for the kind with the most bytes first.

Dark text is readable on each of them, and each is visible on white and on black.
"""

OTHERS = "other operators"
GIVEN = {"input": "#a9bcd0", "variable": "#8799b0", "scratch": "#ddd3c0", "outside of all steps": "#b8b8b8"}
CONSTANTS = {"constant": "#c3c9a5", "streamed constant": "#e6cfa8"}
_OTHERS_COLOUR = "#c6c9ce"


def kind_of(plan: Plan, buffer: PlannedBuffer, rows: Mapping[TensorKey, PlannedTensor]) -> str:
    """The kind of the operator that writes `buffer` first, or "input", "variable" or "scratch".

    Args:
        plan: the plan that has the buffer.
        buffer: one of its buffers.
        rows: the tensors of `plan` by subgraph and index.
    """
    roles = [rows[key].role for key in buffer.tensors if key in rows]
    given = next((role for role in roles if role in GIVEN), None)
    if given is not None:
        return given
    if buffer.step is not None:
        return "scratch"
    buffer = buffer if buffer.first is None else plan.buffers[buffer.first]
    return plan.schedule[buffer.lower].kind if buffer.lower < len(plan.schedule) else "outside of all steps"


def colours_of(plans: Iterable[Plan]) -> dict[str, str]:
    """The colour of each kind in `plans`: operators by falling bytes, then the kinds in GIVEN, then constants.

    Operator kinds beyond the last colour have the colour of OTHERS, which has a row of its own before them.
    """
    total: dict[str, int] = {}
    constants: set[str] = set()
    for plan in plans:
        rows = plan.tensors_by_key()
        for b in plan.buffers:
            kind = kind_of(plan, b, rows)
            total[kind] = total.get(kind, 0) + b.size
        constants.update(map(constant_kind, drawn_constants(plan)))
    operators = sorted((kind for kind in total if kind not in GIVEN), key=lambda kind: (-total[kind], kind))
    colours = dict(zip(operators, COLOURS, strict=False))
    if rest := operators[len(COLOURS) :]:
        colours |= dict.fromkeys((OTHERS, *rest), _OTHERS_COLOUR)
    colours |= {kind: colour for kind, colour in GIVEN.items() if kind in total}
    return colours | {kind: colour for kind, colour in CONSTANTS.items() if kind in constants}
