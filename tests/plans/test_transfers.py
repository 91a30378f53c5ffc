"""The copies of a plan, as its rows have them."""

import pytest
from make_models import FOLDER
from support.travelling import network, planned, target

import tmpass
from tmpass.base.errors import UsageError
from tmpass.plans.transfers import Direction, buffer_copies, spilled_rows
from tmpass.report.formats import tflm_planner

PLAN = planned(network(), target(88, 8))
WITHOUT = planned(network(), target(200, 8))


def test_copies_are_in_their_order():
    copies = buffer_copies(PLAN)
    assert [copy.step for copy in copies] == sorted(copy.step for copy in copies)
    assert {copy.direction for copy in copies} == {Direction.SPILL, Direction.FETCH}
    assert buffer_copies(WITHOUT) == ()
    assert {copy.source.id for copy in copies if copy.direction is Direction.SPILL} == spilled_rows(PLAN)


def test_a_copy_goes_from_a_row_that_is_there_to_one_that_begins():
    for copy in buffer_copies(PLAN):
        assert copy.source is not None
        assert copy.target.lower == copy.step
        assert copy.bytes == copy.source.size == copy.target.size
        assert copy.source.lower < copy.step <= copy.source.upper
        inside = copy.source if copy.direction is Direction.SPILL else copy.target
        assert inside.memory == "near"


def test_what_has_one_place_for_each_tensor_refuses_transfers():
    path = FOLDER / "branchy.onnx"
    made = tmpass.plan(path, budget=33_000)
    assert made.transfers is not None
    with pytest.raises(UsageError, match="has one place for each tensor, but 2 buffers of the plan leave"):
        tmpass.planned_model(made, path)
    with pytest.raises(UsageError):
        tflm_planner.emit(made)
