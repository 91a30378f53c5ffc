"""Plans whose buffers leave the scratchpad: when they are made, and that they move the fewest bytes."""

from dataclasses import replace
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, chain, graph_of
from support.travelling import least_with_transfers, network, planned, target, travelling

from tmpass.base.errors import TargetError, UsageError
from tmpass.graph.model import ABSENT, Call, Graph, TensorKind
from tmpass.plans.plan import Plan
from tmpass.plans.transfers import Direction, buffer_copies
from tmpass.targets import Memory, load_target


def moved(made: Plan) -> int:
    return 0 if made.transfers is None else made.transfers.moved


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


# The fewest bytes.


def fewest(graph: Graph, capacity: int, order: list[int]) -> int:
    """The fewest bytes that transfers move in one order without sharing, as far as sizes tell, by trying all."""
    main = graph.subgraphs[0]
    uses: dict[int, list[int]] = {}
    for t in main.inputs:
        uses[t] = [0]
    for step, number in enumerate(order):
        op = main.ops[number]
        for t in (*op.inputs, *op.outputs):
            if t != ABSENT and main.tensors[t].kind is not TensorKind.CONSTANT and uses.get(t, [-1])[-1] != step:
                uses.setdefault(t, []).append(step)
    for t in main.outputs:
        if uses[t][-1] != len(order) - 1:
            uses[t].append(len(order) - 1)
    size = {t: main.tensors[t].bytes or 0 for t in uses}
    need = [sum(size[t] for t in uses if step in uses[t]) for step in range(len(order))]
    gaps = [(t, a, b) for t in uses for a, b in pairwise(uses[t]) if b > a + 1]
    best = 10**9
    for choice in product((True, False), repeat=len(gaps)):
        load = list(need)
        cost, left = 0, set[int]()
        for stays, (t, a, b) in zip(choice, gaps, strict=True):
            for step in range(a + 1, b) if stays else ():
                load[step] += size[t]
            if not stays:
                cost += size[t] * (1 if t in left else 2)
                left.add(t)
        if max(load) <= capacity:
            best = min(best, cost)
    return best


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
def test_another_capacity_or_order_never_moves_more_than_proved_needed(graph, options):
    """Whatever is tried besides, the plan moves no more bytes than in the order of the file without sharing."""
    made = least_with_transfers(graph, **options)
    if made is None:
        return
    given = planned(graph, target(made.memories[0].capacity), schedule="given", share="none")
    if given.fits and options == {}:
        assert moved(made) <= moved(given)


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
