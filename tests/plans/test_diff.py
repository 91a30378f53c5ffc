"""The differences between two plans."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from support.graphs import Sketch, chain, graph_of, graphs

from tmpass.api.plan import plan
from tmpass.graph.model import TensorKind
from tmpass.loading.load import Model
from tmpass.plans.diff import CHANGES, Figure, Limit, diff
from tmpass.plans.model_info import ModelInfo
from tmpass.targets.scratch.rule import ScratchRule


def planned(graph, target="pixel6-tpu", **options):
    return plan(Model(ModelInfo("net.tflite", "test", "0" * 64), graph), target, **{"alignment": 1, **options})


def told(old, new):
    return {(shift.name, shift.change, shift.growth) for shift in diff(old, new).shifts}


def renamed(graph, *names):
    body = graph.subgraphs[0]
    tensors = tuple(replace(t, name=name) for t, name in zip(body.tensors, names, strict=True))
    return replace(graph, subgraphs=(replace(body, tensors=tensors),))


@settings(max_examples=50, deadline=None)
@given(graphs())
def test_a_plan_is_as_it_is(graph):
    made = planned(graph)
    found = diff(made, made)
    assert not found.shifts
    assert all(one.growth == 0 for one in found.memories)


@settings(max_examples=50, deadline=None)
@given(graphs(), graphs())
def test_backwards_all_is_the_other_way_round(graph, other):
    old, new = planned(graph), planned(other)
    there, back = diff(old, new), diff(new, old)
    opposite = dict(zip(CHANGES, ("shrank", "vanished", "joined", "grew", "appeared", "parted", "moved"), strict=True))
    assert {(s.name, opposite[s.change], s.new, s.old) for s in there.shifts} == {
        (s.name, s.change, s.old, s.new) for s in back.shifts
    }
    assert [one.growth for one in there.memories] == [-one.growth for one in back.memories]


def test_what_grew_and_what_that_moved():
    old, new = planned(chain(10, 20, 10, 5)), planned(chain(10, 20, 40, 5))
    assert told(old, new) == {("t2", "grew", 30), ("t0", "moved", 0), ("t1", "moved", 0), ("t3", "moved", 0)}
    assert told(new, old) == {("t2", "shrank", -30), ("t0", "moved", 0), ("t1", "moved", 0), ("t3", "moved", 0)}
    (memory,) = diff(old, new).memories
    assert (memory.peak, memory.growth, memory.peak.percent) == (Figure(30, 60), 30, Fraction(100))


def test_what_costs_the_most_comes_first():
    new = renamed(chain(10, 25, 90, 5, 7), "t0", "t1", "t2", "t3", "more")
    changes = [(shift.change, shift.growth) for shift in diff(planned(chain(10, 20, 10, 5)), planned(new)).shifts]
    assert changes[:3] == [("grew", 80), ("grew", 5), ("appeared", 7)]


def test_names_tell_tensors_apart_not_numbers():
    old = planned(renamed(chain(10, 20, 30), "a", "b", "c"))
    new = planned(renamed(chain(10, 20, 30), "x", "b", "c"))
    assert told(old, new) == {("a", "vanished", -10), ("x", "appeared", 10)}
    same = planned(renamed(chain(10, 20, 30), "n", "n", "n"))
    other = planned(renamed(chain(10, 20, 31), "n", "n", "n"))
    assert [(s.change, s.index) for s in diff(same, other).shifts if s.growth] == [("grew", 2)]


def test_what_no_longer_shares_storage_is_why_a_peak_grew():
    sketch = Sketch()
    x = sketch.input(10)
    sketch.outputs = [sketch.op([sketch.view(sketch.op([x], 10))], 10)]
    old, new = planned(graph_of(sketch)), planned(graph_of(sketch), share="none")
    assert {shift.change for shift in diff(old, new).shifts if shift.name == "t2"} == {"parted"}
    assert {shift.change for shift in diff(new, old).shifts if shift.name == "t2"} == {"joined"}


def test_scratch_is_known_by_its_operator():
    old = planned(chain(8, 8, 8), scratch=[ScratchRule("OP", 10)])
    new = planned(chain(8, 8, 8), scratch=[ScratchRule("OP", 10, 0, 0), ScratchRule("OP", 14, 0, 1)])
    grown = [(s.name, s.change, s.growth, s.index) for s in diff(old, new).shifts if s.growth]
    assert grown == [("scratch of OP op1", "grew", 4, None)]


def test_the_only_memories_of_two_targets_are_compared():
    old, new = planned(chain(16, 16), "pixel6-tpu"), planned(chain(16, 32), "litert-cpu")
    (memory,) = diff(old, new).memories
    assert memory.peak == Figure(32, 48)


def with_weights(size):
    sketch = Sketch()
    x, weights = sketch.input(16), sketch.tensor(size, TensorKind.CONSTANT)
    sketch.outputs = [sketch.op([x, weights], 16)]
    return graph_of(sketch)


def test_constants_and_all_that_is_needed_have_figures_in_each_memory():
    old, new = planned(with_weights(640), nodes=10), planned(with_weights(6400))
    near, far = diff(old, new).memories
    assert (near.peak, near.constants, near.overhead) == (Figure(32, 32), Figure(640, 6400), Figure(0, 0))
    assert near.needed == Figure(old.memories[0].needed, new.memories[0].needed)
    assert (far.name, far.peak, far.needed) == ("dram", Figure(0, 0), Figure(640, 6400))
    assert Limit(Fraction(5760), relative=False).broken_by(far) == ""
    assert Limit(Fraction(5759), relative=False).broken_by(far) == "needed"


def test_a_plan_that_has_buffers_only_is_compared_by_its_peak():
    new = planned(with_weights(640))
    memory = replace(new.memories[0], loaded=0)
    old = replace(new, memories=(memory,), constants=())
    of_file = replace(new, model=replace(new.model, bytes=1000))
    found = diff(old, of_file).memories
    assert [one.needed for one in found] == [None, None]
    assert not any(Limit(Fraction(0), relative=False).broken_by(one) for one in found)


@pytest.mark.parametrize(
    ("old", "new", "amount", "relative", "exceeded"),
    [
        (100, 101, 1, True, False),
        (1000, 1011, 1, True, True),
        (1000, 1005, "0.5", True, False),
        (1000, 1006, "0.5", True, True),
        (100, 50, 0, True, False),
        (0, 0, 0, True, False),
        (0, 1, 1000, True, True),
        (100, 104, 4, False, False),
        (100, 105, 4, False, True),
        (100, 100, 0, False, False),
        (3 * 2**60, 3 * 2**60 + 1, 0, True, True),
    ],
)
def test_how_much_a_peak_may_grow(old, new, amount, relative, exceeded):
    assert Limit(Fraction(amount), relative).exceeded(Figure(old, new)) is exceeded
