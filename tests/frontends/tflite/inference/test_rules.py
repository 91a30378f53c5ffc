"""Output shapes of operators over an open batch."""

import pytest
from support.tflite_operators import CASES, Case
from tmpass.frontends import tflite
from tmpass.frontends.tflite.inference.rules import RULES, find_rule
from tmpass.frontends.tflite.operator_names import OPERATOR_NAMES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_shapes_follow_from_what_is_bound(case: Case) -> None:
    main = tflite.load(case.model, case.bindings).subgraphs[0]
    assert [main.tensors[t].shape for t in main.outputs] == list(case.outputs)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_only_inputs_are_asked_for(case: Case) -> None:
    assert set(tflite.load(case.model, {}).symbols) == set(case.bindings)


def test_every_rule_is_for_an_operator_that_there_is() -> None:
    assert set(RULES) <= set(OPERATOR_NAMES)
    assert all(callable(find_rule(kind)) for kind in RULES)
    assert find_rule("CUSTOM") is None
