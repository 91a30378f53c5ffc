"""The status of a plan whose buffers are moved to the offsets of a file."""

from pathlib import Path

import pytest

import tmpass
from tmpass.api.moved_plan import moved_plan

MODEL = Path(__file__).parents[2] / "models" / "branchy.tflite"
PEAK = 36864


def moved(by, budget=None, model=MODEL):
    made = tmpass.plan(model, "tflm", budget=budget)
    bases = {row.id: row.offset + by for row in made.buffers if row.memory == made.memories[0].name}
    return made, moved_plan(made, bases, None)


@pytest.mark.parametrize(
    ("by", "more", "status", "fits"),
    [
        (0, 0, "optimal", True),  # the lower bound is reached
        (64, 64, "feasible", True),  # it fits, and a smaller plan exists
        (64, 0, "unknown", False),  # that it does not fit there proves nothing
        (0, -16, "infeasible", False),  # as the lower bound says, wherever buffers are
        (64, -16, "infeasible", False),
    ],
)
def test_offsets_decide_the_status(by, more, status, fits):
    needed = tmpass.plan(MODEL, "tflm").memories[0].needed
    made, found = moved(by, budget=needed + more)
    assert made.memories[0].peak == PEAK
    assert found.memories[0].peak == PEAK + by
    assert (found.status, found.fits) == (status, fits)
