"""`plan` and `explain` offer a split where it makes a model fit, with the figure of the split."""

import json
from dataclasses import replace

import pytest
from support.onnx_split_models import onnx_bottleneck
from support.open_sizes import opened
from support.split_bottleneck import bottleneck

import tmpass
from tmpass.api import split_offer
from tmpass.api.split_offer import NoSplit, offer_split
from tmpass.base.errors import VerificationError
from tmpass.explanation.explain import explain
from tmpass.loading.load import load
from tmpass.report.json.explanation import to_json
from tmpass.splitting.search import Search

MODEL = bottleneck()
NEEDED = tmpass.plan(MODEL, "tflm").memories[0].needed


def offered(budget, target="tflm"):
    profile = tmpass.load_target(target).override(budget, None)
    return offer_split(MODEL, tmpass.plan(MODEL, profile), profile)


def test_the_offer_is_a_split_that_fits():
    budget = NEEDED * 3 // 4
    offer = offered(budget)
    assert offer.needed <= budget
    assert offer.needed == tmpass.split(MODEL, "tflm", budget=budget).plan.memories[0].needed
    assert "split, it fits: " in offer.text


def test_a_model_that_fits_gets_no_offer():
    assert offered(NEEDED) is None


def test_what_no_split_reaches_is_ruled_out_without_a_search(monkeypatch):
    """The bound holds for every split: it is below the fewest bytes that a search with full effort finds."""

    def fail(*_args):
        raise AssertionError

    monkeypatch.setattr(Search, "within", fail)
    found = offered(2048)
    assert found.tried
    assert 2048 < found.least <= tmpass.split(MODEL, "tflm", max_macs=1.0, max_slowdown=1.0).needed[0]
    assert found.text.startswith("split, it does not fit either: any choice of equal parts needs")
    assert f" {found.least} B" in found.text


def test_a_search_that_finds_no_split_proves_nothing(monkeypatch):
    monkeypatch.setattr(Search, "within", lambda *_: None)
    found = offered(NEEDED * 3 // 4)
    assert found.tried
    assert found.least is None
    assert found.text == "split, none that fits was found in a short search; tmpass split searches longer"


def test_explain_says_that_there_is_no_split_and_why():
    """One line of the text, and an object of the JSON: who reads them knows whether a split is worth trying."""
    again = tmpass.split(MODEL, "tflm").data
    for known, tried, why in (
        (explain(MODEL, "tflm", budget=2048), True, "it does not fit either"),
        (explain(MODEL, "tflm", budget=2048, schedule="given"), False, "a split is planned with the usual options"),
        (explain(load(MODEL), "tflm", budget=2048), False, "a loaded model has no file"),
        (explain(again, "tflm", budget=2048), False, "it is split already; split the original"),
    ):
        assert not known.plan.fits
        (line,) = [line for line in known.summary().splitlines() if line.startswith("split, ")]
        assert why in line
        assert ("nothing was tried" in line) is not tried
        assert json.loads(to_json(known))["no_split"]["tried"] is tried


def test_a_bound_for_one_memory_rules_nothing_out_where_buffers_may_be_in_another():
    """What the scratchpad does not hold, the second memory may: the sum of both has room for a smaller split."""
    sram = tmpass.load_target("tflm").scratchpad
    sizes = {"sram": 20 << 10, "psram": 4 << 10}
    both = tuple(replace(sram, name=name, capacity=size) for name, size in sizes.items())
    target = replace(tmpass.load_target("tflm"), memories=(*both, *tmpass.load_target("tflm").memories[1:]))
    made = tmpass.split(MODEL, target)
    assert not made.fits
    assert made.status == "unknown"
    assert made.bound.bytes < 20 << 10, "what the runtime keeps, which no other memory holds"
    assert offer_split(MODEL, tmpass.plan(MODEL, target), target).least is None


def test_what_the_runtime_keeps_alone_rules_splits_out_beside_another_memory():
    tflm = tmpass.load_target("tflm")
    both = (replace(tflm.scratchpad, capacity=1 << 10), replace(tflm.scratchpad, name="psram", capacity=None))
    made = tmpass.split(MODEL, replace(tflm, memories=(*both, *tflm.memories[1:])))
    assert (made.status, made.bound.bytes > 1 << 10) == ("infeasible", True)


def test_no_split_is_tried_where_constants_do_not_fit_their_memory(monkeypatch):
    def fail(*_args):
        raise AssertionError

    profile = tmpass.load_target("tflm-nrf52840").override(8192, None)
    small = tuple(
        replace(memory, capacity=1024) if memory is profile.constants_home else memory for memory in profile.memories
    )
    profile = replace(profile, memories=small)
    monkeypatch.setattr(split_offer, "quick_split", fail)
    found = offer_split(MODEL, tmpass.plan(MODEL, profile), profile)
    assert found == NoSplit(False, "constants do not fit, and splitting does not make them smaller")


def test_a_runtime_that_does_not_read_the_format_gets_no_offer():
    model = onnx_bottleneck()
    profile = tmpass.load_target("tflm").override(40_000, None)
    made = tmpass.plan(model, profile)
    assert not made.fits
    assert offer_split(model, made, profile) is None


def test_models_for_a_compiler_get_an_offer():
    """Nothing is known of the runtime of such a target, so it may read models of any format."""
    model = onnx_bottleneck()
    for data, capacity in ((MODEL, NEEDED // 2), (model, 48 << 10)):
        profile = tmpass.load_target("pixel6-tpu").override(capacity, None)
        made = tmpass.plan(data, profile)
        assert not made.fits
        found = offer_split(data, made, profile)
        assert found is not None
        assert found.needed <= capacity


def test_explain_has_the_offer():
    known = explain(MODEL, "tflm", budget=NEEDED * 3 // 4)
    assert known.split is not None
    assert explain(MODEL, "tflm", budget=NEEDED).split is None


@pytest.mark.parametrize(
    "options",
    [{"keep_inputs": True}, {"schedule": "given"}, {"inplace": False}, {"io": "external"}],
)
def test_a_plan_with_other_options_gets_no_offer(options):
    """The split is planned without them, so it may not fit with them."""
    profile = tmpass.load_target("pixel6-tpu" if "io" in options else "tflm").override(NEEDED * 3 // 4, None)
    made = tmpass.plan(MODEL, profile, **options)
    assert not made.fits
    assert not offer_split(MODEL, made, profile).tried


@pytest.mark.parametrize("error", [VerificationError("a wrong split", violations=()), ValueError("a\nb")])
def test_a_fault_is_one_line_and_leaves_the_answer(monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(split_offer, "quick_split", fail)
    offer = offered(NEEDED * 3 // 4)
    assert offer.text.startswith("split, none is offered: a")
    assert "\n" not in offer.text
    known = explain(MODEL, "tflm", budget=NEEDED * 3 // 4)
    assert known.split == offer
    assert not known.plan.fits


def test_a_model_with_bound_sizes_gets_the_offer():
    model, profile = opened(onnx_bottleneck(), 0), tmpass.load_target("pixel6-tpu").override(300 * 1024, None)
    offer = offer_split(model, tmpass.plan(model, profile, bind={"d0": 2}), profile)
    assert offer.needed == tmpass.split(model, profile, bind={"d0": 2}).needed[0]
    assert offer.text.endswith("; tmpass split --bind d0=2 writes it")
    assert offered(NEEDED * 3 // 4).text.endswith("; tmpass split writes it")
