"""Buffers in a second memory, where the first one has too little room for all."""

from pathlib import Path

import pytest

import tmpass
from tmpass.targets import parse_target

MODELS = Path(__file__).parents[3] / "models"
BOARD = """
name = "board"
summary = "fast and slow memory"
standing = "data sheet"
runtime = "tflm"
word = { value = 4, source = "data sheet" }
""" + "".join(
    f"""
[[memory]]
name = "{name}"
capacity = {{ value = "unlimited", source = "data sheet" }}
alignment = {{ value = 16, source = "runtime" }}
holds = {holds}
"""
    for name, holds in (("sram", '["activations", "inputs_outputs"]'), ("psram", '["activations", "inputs_outputs"]'),
                        ("flash", '["weights"]'))
)  # fmt: skip


@pytest.mark.parametrize("name", ["branchy", "attention", "control_flow"])
def test_a_budget_of_a_byte_less_is_met_wherever_a_smaller_one_is(name):
    """The arena's rounding is not counted with the tail, whose bytes are not a multiple of 16 where pointers have 4."""
    path, target = MODELS / f"{name}.tflite", parse_target(BOARD, "board.toml")
    first = tmpass.plan(path, target)
    assert first.fits
    one_less = tmpass.plan(path, target, budget=first.memories[0].needed - 1)
    assert one_less.fits
    for less in range(1, 18):
        budget = one_less.memories[0].needed - less
        made = tmpass.plan(path, target, budget=budget)
        assert made.fits, budget
        assert made.memories[0].needed <= budget


def test_no_least_budget_is_claimed_where_buffers_may_be_elsewhere():
    path, target = MODELS / "branchy.tflite", parse_target(BOARD, "board.toml")
    budget = tmpass.plan(path, target).memories[0].needed - 1
    known = tmpass.explain(path, target, budget=budget)
    smaller = tmpass.plan(path, target, budget=known.least_budget - 1)
    assert smaller.fits
    assert known.elsewhere == "psram"
    assert "proved" not in known.summary().partition("least budget")[2].partition("\n")[0]


def test_the_least_budget_says_of_which_memory_it_is_and_what_the_curve_has_below_it():
    path, target = MODELS / "branchy.tflite", parse_target(BOARD, "board.toml")
    said = [
        tmpass.explain(path, target, budget=budget, curve=curve)
        .summary()
        .partition("least budget ")[2]
        .partition("\n")[0]
        for budget, curve in (("48KiB", False), ("48KiB", True), (4608, False))
    ]
    below = "none below 3872 B (3.781 KiB)"
    assert said == [
        f"39904 B (38.97 KiB) of sram; less may be enough, with more buffers in psram; {below} (--curve)",
        f"39904 B (38.97 KiB) of sram; 4608 B (4.5 KiB) are enough, with more buffers in psram; {below}",
        (
            "4608 B (4.5 KiB) to prepare the model, by rules that may count 528 B and 3 % too much; "
            f"{below}, wherever buffers are"
        ),
    ]
