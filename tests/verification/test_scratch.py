"""Scratch in plans: a buffer each time an operator runs, apart from all tensors, and checked by the verifier."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, graph_of, graphs

from tmpass.api.plan import plan
from tmpass.api.verify import verify
from tmpass.base.errors import UsageError
from tmpass.graph.model import Call
from tmpass.loading.load import Model
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.plan_json import parse_plan
from tmpass.targets import Memory, Target
from tmpass.targets.scratch.rule import ScratchRule
from tmpass.verification.plan import check_plan


def model(graph) -> Model:
    return Model(ModelInfo("test", "test", "0" * 64), graph)


def two_convs():
    """Input 0 [16] -> CONV -> 1 [32] -> CONV -> output 2 [8]."""
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.op([sketch.input(16)], 32, kind="CONV")], 8, kind="CONV")]
    return graph_of(sketch)


RULES = (ScratchRule("CONV", "2 * out0.bytes"), ScratchRule("CONV", 5), ScratchRule("", 3, 0, 1))


@pytest.fixture
def good():
    return plan(model(two_convs()), alignment=16, scratch=RULES)


def scratch_in(made):
    return [(b.step, b.size, b.lower, b.upper) for b in made.buffers if b.step is not None]


def test_a_buffer_for_each_rule_that_applies_alive_in_its_step(good):
    assert scratch_in(good) == [(0, 64, 0, 1), (0, 5, 0, 1), (1, 3, 1, 2)]
    assert good.memories[0].live_bytes == 16 + 32 + 64 + 5
    assert good.options.scratch == RULES
    assert check_plan(good, two_convs()) == []


def test_it_is_read_back_and_verified_with_what_the_plan_records(good):
    again = parse_plan(good.to_json())
    assert again == good
    assert verify(again, model(two_convs())) == ()


def test_an_operator_with_bodies_keeps_its_scratch_while_they_run_and_a_body_has_it_at_each_call():
    sketch, body = Sketch(), Sketch("body")
    body.outputs = [body.op([body.op([body.input(4)], 4, kind="INNER")], 4)]
    x = sketch.input(4)
    for _ in range(2):
        x = sketch.op([x], 4, kind="CALL", calls=(Call(1, "body"),))
    sketch.outputs = [x]
    graph = graph_of(sketch, body)
    made = plan(model(graph), scratch=[ScratchRule("CALL", 7), ScratchRule("INNER", 9)])
    assert scratch_in(made) == [(0, 7, 0, 3), (1, 9, 1, 2), (3, 7, 3, 6), (4, 9, 4, 5)]
    assert check_plan(made, graph) == []


@settings(max_examples=150, deadline=None)
@given(graphs(), st.lists(st.tuples(st.sampled_from(["OP", "BRANCH", "LOOP", "RESHAPE"]), st.integers(0, 9))))
def test_any_graph_with_scratch_has_a_right_plan(graph, rules):
    made = plan(model(graph), scratch=[ScratchRule(kind, size) for kind, size in rules])
    expected = [(row.step, size) for row in made.schedule for kind, size in rules if kind == row.kind and size]
    assert sorted((step, size) for step, size, _, _ in scratch_in(made)) == sorted(expected)


# What was tampered with.


def edited(made, at, **changes):
    return replace(made, buffers=(*made.buffers[:at], replace(made.buffers[at], **changes), *made.buffers[at + 1 :]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: replace(p, buffers=p.buffers[:-1]), "needs scratch of [3] bytes at step 1, but the plan has []"),
        (lambda p: edited(p, 3, size=60), "needs scratch of [5, 64] bytes at step 0, but the plan has [5, 60]"),
        (lambda p: edited(p, 5, step=0), "needs scratch of [3] bytes at step 1, but the plan has []"),
        (lambda p: edited(p, 5, step=2), "there is scratch for step 2, which the schedule does not have"),
        (lambda p: edited(p, 5, upper=3), "runs in [1, 2), but its scratch is alive in [1, 3)"),
        (lambda p: edited(p, 0, step=0), "buffer 0 is scratch of step 0, but holds tensors"),
        (lambda p: replace(p, options=replace(p.options, scratch=())), "needs scratch of [] bytes at step 0"),
        (lambda p: edited(p, 5, step=None), "buffer 5 lists tensors (), but [] are in it"),
    ],
)
def test_scratch_that_is_not_what_the_rules_say(good, change, message):
    found = check_plan(change(good), two_convs())
    assert any(message in violation.message for violation in found)
    assert {violation.kind for violation in found} <= {"scratch", "alias"}


def test_scratch_over_a_tensor_or_off_its_alignment(good):
    over = edited(good, 4, offset=good.buffers[0].offset)
    kinds = {v.kind: v.message for v in check_plan(over, two_convs())}
    assert "scratch of step 0 and tensor 0 't0' share bytes" in kinds["overlap"]
    kinds = {v.kind: v.message for v in check_plan(edited(good, 5, offset=8), two_convs())}
    assert kinds["alignment"] == "scratch of step 1 is at 8, which is not a multiple of 16"


def test_a_formula_in_a_plan_that_cannot_be_worked_out(good):
    altered = replace(good, options=replace(good.options, scratch=(ScratchRule("CONV", "in0"),)))
    with pytest.raises(UsageError, match="scratch of step 0: column 1: in0 alone is not a number"):
        check_plan(altered, two_convs())


# The target.


def target(*rules):
    memory = Memory("near", None, 1, ("activations", "inputs_outputs"))
    return Target("mine", "", "", (memory, Memory("far", None, 1, ("variables",))), scratch=rules)


def test_the_target_s_rules_count_unless_the_caller_replaces_them():
    given_by_target = plan(model(two_convs()), target(ScratchRule("CONV", 4)))
    assert [size for _, size, _, _ in scratch_in(given_by_target)] == [4, 4]
    replaced = plan(model(two_convs()), target(ScratchRule("CONV", 4)), scratch=[ScratchRule("CONV", 6)])
    assert [size for _, size, _, _ in scratch_in(replaced)] == [6, 6]


def test_verify_for_a_target_asks_for_its_scratch():
    mine, bare = target(ScratchRule("CONV", 4)), target()
    made = plan(model(two_convs()), bare)
    assert verify(made, model(two_convs()), target=bare) == ()
    (violation,) = verify(made, model(two_convs()), target=mine)
    assert violation.message == "mine has scratch for CONV, but the plan's options have none"
    with_it = plan(model(two_convs()), mine)
    assert verify(with_it, model(two_convs()), target=mine) == ()
    moved = replace(with_it.buffers[-1], memory="far", offset=0)
    far = replace(with_it.memories[0], name="far", peak=4, lower_bound=4, live_bytes=4)
    altered = replace(with_it, buffers=(*with_it.buffers[:-1], moved), memories=(*with_it.memories, far))
    messages = [v.message for v in verify(altered, model(two_convs()), target=mine)]
    assert "scratch of step 1 is in far, which holds no activations" in messages


@pytest.mark.parametrize("scratch", [5, None, [5], {"kind": "CONV"}])
def test_what_is_no_scratch(scratch):
    with pytest.raises(UsageError, match="give the path of a scratch file, or a list of rules"):
        plan(model(two_convs()), scratch=scratch)


def test_a_subgraph_that_no_entry_reaches_may_call_itself():
    unused = Sketch("unused")
    unused.op([], 1)
    graph = graph_of(two_convs().subgraphs[0], unused)
    made = plan(model(graph), scratch=RULES)
    circle = replace(graph.subgraphs[1], ops=(replace(graph.subgraphs[1].ops[0], calls=(Call(1, "call"),)),))
    assert check_plan(made, replace(graph, subgraphs=(graph.subgraphs[0], circle))) == []
