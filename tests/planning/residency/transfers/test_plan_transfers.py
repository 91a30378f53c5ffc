"""Plans whose buffers leave the scratchpad: when they are made, and that they move the fewest bytes."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, chain, graph_of
from support.toy_runner import ReferencedRunner
from support.travelling import fewest, least_with_transfers, network, planned, target, travelling

from tmpass.base.errors import TargetError, UsageError
from tmpass.execution.run import execute_plan
from tmpass.graph.model import Call, Graph, TensorKind
from tmpass.planning.residency.transfers import free_order
from tmpass.plans.plan import STOPPED, Plan
from tmpass.plans.transfers import Direction, buffer_copies
from tmpass.targets import Memory, load_target
from tmpass.verification.plan import check_plan


def moved(made: Plan) -> int:
    return 0 if made.transfers is None else made.transfers.moved


def streamed(made: Plan) -> int:
    sizes = {row.tensors: row.size for row in made.constants if row.use == "stored"}
    return sum(sizes[row.tensors] for row in made.constants if row.use == "streamed")


# When transfers are used.


def test_a_plan_that_fits_has_no_transfers_and_says_nothing_of_them():
    graph = network()
    texts = {planned(graph, target(200, 8), transfers=word).to_json() for word in ("auto", "required")}
    assert len({text.replace(', "transfers": "required"', "") for text in texts}) == 1
    assert "first" not in texts.pop()


def test_never_leaves_a_model_that_does_not_fit():
    made = planned(network(), target(88, 8), transfers="never")
    assert (made.fits, made.transfers) == (False, None)
    assert made.options.transfers == "never"


@settings(max_examples=150, deadline=None)
@given(travelling(), st.integers(20, 140), st.sampled_from([1, 8]), st.sampled_from([4, None]))
def test_never_gives_the_plan_of_auto_where_that_moves_nothing(graph, capacity, alignment, chunk):
    auto = planned(graph, target(capacity, alignment, chunk))
    never = planned(graph, target(capacity, alignment, chunk), transfers="never")
    assert never.fits == (auto.fits and auto.transfers is None)
    if never.fits:
        assert replace(never, options=auto.options) == auto


@settings(max_examples=30, deadline=None)
@given(travelling(), st.integers(20, 140))
def test_a_memory_behind_that_holds_weights_alone_serves_never_as_well(graph, capacity):
    near, far = target(capacity).memories
    weights = replace(target(capacity), memories=(near, replace(far, holds=("weights",))))
    never, auto = (planned(graph, weights, transfers=word) for word in ("never", "auto"))
    assert replace(never, options=auto.options) == auto
    assert never.fits == planned(graph, target(capacity), transfers="never").fits


def test_required_is_refused_where_there_is_no_memory_behind():
    alone = replace(target(88, 8), memories=target(88, 8).memories[:1])
    with pytest.raises(TargetError, match="no memory behind near holds activations"):
        planned(network(), alone, transfers="required")
    weights = replace(target(88, 8).memories[1], holds=("weights",))
    with pytest.raises(TargetError, match="no memory behind near"):
        planned(network(), replace(target(88, 8), memories=(alone.memories[0], weights)), transfers="required")
    with pytest.raises(TargetError, match="TensorFlow Lite Micro does not copy tensors between memories"):
        planned(chain(8, 8), load_target("tflm"), transfers="required")
    with pytest.raises(UsageError, match="choose one of auto, never, required"):
        planned(network(), target(88, 8), transfers="perhaps")


def test_a_memory_that_operators_use_is_taken_directly_unless_transfers_are_required():
    near, far = target(88, 8).memories
    slow = replace(target(88, 8), memories=(near, replace(far, compute=True)))
    divided = planned(network(), slow)
    assert (divided.fits, divided.transfers) == (True, None)
    assert {b.memory for b in divided.buffers} == {"near", "far"}
    travels = planned(network(), slow, transfers="required")
    assert travels.fits
    assert moved(travels) == 96
    assert all(b.memory == "near" for b in travels.buffers if b.first is None)


def test_the_memory_behind_may_be_too_small():
    near, far = target(88, 8).memories
    made = planned(network(), replace(target(88, 8), memories=(near, replace(far, capacity=40))))
    assert not made.fits
    assert planned(network(), replace(target(88, 8), memories=(near, replace(far, capacity=48)))).fits


def test_what_the_memory_behind_may_not_hold_stays():
    near, far = target(88, 8).memories
    inner = replace(target(88, 8), memories=(near, replace(far, holds=("activations", "weights"))))
    sketch = Sketch()
    x = sketch.input(32)
    y = sketch.op([x], 64)
    y = sketch.op([y], 8)
    sketch.outputs = [sketch.op([y, x], 8)]
    graph = graph_of(sketch)
    assert not planned(graph, replace(inner, memories=(replace(near, capacity=80), inner.memories[1]))).fits
    assert planned(graph, target(80, 8)).fits is False  # it is read by the operator that makes y
    y_alone = planned(graph, target(96, 8))
    assert y_alone.fits


def test_constants_are_streamed_beside_what_leaves():
    sketch = Sketch()
    x = sketch.input(8)
    far = sketch.op([x], 32)
    y = sketch.op([far], 24)
    y = sketch.op([y, sketch.tensor(40, TensorKind.CONSTANT)], 24)
    y = sketch.op([y], 8)
    sketch.outputs = [sketch.op([y, far], 8)]
    graph = graph_of(sketch)
    made = planned(graph, target(64, 8, chunk=8))
    assert made.fits
    assert {row.use for row in made.constants} == {"stored", "streamed"}
    assert moved(made) == 64


def test_the_order_of_the_file_is_kept_where_it_is_asked_for():
    sketch = Sketch()
    x = sketch.input(8)
    first, second = sketch.op([x], 40), sketch.op([x], 40)
    one, two = sketch.op([first], 8), sketch.op([second], 8)
    sketch.outputs = [sketch.op([one, two], 8)]
    graph = graph_of(sketch)
    assert moved(planned(graph, target(72, 8))) == 0
    given = planned(graph, target(72, 8), schedule="given")
    assert (given.fits, given.order.method) == (True, "given")
    assert moved(given) == 160  # the first leaves for the second, and the second for the result of the first


@pytest.mark.parametrize(("where", "keeps"), [("search_labels", True), ("search_absences", False)])
def test_ctrl_c_keeps_the_best_plan_with_transfers(monkeypatch, where, keeps):
    """Ctrl-C in the search over orders keeps the plan of an order before; in the first order there is none to keep."""

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(free_order._core, where, interrupt)
    made = planned(network(), target(88, 8), keep=True)
    assert any(line == STOPPED for line in made.warnings)
    assert made.fits is keeps
    assert (moved(made) > 0) is keeps
    with pytest.raises(KeyboardInterrupt):
        planned(network(), target(88, 8))


# The fewest bytes.


@settings(max_examples=25, deadline=None)
@given(travelling())
def test_no_plan_in_this_order_moves_fewer_bytes(graph):
    made = least_with_transfers(graph, share="none", schedule="given")
    if made is None or made.constants or len(graph.subgraphs[0].ops) > 9:
        return
    order = [row.op for row in made.schedule]
    assert made.status == "optimal"
    assert moved(made) == fewest(graph, made.memories[0].capacity, order)


@settings(max_examples=25, deadline=None)
@given(travelling(), st.sampled_from([{}, {"schedule": "given"}, {"share": "views"}]))
def test_another_order_or_sharing_never_moves_more_bytes(graph, options):
    """Whatever is tried besides, the plan moves no more bytes than in the order of the file without sharing."""
    made = least_with_transfers(graph, **options)
    if made is None:
        return
    given = planned(graph, target(made.memories[0].capacity), schedule="given", share="none")
    if given.fits and options == {} and given.transfers is not None:
        assert moved(made) + streamed(made) <= moved(given) + streamed(given)


# The copies.


@settings(max_examples=25, deadline=None)
@given(travelling())
def test_a_copy_serves_until_the_buffer_changes(graph):
    """There are no more spills than fetches, and each spill is followed by a fetch of the same buffer."""
    made = least_with_transfers(graph)
    if made is None:
        return
    copies = buffer_copies(made)
    for first in {copy.target.first for copy in copies}:
        own = [copy.direction for copy in copies if copy.target.first == first]
        assert own[0] is Direction.SPILL
        assert own[-1] is Direction.FETCH
        assert (Direction.SPILL, Direction.SPILL) not in pairwise(own)


def test_the_memory_behind_is_the_first_that_may_hold_activations():
    near, far = target(88, 8).memories
    flash = Memory("flash", None, 4, ("weights",), compute=False)
    made = planned(network(), replace(target(88, 8), memories=(near, flash, far)))
    assert made.transfers is not None
    assert made.transfers.memory == "far"


def test_constants_may_be_copied_into_another_memory_than_the_one_that_buffers_leave():
    near, far = target(88, 8).memories
    near = replace(near, holds=("activations", "variables", "inputs_outputs"))
    weights = Memory("weights", 64, 4, ("weights",))
    sketch = Sketch()
    x = sketch.input(8)
    away = sketch.op([x, sketch.tensor(16, TensorKind.CONSTANT)], 32)
    y = sketch.op([away, sketch.tensor(60, TensorKind.CONSTANT)], 40)
    y = sketch.op([y], 8)
    sketch.outputs = [sketch.op([y, away], 8)]
    graph = graph_of(sketch)
    made = planned(graph, replace(target(72, 8), memories=(replace(near, capacity=72), weights, far)))
    assert made.fits
    assert {row.memory for row in made.constants if row.use != "stored"} == {"weights"}
    assert planned(graph, replace(target(72, 8), memories=(replace(near, capacity=64), weights, far))).fits is False


# Around operators with bodies, and at both ends of a run.


def with_body(captures: bool) -> tuple[Graph, int]:
    """`far` waits while an operator runs a body that needs most of the room; with `captures`, the body reads it."""
    main, body = Sketch(), Sketch("body")
    x = main.input(8)
    far = main.op([x], 32)
    y = main.op([far], 8)
    z = body.input(8)
    if captures:
        z = body.op([z, body.tensor(32, TensorKind.CAPTURE, captures=far)], 8)
    body.outputs = [body.op([body.op([z], 48)], 8)]
    y = main.op([y], 8, calls=(Call(1, "body", repeats=True),))
    main.outputs = [main.op([y, far], 8)]
    return graph_of(main, body), far


def test_what_a_body_does_not_touch_leaves_before_its_operator_and_comes_back_behind_it():
    graph, far = with_body(captures=False)
    whole = planned(graph, target(200, 8)).memories[0].peak
    made = planned(graph, target(whole - 32, 8))
    assert (made.fits, moved(made)) == (True, 64)
    body = [row.step for row in made.schedule if row.subgraph == 1]
    first, *rows = [b for b in made.buffers if (0, far) in b.tensors]
    stored, again = sorted(rows, key=lambda b: b.memory == "near")
    assert first.upper == stored.lower == min(body) - 1  # the step of the operator
    assert again.lower == max(body) + 1
    assert check_plan(made, graph) == []
    done = execute_plan(made, graph, ReferencedRunner(graph))
    assert (done.violations, done.unreached, done.notes) == ((), (), ())
    inside = tuple(replace(b, lower=max(body)) if b is again else b for b in made.buffers)
    assert any(
        "while an operator runs its bodies" in v.message for v in check_plan(replace(made, buffers=inside), graph)
    )


def test_what_a_body_reads_stays_while_it_runs():
    graph, _ = with_body(captures=True)
    whole = planned(graph, target(200, 8)).memories[0].peak
    assert not planned(graph, target(whole - 8, 8)).fits
    assert planned(graph, target(whole, 8)).transfers is None


def test_an_input_that_is_used_late_and_an_output_that_is_made_early_leave_between():
    """The caller writes the input before step 0 and reads the output after the last one, both in the scratchpad."""
    sketch = Sketch()
    x, late = sketch.input(8), sketch.input(32)
    early = sketch.op([x], 32)
    y = sketch.op([early], 8)
    y = sketch.op([sketch.op([sketch.op([y], 40)], 40)], 8)
    y = sketch.op([y, late], 8)
    sketch.outputs = [y, early]
    graph = graph_of(sketch)
    made = planned(graph, target(88, 8), schedule="given", share="none")
    assert (made.fits, made.status, moved(made)) == (True, "optimal", 2 * 32 + 2 * 32)
    copies = [(copy.direction.value, copy.step, copy.target.tensors) for copy in buffer_copies(made)]
    assert {tensors for _, _, tensors in copies} == {((0, late),), ((0, early),)}
    fetched = {tensors[0][1]: step for way, step, tensors in copies if way == "fetch"}
    assert fetched == {late: 5, early: 5}  # the output no later than at the last step, which reads the input
    assert check_plan(made, graph) == []
    done = execute_plan(made, graph, ReferencedRunner(graph))
    assert (done.violations, done.notes, done.outputs) == ((), (), 2)


def test_an_input_may_leave_before_the_second_operator_only():
    """The caller has written it into the scratchpad, so it is there while the first operator runs."""
    sketch = Sketch()
    x, late = sketch.input(8), sketch.input(32)
    y = sketch.op([sketch.op([x], 64)], 8)
    sketch.outputs = [sketch.op([y, late], 8)]
    graph = graph_of(sketch)
    assert not planned(graph, target(8 + 32 + 64 - 8, 8)).fits
    assert planned(graph, target(8 + 32 + 64 - 8, 8), io="external").fits


def test_a_body_with_many_steps_takes_no_longer_than_its_steps():
    body = Sketch("body")
    y = body.input(8)
    for _ in range(3000):
        y = body.op([y], 8)
    body.outputs = [y]
    main = Sketch()
    x = main.input(8)
    far = main.op([x], 32)
    y = main.op([far], 24)
    y = main.op([y], 8, calls=(Call(1, "body", repeats=True),))
    y = main.op([y], 64)
    y = main.op([y], 8)
    main.outputs = [main.op([y, far], 8)]
    made = planned(graph_of(main, body), target(88, 8), share="none")
    assert made.fits
    assert moved(made) == 64
