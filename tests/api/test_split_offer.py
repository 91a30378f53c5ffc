"""`plan` and `explain` offer a split where it makes a model fit, with the figure of the split."""

from support.split_bottleneck import bottleneck

import tmpass
from tmpass.api.split_offer import offer_split
from tmpass.explanation.explain import explain

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


def test_what_no_split_reaches_is_not_offered():
    assert offered(2048) is None


def test_a_runtime_that_does_not_read_the_format_gets_no_offer():
    assert offered(NEEDED // 2, "pixel6-tpu") is None


def test_explain_has_the_offer():
    known = explain(MODEL, "tflm", budget=NEEDED * 3 // 4)
    assert known.split is not None
    assert explain(MODEL, "tflm", budget=NEEDED).split is None
