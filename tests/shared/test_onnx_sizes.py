"""The small ONNX files that once had wrong sizes: each gives the right answer, or the right error."""

import pytest
from support.shared import parametrize

import tmpass
from tmpass.api.execute import execute
from tmpass.base.errors import ModelError, TmpassError, UnknownSizeError


def only(name):
    return parametrize(f"cases/{name}")


def bytes_of(plan, name):
    return next(t.bytes for t in plan.tensors if t.name == name)


@only("05_loop_grows.onnx")
def test_a_state_that_grows_is_refused(path):
    for bindings in ({}, {"y:0": 10}, {"y:0": 10, "x_in:0": 9, "x_out:0": 10}):
        with pytest.raises(UnknownSizeError, match=r"the loop's state is \[1\] before a round"):
            tmpass.plan(path, bind=bindings)


@only("f14_zeros_of_batch.onnx")
def test_a_binding_that_the_graph_contradicts(path):
    with pytest.raises(ModelError, match="'z': axis 0 is 4 as the model computes it, but z:0 binds it to 1") as error:
        tmpass.plan(path, bind={"batch": 4, "z:0": 1, "z:1": 1})
    assert error.value.exit_code == 3
    assert bytes_of(tmpass.plan(path, bind={"batch": 4}), "z") == 128


@only("f10_einsum_broadcast.onnx")
def test_the_larger_of_two_shapes(path):
    plan = tmpass.plan(path)
    assert bytes_of(plan, "y") == 96
    assert execute(plan, path).violations == ()


@only("f1_*.onnx")
def test_what_a_node_leaves_out(path):
    assert tmpass.verify(tmpass.plan(path), path) == ()


@only("f3_branch_hint.onnx")
def test_a_hint_asks_for_inputs(path):
    with pytest.raises(UnknownSizeError) as error:
        tmpass.plan(path)
    assert error.value.symbols == ("batch",)
    for batch in (1, 2, 100):
        assert tmpass.plan(path, bind={"batch": batch})
    assert tmpass.plan(path, bind={"batch": 1, "zeros:0": 3, "zeros:1": 8})


@only("f13_ir3_unlisted_initializer.onnx")
def test_initialisers_that_are_not_listed(path):
    assert tmpass.verify(tmpass.plan(path), path) == ()


@only("f8_no_ir_version.onnx")
def test_a_file_without_ir_version(path):
    plan = tmpass.plan(path)
    with pytest.raises(ModelError, match=r"has no ir_version.*set model\.ir_version"):
        tmpass.planned_model(plan, path)


@only("hostile/gather.onnx")
def test_a_node_with_too_few_inputs(path):
    with pytest.raises(ModelError, match=r"node 0 \(Gather\): it has 1 input, but Gather has at least 2"):
        tmpass.plan(path)


@only("hostile/ext_len5000.onnx")
def test_a_length_of_many_digits(path):
    plan = tmpass.plan(path)
    with pytest.raises(TmpassError, match="bytes with its weights, but only up to 1073741824 can be executed"):
        execute(plan, path)
