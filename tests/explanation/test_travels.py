"""Why buffers leave the scratchpad, and what would keep them there."""

import json
import re

import pytest
from make_models import FOLDER
from support.travelling import network, planned, target

from tmpass.api.plan import plan
from tmpass.explanation.explain import explain
from tmpass.explanation.travels import find_travels
from tmpass.explanation.weight_facts import Place
from tmpass.explanation.weights import find_weights
from tmpass.report.curve import curve_rows
from tmpass.report.json.explanation import to_json
from tmpass.report.terminal.curve import curve_note
from tmpass.report.terminal.explanation import head

PLAN = planned(network(), target(88, 8))


def test_explain_says_why_each_buffer_leaves():
    found = find_travels(PLAN)
    first, second = found.travellers
    assert (first.tensor.name, first.moved, first.away) == ("t1", 64, ((2, 6),))
    assert (second.tensor.name, second.moved, second.away) == ("t2", 32, ((4, 4),)) or second.moved == 32
    assert first.step is not None
    assert first.needed > 88
    assert first.missing > 0
    for one in found.travellers:  # with so much more room, and as much for what it was away with, fewer bytes are moved
        more = planned(network(), target(88 + -(-one.missing // 8) * 8, 8))
        assert (more.transfers.moved if more.transfers else 0) < PLAN.transfers.moved


@pytest.mark.parametrize("budget", [33_000, 36_792, 36_800, 37_000])
def test_constants_that_fill_what_is_free_are_not_among_what_is_missing(budget):
    """With all constants streamed the model needs 37,136 bytes, so no more than the rest of these keeps all buffers."""
    found = explain(FOLDER / "branchy.onnx", budget=budget).travels
    assert found is not None
    assert any(row.use == "resident" for row in found.plan.constants)
    least = explain(FOLDER / "branchy.onnx", budget=budget, transfers="never")
    assert max(one.missing for one in found.travellers) <= least.least_budget - budget
    assert all(one.missing > 0 for one in found.travellers if one.away)


def test_an_explanation_of_a_model_is_that_of_its_plan_without_transfers():
    known = explain(FOLDER / "branchy.onnx", budget=33_000)
    assert known.travels is not None
    assert (known.plan.fits, known.plan.transfers, known.status) == (False, None, "optimal")
    facts = json.loads(to_json(known))
    assert (facts["status"], facts["fits"], facts["missing"]) == ("optimal", True, 0)
    assert facts["peak"] == known.travels.plan.memories[0].peak
    assert facts["needed"]["bytes"] <= 33_000
    without = facts["without_transfers"]
    assert (without["status"], without["fits"], without["missing"]) == (known.plan.status, False, known.missing)
    assert without["least_budget"]["bytes"] == known.least_budget > 33_000
    assert without["alive"]
    assert not {"least_budget", "alive", "changes"} & set(facts)
    assert "curve" not in without
    facts = facts["transfers"]
    assert facts["spilled"] + facts["fetched"] == sum(one["moved"] for one in facts["travellers"])


def test_an_explanation_without_transfers_has_all_at_the_top():
    facts = json.loads(to_json(explain(FOLDER / "branchy.onnx", budget=33_000, transfers="never")))
    assert not {"transfers", "without_transfers"} & set(facts)
    assert facts["missing"] > 0
    assert facts["least_budget"]["bytes"] > 33_000


def test_what_is_said_of_the_plan_without_transfers_is_marked():
    lines = head(explain(FOLDER / "branchy.onnx", budget=33_000)).splitlines()
    assert lines[0].startswith("fits         yes, with transfers: ")
    assert lines[1].startswith("without      no: ")
    (budget,) = (line for line in lines if line.startswith("least budget"))
    assert re.match(r"least budget \d+ B \([\d.]+ KiB\) without transfers[,;] ", budget)
    never = head(explain(FOLDER / "branchy.onnx", budget=33_000, transfers="never"))
    assert "transfers" not in never


def test_a_budget_with_enough_room_is_no_claim_about_transfers_either():
    known = explain(FOLDER / "branchy.onnx")
    assert known.may_travel
    assert " without transfers" in head(known)
    assert not explain(FOLDER / "branchy.onnx", "tflm").may_travel


def test_the_curve_has_the_transfers_of_sizes_that_fit_with_them_only():
    known = explain(FOLDER / "branchy.onnx", budget=33_000, curve=True)
    heads, rows = curve_rows(known.curve)
    (own,) = (row for row in rows if "this plan" in row[-1])
    assert (heads[1:3], own[1:3]) == (["fits", "moved"], ["with transfers", str(known.travels.plan.transfers.moved)])
    assert any("least without transfers" in row[-1] for row in rows)
    assert "moved: bytes of spills and fetches in each run" in curve_note(known)
    never = explain(FOLDER / "branchy.onnx", budget=33_000, transfers="never", curve=True)
    assert not any("transfers" in cell for row in curve_rows(never.curve)[1] for cell in row)
    assert "transfers" not in curve_note(never)


def test_a_constant_that_is_streamed_names_the_step_that_has_too_little_room_for_it():
    """Copies lie among the buffers, so that the room of a step is what is free there, wherever that is."""
    made = plan(FOLDER / "branchy.onnx", budget=33_000)
    known = find_weights(made)
    assert known.among
    assert known.least_streamed is None
    streamed = [row for row in known.rows if row.place is Place.STREAMED]
    assert streamed
    lacks = [re.search(r"to stay it needs (\d+) B, and step (\d+) has (\d+) B left", row.why) for row in streamed]
    near = [b for b in made.buffers if b.memory == made.memories[0].name]
    copies = [row for row in made.constants if row.use != "stored"]
    for row, found in zip(streamed, lacks, strict=True):
        if found is None:
            assert "not chosen, though each step has" in row.why
            continue
        needed, step, left = map(int, found.groups())
        own = [c for c in copies if c.tensors != row.tensors]
        there = sum(-(-b.size // 64) * 64 for b in (*near, *own) if b.lower <= step < b.upper)
        assert needed == -(-row.size // 64) * 64 > left
        assert left == max(0, -(-made.memories[0].capacity // 64) * 64 - there)
