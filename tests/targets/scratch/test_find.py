"""The scratch of operators: rules for one operator and for a kind, and which of them apply."""

from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of

from tmpass.base.errors import UsageError
from tmpass.graph.model import ABSENT
from tmpass.targets.scratch.find import merge_rules, scratch_of, unused_rules
from tmpass.targets.scratch.rule import ScratchRule


def two_convs_and_an_add():
    sketch = Sketch()
    x = sketch.input((4, 6))
    a = sketch.op([x], 10, kind="CONV")
    b = sketch.op([x, ABSENT], 20, kind="CONV")
    sketch.outputs = [sketch.op([a, b], 5, kind="ADD")]
    return graph_of(sketch)


def needs(*rules):
    return scratch_of(two_convs_and_an_add(), rules)


def test_without_rules_nothing_is_needed():
    assert needs() == {}


def test_a_rule_for_a_kind_is_worked_out_for_each_of_them():
    assert needs(ScratchRule("CONV", "out0.bytes + in0[1]")) == {(0, 0): (16,), (0, 1): (26,)}


def test_several_rules_give_several_buffers_and_no_bytes_give_none():
    assert needs(ScratchRule("ADD", 7), ScratchRule("ADD", 9)) == {(0, 2): (7, 9)}
    assert needs(ScratchRule("ADD", 0), ScratchRule("ADD", 9)) == {(0, 2): (9,)}
    assert needs(ScratchRule("ADD", 0)) == {}


def test_rules_for_an_operator_replace_those_for_its_kind():
    assert needs(ScratchRule("CONV", 8), ScratchRule("", 3, 0, 1)) == {(0, 0): (8,), (0, 1): (3,)}
    assert needs(ScratchRule("CONV", 8), ScratchRule("CONV", 0, 0, 1)) == {(0, 0): (8,)}


def test_an_optional_input_that_is_left_out_has_no_bytes():
    assert needs(ScratchRule("", "in1.bytes + 1", 0, 1)) == {(0, 1): (1,)}


def test_a_kind_that_the_model_does_not_have_is_allowed():
    assert needs(ScratchRule("SVDF", 8)) == {}


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (ScratchRule("", 1, 0, 3), "scratch: there is no operator 3 in subgraph 0, which has 3"),
        (ScratchRule("", 1, 1, 0), "scratch: there is no operator 0 in subgraph 1: the model has no such subgraph"),
        (ScratchRule("ADD", 1, 0, 0), "scratch: operator 0 of subgraph 0 is CONV, not ADD"),
        (ScratchRule("CONV", "in1.bytes"), "scratch 'in1.bytes' of operator 0 (CONV) in subgraph 0: there is no in1"),
    ],
)
def test_a_rule_that_does_not_suit_the_model(rule, message):
    with pytest.raises(UsageError) as caught:
        needs(rule)
    assert str(caught.value).startswith(message)


def test_a_file_s_rules_for_a_kind_replace_those_of_the_profile():
    conv, add, own = ScratchRule("CONV", 8), ScratchRule("ADD", 9), ScratchRule("CONV", 1)
    assert merge_rules((conv, add), (own,)) == (own, add)
    place = replace(own, subgraph=0, op=0)
    assert merge_rules((conv, add), (place,)) == (place, conv, add)


def test_kinds_that_the_model_does_not_have_are_named():
    rules = [ScratchRule("CONV", 8), ScratchRule("SVDF", 8), ScratchRule("SVDF", 9), ScratchRule("Conv", 3)]
    assert list(unused_rules(two_convs_and_an_add(), [*rules, ScratchRule("", 3, 0, 1)])) == [
        "scratch is given for 'SVDF', and the model has no such operator",
        "scratch is given for 'Conv', and the model has no such operator; did you mean 'CONV'?",
    ]
