"""A path where a function takes a plan is an error that says what to give."""

from pathlib import Path

import pytest

import tmpass
from tmpass.base.errors import UsageError
from tmpass.plans.given import HINT

BRANCHY = Path(__file__).parents[2] / "models" / "branchy.tflite"


@pytest.mark.parametrize("given", ["net.json", Path("net.json"), None])
@pytest.mark.parametrize("call", [tmpass.verify, tmpass.execute, tmpass.planned_model])
def test_what_is_no_plan_is_an_error_that_says_how_to_read_one(call, given):
    with pytest.raises(UsageError) as caught:
        call(given, BRANCHY)
    assert str(caught.value) == f"plan is {given!r}, not a Plan; {HINT}"


def test_a_plan_and_its_model_in_the_wrong_order():
    with pytest.raises(UsageError, match=r"plan is .*branchy\.tflite'\), not a Plan; give a Plan"):
        tmpass.verify(BRANCHY, tmpass.plan(BRANCHY, target="tflm"))


def test_two_paths_are_not_compared():
    found = tmpass.plan(BRANCHY, target="tflm")
    with pytest.raises(UsageError, match=r"^old is 'old\.json', not a Plan; give a Plan"):
        tmpass.diff("old.json", found)
    with pytest.raises(UsageError, match=r"^new is 'new\.json', not a Plan; give a Plan"):
        tmpass.diff(found, "new.json")


@pytest.mark.parametrize("given", ["net.json", Path("net.json")])
def test_a_path_is_not_the_text_of_a_plan(given):
    with pytest.raises(UsageError) as caught:
        tmpass.parse_plan(given)
    assert str(caught.value) == f"plan: {given!r} is a path, and not the text of a plan; {HINT}"
