"""Budgets that are too small for what only the first of several memories may hold."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from support.drawn_reads import drawn
from tflite_writer import Operator, Subgraph, Tensor, write_model

import tmpass
from tmpass.explanation.capacity_curve import curve_of
from tmpass.loading.load import Model, load
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.plan_json import parse_plan
from tmpass.targets import Memory, Sharing, Target, load_target
from tmpass.verification.plan import check_plan

MODELS = Path(__file__).parents[3] / "models"
ENDS, EVERY = ("inputs_outputs",), ("activations", "variables", "inputs_outputs", "weights")


BOARD = (
    Memory("sram", 1 << 20, 16, ("activations", *ENDS)),
    Memory("psram", 1 << 20, 16, ("activations",)),
    Memory("flash", 1 << 20, 16, ("weights",)),
)
"""Inputs and outputs are in the SRAM only."""

PLAIN, TFLM = Target("board", "", "", BOARD, Sharing()), replace(load_target("tflm"), memories=BOARD, word=4)


def two_inputs():
    """Inputs a and b of 64 bytes: c = relu(a), then c + b, an output. All is at least 128 bytes of inputs, at once."""
    tensors = [Tensor(name, [16], "FLOAT32") for name in "abcd"]
    return write_model([Subgraph(tensors, [Operator("RELU", [0], [2]), Operator("ADD", [2, 1], [3])], [0, 1], [3])])


@pytest.mark.parametrize(("transfers", "held"), [("never", 128), ("auto", 128)])
def test_inputs_that_are_alive_together_are_a_bound(transfers, held):
    """Where buffers may travel, an input may be away until it is read: b and d are touched together."""
    for budget in (0, 64, held - 1):
        made = tmpass.plan(two_inputs(), PLAIN, budget=budget, transfers=transfers)
        assert (made.status, made.order.held_bound) == ("infeasible", held)
        missing = f"proved: at least {held - budget} B are missing for what only sram may hold, in any order"
        assert made.summary().splitlines()[0] == f"fits         no; {missing}"
        assert parse_plan(made.to_json()) == made
    made = tmpass.plan(two_inputs(), PLAIN, budget=held, transfers=transfers)
    assert made.fits
    assert made.order.held_bound is None


def test_with_the_tail_of_an_arena_less_padding_in_another_order_is_ruled_out():
    path, target = MODELS / "branchy.tflite", TFLM
    least = next(one.size for one in curve_of(tmpass.plan(path, target), path, target) if one.fits)
    assert tmpass.plan(path, target, budget=least).fits
    for less in (1, 16, 256, 1024):  # the first two were open for the padding in other orders, which has too few bytes
        made = tmpass.plan(path, target, budget=least - less)
        assert made.status == "infeasible", less
        assert f"{less} B are missing for what only sram may hold" in made.summary().replace(" (1 KiB)", "")
        assert tmpass.verify(made, path, target=target) == ()


def test_with_transfers_required_a_layout_that_was_not_divided_proves_nothing():
    """With some buffers in the second memory any budget is enough, which a plan with transfers does not try."""
    memories = (replace(BOARD[0], capacity=None), replace(BOARD[1], holds=("activations", *ENDS)), BOARD[2])
    both = replace(PLAIN, memories=memories)
    for budget in (0, 64, 100):
        assert tmpass.plan(two_inputs(), both, budget=budget).fits
        made = tmpass.plan(two_inputs(), both, budget=budget, transfers="required")
        assert made.fits or made.status == "unknown", budget


def test_plan_and_explain_have_the_same_two_figures():
    """What is proved to be missing in any plan, and what this one lacks, with all buffers in the SRAM."""
    made = tmpass.plan(two_inputs(), PLAIN, budget=64, transfers="never")
    lacking = made.memories[0].shortfall
    assert lacking > 64
    assert f"; {lacking} B missing in this plan" in made.summary()
    said = tmpass.explain(two_inputs(), PLAIN, budget=64, transfers="never").summary().splitlines()
    assert said[0].startswith(f"fits         no: {lacking} B are missing in this plan, ")
    assert said[1] == "proved       at least 64 B are missing for what only sram may hold, in any order"


def test_a_claim_is_held_against_the_plan():
    made = tmpass.plan(two_inputs(), PLAIN, budget=64)
    graph = load(two_inputs()).graph
    above = made.memories[0].peak + made.memories[0].loaded + 1
    wrong = replace(made, order=replace(made.order, held_bound=above))
    (found,) = check_plan(wrong, graph)
    assert "no other memory may hold" in found.message


@pytest.mark.parametrize("middle", [("activations", *ENDS), ("activations",), ENDS])
@pytest.mark.parametrize("seeds", [range(first, first + 5) for first in range(0, 20, 5)])
def test_what_is_proved_too_small_is_smaller_than_all_that_fits(middle, seeds):
    """Before, with inputs and outputs alone in the second memory, budgets above the least were "proved" too small."""
    for seed in seeds:
        rng = random.Random(seed)
        model = Model(ModelInfo("test", "test", "0" * 64), drawn(rng))
        chunk, alignment = rng.choice((None, 8, 16)), rng.choice((1, 4, 8))
        fits, small, open_ = [], [], 0
        for room in range(0, 160, 4):
            memories = (
                Memory("near", room, alignment, EVERY),
                Memory("middle", None, 1, middle),
                Memory("far", None, 1, ("weights",), compute=False, chunk=chunk),
            )
            made = tmpass.plan(model, Target("device", "", "", memories, Sharing()), transfers="never")
            (fits if made.fits else small if made.status == "infeasible" else []).append(room)
            open_ += made.status == "unknown"
        assert not fits or not small or max(small) < min(fits), seed
        if len(middle) == 2 and fits:
            assert fits == list(range(min(fits), 160, 4)), seed
            assert open_ <= 2, seed
