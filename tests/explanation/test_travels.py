"""Why buffers leave the scratchpad, and what would keep them there."""

import json
import re

from make_models import FOLDER
from support.travelling import network, planned, target

from tmpass.api.plan import plan
from tmpass.explanation.explain import explain
from tmpass.explanation.travels import find_travels
from tmpass.explanation.weight_facts import Place
from tmpass.explanation.weights import TRAVELS, find_weights
from tmpass.report.curve import curve_rows
from tmpass.report.json.explanation import to_json
from tmpass.report.terminal.curve import curve_note
from tmpass.report.terminal.explanation import head
from tmpass.report.weights import weight_lines

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
    assert re.match(r"least budget \d+ B \([\d.]+ KiB\) without transfers[,;] ", lines[3])
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


def test_a_constant_that_could_stay_is_streamed_since_buffers_leave():
    known = find_weights(plan(FOLDER / "branchy.onnx", budget=33_000))
    assert known.among
    streamed = [row for row in known.rows if row.place is Place.STREAMED]
    assert streamed
    assert {row.why for row in streamed} == {TRAVELS}
    assert ("why", TRAVELS) in weight_lines(known)
    other = find_weights(plan(FOLDER / "branchy.onnx", budget=45_000))
    assert not other.among
    assert TRAVELS not in {row.why for row in other.rows} | set(dict(weight_lines(other)).values())
