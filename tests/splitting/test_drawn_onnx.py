"""Drawn splits of drawn ONNX models: equal in ONNX Runtime without its optimisations, and proved.

`tests/bench/split_draws_onnx.py` counts thousands of them, with optimisations and in 64-bit floats as well.
"""

import random

import pytest
from support.onnx_sessions import common_names, drawn_inputs, largest_difference, run_onnx, unequal
from support.onnx_split_models import drawn_onnx_model
from support.split_draws import drawn_splits, folded

import tmpass
from tmpass.splitting.along import Along

pytest.importorskip("onnxruntime")

ROUNDING = 1e-5
"""Sums of 32-bit floats in another order: kernels choose it by the shape."""


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("integers", [True, False])
def test_drawn_splits_are_equal(seed, integers):
    model, rng = drawn_onnx_model(seed, integers=integers), random.Random(seed)
    base, inputs = folded(model), drawn_inputs(model, seed)
    assert tmpass.verify_split(base, model) == []
    for stages, made in drawn_splits(base, rng, 2):
        assert tmpass.verify_split(made, model) == [], stages
        names = common_names(model, made)
        before, after = (run_onnx(data, names, inputs) for data in (model, made))
        if integers:
            assert unequal(before, after) == [], stages
        assert largest_difference(before, after) < ROUNDING, stages


def test_padding_in_front_of_a_convolution_is_folded_into_it():
    folds = 0
    for seed in range(1, 60, 2):
        model = drawn_onnx_model(seed)
        base = folded(model)
        if base == model:
            continue
        folds += 1
        assert tmpass.verify_split(base, model) == []
        names, inputs = common_names(model, base), drawn_inputs(model, seed)
        assert largest_difference(*(run_onnx(data, names, inputs) for data in (model, base))) < ROUNDING
    assert folds > 1


def test_the_draws_cover_all_axes_old_operator_sets_and_new_constants():
    seen = set()
    for seed in range(24):
        model = drawn_onnx_model(seed, integers=seed % 2 == 0)
        for stages, made in drawn_splits(model, random.Random(seed), 2):
            seen |= {stage.along for stage in stages} | {stage.last - stage.first > 2 for stage in stages}
            seen |= {kind for kind in (b"QLinearConv", b"starts", b"Concat", b"BatchNormalization") if kind in made}
    assert seen >= {*Along, True, False, b"QLinearConv", b"starts", b"Concat", b"BatchNormalization"}
