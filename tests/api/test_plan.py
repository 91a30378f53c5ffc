"""`tmpass.plan` and `tmpass.verify`: options, results and errors."""

import gc
from dataclasses import replace

import numpy as np
import pytest
from support.graphs import Sketch, chain, graph_of
from tflite_writer import Operator, Subgraph, Tensor, write_model

from tmpass.api import plan as planner
from tmpass.api.plan import plan
from tmpass.api.verify import proved, verify
from tmpass.base.errors import ModelError, TargetError, UnknownSizeError, UsageError, VerificationError
from tmpass.base.violation import Violation
from tmpass.graph.model import TensorKind
from tmpass.loading.load import Model, load
from tmpass.packing import allocate as allocating
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.plan import Options
from tmpass.targets import Memory, Sharing, Target, load_target


def model(graph) -> Model:
    return Model(ModelInfo("net.test", "test", "0" * 64), replace(graph, symbols=("n",)))


def written(*sizes: int) -> bytes:
    """A TFLite file that passes tensors of these sizes on."""
    tensors = [Tensor(f"t{i}", [size], "UINT8") for i, size in enumerate(sizes)]
    # Of a custom operator nobody knows what comes out: any sizes are right.
    operators = [Operator("TANH", [i], [i + 1], custom=True) for i in range(len(sizes) - 1)]
    return write_model([Subgraph(tensors, operators, [0], [len(sizes) - 1])])


def open_graph():
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.input("n")], 8)]
    return graph_of(sketch)


def test_the_default_budget_is_that_of_allocate(monkeypatch):
    tested = model(chain(8, 8, 8, 8))
    assert plan(tested).options.nodes == allocating.DEFAULT_NODES
    monkeypatch.setattr(allocating, "LARGE", 2)
    assert plan(tested).options.nodes == allocating.LARGE_NODES


def test_the_plan_has_its_options():
    made = plan(
        model(open_graph()), "litert-cpu", bind={"n": 3}, budget=512, alignment=8, io="external", keep_inputs=True,
        share="none", inplace=False, share_io=True, allow_unplanned=True, schedule="given", states=12,
        allocator="minimalloc", nodes=11,
    )  # fmt: skip
    assert made.options == Options(
        {"n": 3}, 512, 8, "external", True, "none", False, True, True, "given", 12, "minimalloc", 11,
        scratch=load_target("litert-cpu").scratch,
    )  # fmt: skip
    assert (made.model, made.target.name) == (model(open_graph()).info, "litert-cpu")
    assert [(m.name, m.capacity, m.alignment) for m in made.memories] == [("arena", 512, 8)]


def test_without_options_the_target_decides():
    made = plan(model(chain(100, 100)))
    assert (made.target.name, made.target.memory) == ("pixel6-tpu", "scratchpad")
    assert [(m.capacity, m.alignment) for m in made.memories] == [(8 * 2**20, 64)]
    assert {b.offset % 64 for b in made.buffers} == {0}


def test_a_target_by_value_is_used_as_it_is():
    target = Target("mine", "", "", (Memory("m", 150, 1, ("activations", "variables", "inputs_outputs")),))
    made = plan(model(chain(100, 100)), target)
    assert (made.status, made.fits, made.memories[0].peak) == ("infeasible", False, 200)
    assert plan(model(chain(100, 100)), target, budget=200).fits


@pytest.mark.parametrize(("capacity", "status"), [(None, "optimal"), (200, "optimal"), (199, "infeasible")])
def test_whether_it_fits(capacity, status):
    target = Target("mine", "", "", (Memory("m", capacity, 1, ("activations", "inputs_outputs")),))
    made = plan(model(chain(100, 100)), target)
    assert (made.status, made.fits) == (status, status == "optimal")


def test_variables_may_be_in_another_memory():
    sketch = Sketch()
    state = sketch.tensor(40, TensorKind.VARIABLE)
    sketch.outputs = [sketch.op([sketch.input(8), state], 8)]
    memories = (Memory("near", 16, 1, ("activations", "inputs_outputs")), Memory("far", 39, 1, ("variables",)))
    made = plan(model(graph_of(sketch)), Target("mine", "", "", memories))
    assert [(m.name, m.peak) for m in made.memories] == [("near", 16), ("far", 40)]
    assert (made.status, made.fits) == ("infeasible", False)
    assert {t.name: made.buffers[t.buffer].memory for t in made.tensors} == {"t0": "far", "t1": "near", "t2": "near"}


def test_keep_inputs_and_external_ends():
    graph = chain(8, 8, 8)
    assert [b.upper for b in plan(model(graph), keep_inputs=True).buffers] == [2, 2, 2]
    outside = plan(model(graph), io="external")
    assert [t.buffer for t in outside.tensors] == [None, 0, None]
    assert outside.tensors[0].reason == "outside the arena"


def test_sharing_can_be_turned_off():
    sketch = Sketch()
    sketch.outputs = [sketch.view(sketch.input(8))]
    assert [len(plan(model(graph_of(sketch)), share=share, share_io=True).buffers) for share in ("views", "none")] == [
        1,
        2,
    ]


def test_bound_dimensions_have_sizes():
    assert [t.bytes for t in plan(model(open_graph()), bind={"n": 3}).tensors] == [3, 8]


def test_open_dimensions_are_refused_with_the_file_or_listed():
    with pytest.raises(UnknownSizeError, match=r"^net\.test: the size of 1 tensor is not known: 't0' \[n\]") as caught:
        plan(model(open_graph()))
    assert caught.value.symbols == ("n",)
    row = plan(model(open_graph()), allow_unplanned=True).tensors[0]
    assert (row.role, row.buffer, row.offset, row.bytes, row.shape) == ("unplanned", None, None, None, ("n",))
    assert row.reason == "dimension n is not known"


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"io": "disk"}, UsageError, "io is 'disk'; choose one of arena, external"),
        ({"share": "all"}, UsageError, "share is 'all'; choose one of auto, views, none"),
        ({"allocator": "best"}, UsageError, "allocator 'best' is unknown"),
        ({"nodes": -1}, UsageError, "the budget is -1 nodes"),
        ({"states": -1}, UsageError, "the budget is -1 states; give a whole number in 0 .. 2^62"),
        ({"states": 2**62 + 1}, UsageError, "the budget is 4611686018427387905 states"),
        ({"keep": 1}, UsageError, "keep is 1; give True or False"),
        ({"budget": -1}, UsageError, "budget -1 is below 0"),
        ({"alignment": 0}, UsageError, "alignment 0 is not in 1 .. 2^31"),
        ({"bind": {"m": 1}}, UsageError, "binding 'm' names no dimension"),
        ({"bind": {"n": 0}}, UsageError, "'n' is bound to 0"),
        ({"bind": {"n": "1"}}, UsageError, "'n' is bound to '1'"),
        ({"bind": "n=1"}, UsageError, "the bindings are 'n=1'"),
        ({"bind": ["n=1"]}, UsageError, "the bindings are ['n=1']"),
        ({"bind": {"n": True}}, UsageError, "'n' is bound to True"),
        ({"allocator": ["auto"]}, UsageError, "allocator is ['auto']"),
        ({"budget": True}, UsageError, "budget True is not a whole number"),
        ({"budget": 1.5}, UsageError, "budget 1.5 is not a whole number"),
        ({"alignment": "4"}, UsageError, "alignment '4' is not a whole number"),
        ({"nodes": "1"}, UsageError, "nodes '1' is not a whole number"),
        ({"keep_inputs": "no"}, UsageError, "keep_inputs is 'no'; give True or False"),
        ({"allow_unplanned": 1}, UsageError, "allow_unplanned is 1"),
        ({"io": ["arena"]}, UsageError, "io is ['arena']"),
        ({"target": "pixel5-tpu"}, TargetError, "did you mean 'pixel6-tpu'"),
    ],
)
def test_options_that_are_wrong(options, kind, message):
    with pytest.raises(kind) as caught:
        plan(model(chain(4, 4)), **options)
    assert message in str(caught.value)


def open_file() -> bytes:
    """A TFLite file with a dynamic batch, "x:0"."""
    tensors = [Tensor(name, [1, 16], "FLOAT32", shape_signature=[-1, 16]) for name in "xy"]
    return write_model([Subgraph(tensors, [Operator("TANH", [0], [1])], [0], [1])])


def test_a_plan_has_the_bindings_that_its_model_was_loaded_with():
    data = open_file()
    made = plan(load(data, bindings={"x:0": 8}))
    assert made == plan(data, bind={"x:0": 8})
    assert made.options.bind == {"x:0": 8}
    assert verify(made, data) == ()


def test_other_bindings_than_those_that_the_model_was_loaded_with_are_refused():
    data = open_file()
    loaded, again = load(data, bindings={"x:0": 8}), {"x:0": 8}
    assert plan(loaded, bind=again) == plan(data, bind=again)
    fault = "'x:0' is 8 since the model was loaded, and is bound to 16 now"
    with pytest.raises(UsageError, match=fault):
        plan(loaded, bind={"x:0": 16})
    with pytest.raises(UsageError, match="'y:1' is 16 since the model was loaded, and is bound to 4 now"):
        plan(load(data), bind={"x:0": 8, "y:1": 4})
    for check in (verify, proved):
        with pytest.raises(UsageError, match=fault):
            check(plan(data, bind={"x:0": 16}), loaded)


def test_a_symbol_that_has_a_number_by_another_name_cannot_be_bound():
    bound = replace(model(chain(4, 4)), bindings={"t0:0": 4})
    with pytest.raises(UsageError, match="'n' is a number already since the model was loaded"):
        plan(bound, bind={"n": 8})


def test_whole_numbers_of_numpy_make_the_same_plan():
    numbers = {"budget": 512, "alignment": 8, "nodes": 11}
    made = plan(model(open_graph()), bind={"n": np.int64(3)}, **{key: np.int32(n) for key, n in numbers.items()})
    assert made.to_json() == plan(model(open_graph()), bind={"n": 3}, **numbers).to_json()


def test_tensors_that_add_up_to_too_much_are_an_error_of_the_model():
    with pytest.raises(ModelError) as caught:
        plan(model(chain(2**60, 2**61, 2**61)))
    assert str(caught.value).startswith("net.test: the tensors add up to ")
    assert "above 2^62; the largest is 't1' of 2305843009213693952 bytes" in str(caught.value)


def test_a_target_without_a_memory_for_the_model():
    target = Target("mine", "", "", (Memory("m", 150, 1, ("activations",)),))
    with pytest.raises(TargetError, match=r"target mine: no memory holds inputs_outputs"):
        plan(model(chain(4, 4)), target)


def test_a_tensor_too_large_for_any_memory_is_named_with_the_file():
    sketch = Sketch()
    sketch.input((2**31, 2**31, 4))
    with pytest.raises(ModelError, match=r"^net\.test: tensor 't0': shape .* is above 2\^62 bytes"):
        plan(model(graph_of(sketch)))


def test_a_wrong_plan_is_not_handed_out(monkeypatch):
    wrong = Violation("overlap", "a and b share bytes 0..3 of m at step 0", "a", "b", 0, 0, 4)
    monkeypatch.setattr(planner, "check_plan", lambda *_: [wrong])
    with pytest.raises(VerificationError, match=r"^net\.test: tmpass made a wrong plan: a and b share bytes") as caught:
        plan(model(chain(4, 4)))
    assert caught.value.violations == (wrong,)


def test_a_plan_is_right_for_its_file_and_for_no_other():
    data, other = written(8, 16, 8), written(8, 16, 9)
    made = plan(data)
    assert verify(made, data) == ()
    assert verify(made, data, target="pixel6-tpu") == ()
    assert [v.kind for v in verify(made, other)] == ["model"]


def test_a_plan_is_checked_with_its_own_options():
    data = written(8, 16, 8)
    for options in ({"io": "external"}, {"keep_inputs": True}, {"budget": 4}, {"alignment": 1}, {"target": "tflm"}):
        assert verify(plan(data, **options), data, target=options.get("target", "pixel6-tpu")) == ()
    kept = plan(data, keep_inputs=True)
    assert verify(replace(kept, options=Options()), data) != ()


def test_a_plan_for_another_target_is_a_violation():
    data = written(8, 16, 8)
    found = [(v.kind, v.message) for v in verify(plan(data, "tflm"), data, target="pixel6-tpu")]
    assert found[:3] == [
        ("target", "the plan is for target 'tflm', not for 'pixel6-tpu'"),
        ("target", "the plan names runtime 'tflm', pixel6-tpu has no runtime"),
        ("target", "arena has capacity unlimited, alignment 16; pixel6-tpu has no such memory"),
    ]


def test_verify_has_an_error_when_it_cannot_check():
    made = plan(written(8, 8))
    with pytest.raises(UsageError, match="binding 'm' names no dimension"):
        verify(replace(made, options=replace(made.options, bind={"m": 1})), written(8, 8))
    with pytest.raises(ModelError, match="cannot read it"):
        verify(made, "none.tflite")


def test_a_plan_with_sharing_that_the_target_does_not_allow():
    tensors = [Tensor(f"t{i}", [64], "UINT8") for i in range(4)]
    operators = [Operator("SOFTMAX", [0], [1]), Operator("RELU", [1], [2]), Operator("SOFTMAX", [2], [3])]
    data = write_model([Subgraph(tensors, operators, [0], [3])])
    memory = Memory("m", None, 1, ("activations", "inputs_outputs"))
    allows, forbids = (Target("mine", "", "", (memory,), Sharing(in_place=kinds)) for kinds in (("RELU",), ("ADD",)))
    made = plan(data, allows)
    assert made.tensors[2].reason == "RELU writes it over 't1'"
    assert verify(made, data, target=allows) == verify(made, data) == ()
    (violation,) = verify(made, data, target=forbids)
    assert (violation.kind, violation.first, violation.second) == ("alias", "tensor 1 't1'", "tensor 2 't2'")
    assert [b.reason for b in plan(data, forbids).tensors] == [""] * 4


def test_planning_leaves_no_cycles_of_objects_behind():
    data = written(16, 32, 16)
    plan(data, "tflm")  # what is imported and kept once
    gc.collect()
    gc.disable()
    try:
        plan(data, "tflm")
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_frontend_may_give_some_lists_of_tensors_as_lists_and_some_as_tuples():
    graph = chain(64, 32, 64, 16)
    (main,) = graph.subgraphs
    mixed = replace(main, ops=tuple(replace(op, inputs=list(op.inputs)) for op in main.ops))
    made = plan(model(replace(graph, subgraphs=(mixed,))), "tflm")
    assert made.to_json() == plan(model(graph), "tflm").to_json()
