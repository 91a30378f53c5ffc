"""Why buffers leave the scratchpad, and what would keep them there."""

import json

from make_models import FOLDER
from support.travelling import network, planned, target

from tmpass.explanation.explain import explain
from tmpass.explanation.travels import find_travels
from tmpass.report.json.explanation import to_json

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
    facts = json.loads(to_json(known))["transfers"]
    assert facts["spilled"] + facts["fetched"] == sum(one["moved"] for one in facts["travellers"])
