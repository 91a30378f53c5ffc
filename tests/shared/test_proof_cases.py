"""Files that had a wrong plan, or a claim that another plan refuted."""

from dataclasses import replace
from itertools import product

import pytest
from support.shared import SHARED, parametrize

import tmpass
from tmpass.targets import load_target

MOST = {
    ("01_concat_const_first.onnx", ""): 1284,
    ("02_concat_const_last.tflite", ""): 1312,
    ("02_concat_const_last.tflite", "tflm"): 1344,  # 32 of them are scratch of MEAN
    ("03_concat_reshape_output.onnx", "external share_io"): 384,
    ("04_concat_of_input.onnx", "share_io keep_inputs"): 640,
    ("17_external_share_io.onnx", "external share_io"): 32,
    ("s2629.onnx", ""): 288,
}
"""File, and target or options -> the peak that a plan has at most."""


def planned(path, words="", target="pixel6-tpu"):
    options = {name: True for name in ("share_io", "keep_inputs") if name in words}
    io = "external" if "external" in words else "arena"
    return tmpass.plan(path, "tflm" if words == "tflm" else target, io=io, **options)


@pytest.mark.parametrize("words", sorted({words for _, words in MOST}))
@parametrize("cases/[01s]*.*")
def test_the_peak_is_no_higher_than_it_need_be(path, words):
    if (path.name, words) in MOST:
        made = planned(path, words)
        assert made.memories[0].peak <= MOST[path.name, words]
        assert made.order.lower_bound <= made.memories[0].live_bytes


@pytest.mark.parametrize(("share_io", "target"), list(product([False, True], ["pixel6-tpu", "all.toml"])))
@pytest.mark.parametrize("names", [("o701.onnx", "o701_0132.onnx"), ("o8965.onnx", "o8965_reordered.onnx")])
@parametrize("cases/all.toml")
def test_another_order_of_the_file_refutes_no_claim(path, names, share_io, target):
    profile = load_target(str(path) if target == "all.toml" else target)
    plans = [planned(SHARED / "cases" / name, "share_io" if share_io else "", profile) for name in names]
    assert max(made.order.lower_bound for made in plans) <= min(made.memories[0].live_bytes for made in plans)


@parametrize("cases/[01os]*.onnx")
def test_no_target_that_allows_less_refutes_a_claim(path):
    profile = load_target("pixel6-tpu")
    try:
        made = planned(path, target=profile)
    except tmpass.base.errors.TmpassError:
        pytest.skip("it cannot be planned as it is")
    for views, in_place, parts in product((("every",), ()), repeat=3):
        less = replace(profile, sharing=replace(profile.sharing, views=views, in_place=in_place, parts=parts))
        assert made.order.lower_bound <= planned(path, target=less).memories[0].live_bytes


@parametrize("cases/f6_opset_24.onnx")
def test_what_place_or_postpone_misses_is_found(path):
    made = planned(path, target="litert-cpu")
    assert (made.memories[0].peak, made.status) == (1368, "optimal")
    assert made.memories[0].peak == min(
        tmpass.plan(path, "litert-cpu", allocator=name).memories[0].peak for name in ("minimalloc", "telamalloc")
    )
