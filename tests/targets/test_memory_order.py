"""A profile whose first memory is the large, slow one: the plan says which memory it fills."""

from dataclasses import replace

import pytest
from make_models import FOLDER

import tmpass
from tmpass.targets import Memory, Target, target_names
from tmpass.targets.memory_order import faster_behind

BOTH = ("activations", "inputs_outputs")
SRAM = Memory("sram", 96 << 10, 16, BOTH, bandwidth=400 * 10**6)
PSRAM = Memory("psram", 2 << 20, 16, BOTH, bandwidth=40 * 10**6)


def board(*memories):
    return Target("board", "", "", memories)


def test_a_plan_for_the_slow_memory_names_the_fast_one_behind_it():
    made = tmpass.plan(FOLDER / "branchy.tflite", board(PSRAM, SRAM))
    (said,) = [line for line in made.warnings if "psram" in line]
    assert said == (
        "the plan fills psram first, since target board lists it first; sram behind it is smaller and faster: "
        "if that is to be filled first, put its [[memory]] above that of psram"
    )


@pytest.mark.parametrize(
    "memories",
    [
        (SRAM, PSRAM),
        (PSRAM, replace(SRAM, bandwidth=None)),
        (replace(PSRAM, bandwidth=None), SRAM),
        (PSRAM, replace(SRAM, capacity=4 << 20)),
        (PSRAM, replace(SRAM, holds=("weights",))),
        (PSRAM, replace(SRAM, compute=False)),
    ],
    ids=["fast first", "speed not known", "first speed not known", "larger", "holds weights", "only behind"],
)
def test_nothing_is_said_where_no_mistake_is_likely(memories):
    assert faster_behind(board(*memories)) == ""


def test_no_built_in_profile_is_doubted():
    assert not any(faster_behind(target) for target in map(tmpass.load_target, target_names()))
