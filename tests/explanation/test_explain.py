"""Reasons for a peak: the buffers alive, what cannot fit, and changes that were tried."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, chain, graph_of, graphs
from support.travelling import target as behind
from support.travelling import travelling

from tmpass.api.plan import plan
from tmpass.base.errors import UsageError
from tmpass.explanation.explain import explain
from tmpass.fleets.fleet import fleet
from tmpass.graph.model import Call, TensorKind
from tmpass.loading.load import Model
from tmpass.packing.conflict import Cause
from tmpass.plans.model_info import ModelInfo
from tmpass.targets import EVERY, Memory, Sharing, Target
from tmpass.targets.scratch.rule import ScratchRule

EVERYTHING = ("activations", "variables", "inputs_outputs")


def model(graph) -> Model:
    return Model(ModelInfo("test", "test", "0" * 64), graph)


def target(capacity=None, alignment=1, sharing=None):
    sharing = sharing or Sharing((EVERY,), (EVERY,), (EVERY,))
    return Target("mine", "", "", (Memory("m", capacity, alignment, EVERYTHING),), sharing)


def explained(graph, capacity=None, **options):
    return explain(model(graph), target(capacity), **options)


def residual():
    """Input 4 -> A 32 -> B 32 -> C 8; ADD of A and C -> output 4."""
    sketch = Sketch()
    a = sketch.op([sketch.input(4)], 32, kind="A")
    c = sketch.op([sketch.op([a], 32, kind="B")], 8, kind="C")
    sketch.outputs = [sketch.op([a, c], 4, kind="ADD")]
    return graph_of(sketch)


# Buffers alive at the peak step.


def test_each_buffer_at_the_peak_step_has_its_writer_and_its_last_reader():
    known = explained(residual())
    assert (known.peak_step.at, known.peak_step.live_bytes) == (2, 72)
    rows = [(a.used, a.tensor.name, a.made.kind, a.read.kind, a.here) for a in known.alive]
    assert rows == [(32, "t1", "A", "ADD", False), (32, "t2", "B", "C", True), (8, "t3", "C", "ADD", True)]


def test_inputs_are_made_by_no_step_and_outputs_read_by_none():
    known = explained(chain(8, 8))
    ends = {a.tensor.role: (a.made, a.read) for a in known.alive}
    assert ends["input"][0] is None
    assert ends["output"][1] is None
    assert known.one_operator


def test_scratch_is_alive_for_its_operator():
    known = explained(chain(4, 8), scratch=[ScratchRule("OP", 50)])
    assert [(a.used, a.tensor, a.here) for a in known.alive[:1]] == [(50, None, True)]
    assert known.one_operator


def test_a_model_without_steps_and_one_without_bytes():
    sketch = Sketch()
    sketch.outputs = [sketch.input(8)]
    known = explained(graph_of(sketch), 4)
    assert (known.peak_step.step, known.missing, [a.used for a in known.alive]) == (None, 4, [8])
    nothing = explained(chain(0, 0))
    assert (nothing.alive, nothing.one_operator, nothing.changes) == ((), False, ())


def test_the_steps_above_the_capacity():
    known = explained(chain(8, 8, 1, 8, 8, 8, 1), 10)
    assert known.over == ((0, 0), (3, 4))
    assert known.peak_steps == 3
    assert explained(chain(8, 8), 16).over == ()


# What cannot fit together.


def test_a_buffer_that_is_too_large_alone():
    known = explained(residual(), 20)
    assert known.conflict.cause is Cause.BUFFER
    assert [(b.size, t.name) for b, t in known.conflicting] == [(32, "t1")]
    assert known.missing == 52


def test_buffers_that_do_not_fit_together_are_minimal():
    known = explained(residual(), 60)
    assert known.conflict.minimal
    assert [t.name for _, t in known.conflicting] == ["t1", "t2"]


def test_a_plan_that_fits_has_no_conflict():
    assert explained(residual(), 1000).conflict is None
    assert explained(residual()).conflict is None


# Changes.


def test_inputs_and_outputs_outside_together_and_one_alone():
    known = explained(chain(40, 30, 2), 60)
    by_option = {change.option: change for change in known.changes}
    external = by_option["--io external"]
    assert (external.peak, external.saves, external.fits, external.proved) == (30, 40, True, True)
    alone = by_option[""]
    assert alone.what == "the caller brings the memory for input 't0' only"
    assert (alone.peak, alone.saves, alone.fits) == (32, 38, True)
    assert [change.peak for change in known.changes] == [30, 32]


def test_options_that_raise_the_peak_are_named():
    known = explained(chain(40, 30, 2, 100), keep_inputs=True)
    assert ("without --keep-inputs", 102) in [(change.option, change.peak) for change in known.changes]
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.view(sketch.op([sketch.input(1)], 50))], 1)]
    shared = explained(graph_of(sketch), share="none")
    assert [(c.option, c.peak) for c in shared.changes][:1] == [("--share auto", 51)]


def test_another_order_is_tried_where_the_given_one_was_asked_for():
    sketch = Sketch()
    x = sketch.input(1)
    wide = [sketch.op([x], 50) for _ in range(2)]
    narrow = [sketch.op([w], 1) for w in wide]
    sketch.outputs = [sketch.op(narrow, 1)]
    known = explained(graph_of(sketch), schedule="given")
    (change,) = (c for c in known.changes if c.option == "--schedule least-peak")
    assert change.peak < known.peak_step.memory.peak
    assert explained(graph_of(sketch), schedule="auto").peak_step.memory.peak == change.peak


def test_sharing_that_the_runtime_does_not_allow_has_no_option():
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.view(sketch.op([sketch.input(1)], 50))], 1)]
    known = explain(model(graph_of(sketch)), target(sharing=Sharing(())))
    assert [(c.option, c.saves) for c in known.changes] == [("", 49)]
    assert "which [sharing] of mine does not allow" in known.changes[0].what


def test_options_together_are_named_where_they_save_more_than_each():
    sketch = Sketch()
    x = sketch.input(40)
    sketch.outputs = [sketch.op([sketch.view(sketch.op([x], 30))], 1)]
    known = explained(graph_of(sketch), share="none", io="arena")
    assert known.together is not None
    assert known.together.option == "--io external, --share auto"
    assert known.together.peak < min(change.peak for change in known.changes if change.option)


def test_options_without_effect_are_listed():
    known = explained(chain(1, 30, 30, 1))
    assert known.without_effect == ("--io external", "--share-io")


@settings(max_examples=60, deadline=None)
@given(graphs(), st.sampled_from([None, 0, 7, 20]), st.booleans(), st.sampled_from(["auto", "none"]))
def test_each_change_reaches_its_peak(graph, capacity, keep_inputs, share):
    options = {"keep_inputs": keep_inputs, "share": share}
    known = explained(graph, capacity, **options)
    memory = known.peak_step.memory
    assert sum(a.used for a in known.alive) == memory.live_bytes
    ways = {
        "--io external": {"io": "external"},
        "without --keep-inputs": {"keep_inputs": False},
        "--share auto": {"share": "auto"},
        "--share-io": {"share_io": True},
    }
    for change in known.changes:
        assert 0 < change.saves == memory.peak - change.peak
        if change.option:
            again = plan(model(graph), target(capacity), **{**options, **ways[change.option]})
            assert (again.memories[0].peak, again.fits) == (change.peak, change.fits)
    for hint in known.tilings:
        assert hint.least < memory.peak
    peaks = [change.peak for change in known.changes]
    assert peaks == sorted(peaks)


# Hints.


def test_a_tiled_tensor_gives_a_bound():
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.op([sketch.input(2)], (1, 8, 5))], 2)]
    known = explained(graph_of(sketch))
    (hint,) = known.tilings
    assert (hint.tensors[0].name, hint.alike, hint.axis, hint.pieces, hint.least) == ("t1", 0, 1, 8, 7)


def test_layers_that_are_alike_are_tiled_together():
    sketch = Sketch()
    x = sketch.input(2)
    for _ in range(3):
        x = sketch.op([sketch.op([x], 64, kind="WIDE")], 2)
    sketch.outputs = [x]
    (hint,) = explained(graph_of(sketch)).tilings
    assert (hint.alike, hint.pieces, hint.least) == (2, 8, 10)


def test_a_tensor_of_one_element_is_not_tiled():
    assert explained(chain(1, 1, 1)).tilings == ()


def test_a_waiting_tensor_of_a_cheap_operator_can_be_rematerialised():
    sketch = Sketch()
    x = sketch.input(2)
    waiting = sketch.op([x], 40, kind="RELU", elementwise=True)
    busy = sketch.op([sketch.op([x], 40)], 2)
    sketch.outputs = [sketch.op([waiting, busy], 2)]
    known = explained(graph_of(sketch), schedule="given")
    assert [(a.tensor.name, a.made.kind, a.read.step) for a in known.rematerialisations] == [("t1", "RELU", 3)]


# What is asked wrongly, and what is cut short.


def test_errors_are_those_of_a_plan():
    with pytest.raises(UsageError):
        explained(chain(1, 1), io="elsewhere")


def test_ctrl_c_returns_the_explanation_so_far(monkeypatch):
    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("tmpass.explanation.explain.try_options", interrupted)
    known = explained(residual(), keep=True)
    assert known.stopped
    assert len(known.alive) == 3
    with pytest.raises(KeyboardInterrupt):
        explained(residual())


def test_a_body_s_tensors_are_given_by_the_caller():
    body, sketch = Sketch("body"), Sketch()
    body.outputs = [body.op([body.input(30)], 30)]
    sketch.outputs = [sketch.op([sketch.input(30)], 30, kind="LOOP", calls=(Call(1, "body", repeats=True),))]
    known = explained(graph_of(sketch, body))
    assert {a.tensor.subgraph for a in known.alive} == {0, 1}


def test_variables_are_alive_always():
    sketch = Sketch()
    state = sketch.tensor(30, TensorKind.VARIABLE)
    sketch.outputs = [sketch.op([sketch.input(2), state], 2)]
    known = explained(graph_of(sketch))
    assert known.alive[0].tensor.role == "variable"


def test_two_explanations_are_equal():
    assert explained(residual(), 60) == explained(residual(), 60)
    assert replace(explained(residual()), stopped=True) != explained(residual())


# Constants.


def with_weights(*sizes):
    """A chain of operators, each with a constant."""
    sketch = Sketch()
    x = sketch.input(16)
    for size in sizes:
        x = sketch.op([x, sketch.tensor(size, TensorKind.CONSTANT)], 16)
    sketch.outputs = [x]
    return graph_of(sketch)


def board(capacity, *, compute=False, flash=None):
    holds = (*EVERYTHING, *(() if compute else ("weights",)))
    home = Memory("flash", flash, 1, ("weights",), compute=compute)
    return Target("board", "", "", (Memory("m", capacity, 1, holds), home), Sharing((EVERY,), (EVERY,), (EVERY,)))


def test_a_memory_that_constants_fill_has_them_by_size_and_nothing_is_tried():
    known = explain(model(with_weights(100, 300, 200)), board(None, compute=True, flash=500))
    assert (known.peak_step.memory.name, known.missing, known.without_buffers) == ("flash", 100, 600)
    assert [row.size for row in known.constants] == [300, 200, 100]
    assert (known.changes, known.without_effect, known.conflict) == ((), (), None)


def test_a_plan_that_fits_names_no_constants():
    assert explain(model(with_weights(100, 300, 200)), board(None, compute=True, flash=600)).constants == ()


def test_streamed_constants_are_named_in_the_step_that_is_too_large():
    known = explain(model(with_weights(100, 300, 200)), board(320))
    assert known.missing == 332 - 320
    assert [row.size for row in known.constants] == [300]
    assert known.over == ((1, 1),)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=5))
def test_the_least_budget_is_enough_and_less_is_not(sizes):
    known = explain(model(with_weights(*sizes)), board(None))
    least = known.least_budget
    assert plan(model(with_weights(*sizes)), board(None), budget=least).fits
    if least == known.lowest_budget:
        assert not plan(model(with_weights(*sizes)), board(None), budget=least - 1).fits


def test_constants_in_the_memory_of_the_buffers_take_from_the_budget():
    both = Memory("m", 400, 1, (*EVERYTHING, "weights"), reserve=40)
    known = explain(model(with_weights(100, 200)), Target("one", "", "", (both,)))
    assert known.plan.fits
    assert (known.least_budget, known.lowest_budget) == (332, 332)
    for budget, fits in ((332, True), (331, False)):
        assert plan(model(with_weights(100, 200)), Target("one", "", "", (both,)), budget=budget).fits is fits


@settings(max_examples=40, deadline=None)
@given(travelling(), st.sampled_from([1, 8]), st.sampled_from([4, None]))
def test_the_least_budget_with_streamed_constants_is_true_and_does_not_depend_on_the_budget(graph, alignment, chunk):
    own = behind(None, alignment, chunk)
    first = explain(model(graph), own)
    if first.streamed_budget is None:
        return
    least = first.least_budget
    assert plan(model(graph), own, budget=least, transfers="never").fits
    if first.streamed_budget.proved == "in any order":
        assert not plan(model(graph), own, budget=least - 1, transfers="never").fits
    for budget in (least, least + 7, 2 * least):
        known = explain(model(graph), own, budget=budget)
        if known.streamed_budget is not None:
            assert known.streamed_budget == first.streamed_budget
            assert known.plan.memories[0].without_reserve >= first.streamed_budget.lowest
            assert ("at most" in known.summary()) == (not first.streamed_budget.proved)


@pytest.mark.parametrize("function", [explain, fleet])
def test_a_misspelt_option_is_refused_in_the_name_of_the_function_that_was_called(function):
    """`fleet` made a row of it that said "internal error"."""
    with pytest.raises(TypeError, match=rf"^{function.__name__}\(\) got .* 'bugdet'. Did you mean 'budget'\?$"):
        function("net.tflite", bugdet=1)
