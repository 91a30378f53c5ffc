"""What the checker of spills and fetches says: nothing of right plans, and one line for each broken law."""

from dataclasses import replace

import pytest
from planning.residency.transfers.brute_force import brute_force
from planning.residency.transfers.drawn import draw_many, problem_of

from tmpass.base.choices import Status
from tmpass.planning.residency.transfers.problem import Episode, TransferPlan
from tmpass.verification.episodes import check_transfer_plan

PROBLEM = problem_of(
    [2, 3, 3, 3, 1, 1],
    [((5,), (0,)), ((), (1,)), ((1,), (2,)), ((2,), (3,)), ((0, 3, 5), (4,))],
    10,
    alignment=2,
    inputs=(5,),
    outputs=(4,),
)

EPISODES = (
    *((0, 0, 0, 0), (0, 4, 4, 4), (1, 1, 2, 0), (2, 2, 3, 4)),
    *((3, 3, 4, 0), (4, 4, 4, 6), (5, 0, 0, 2), (5, 4, 4, 8)),
)
"""Of tensors that leave, 0 for its spill and fetch and 5 for its fetch."""


def kinds(*, change=None, **fields):
    """The laws that a right plan breaks after episodes, by their number, and other fields are changed."""
    rows = {**dict(enumerate(EPISODES)), **(change or {})}
    episodes = tuple(Episode(*row) for row in rows.values() if row is not None)
    right = TransferPlan((0, 1, 2, 3, 4), episodes, 5, 3, Status.FEASIBLE, "test")
    return [one.kind for one in check_transfer_plan(PROBLEM, replace(right, **fields))]


def test_a_right_plan_breaks_no_law():
    assert kinds() == []
    assert kinds(lower_bound=5, status=Status.OPTIMAL) == []


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("order", {"order": (0, 1, 2, 3)}),
        ("order", {"order": (0, 1, 2, 3, 3)}),
        ("order", {"order": (0, 2, 1, 3, 4)}),
        ("missing", {"change": {1: None}, "cost": 1, "lower_bound": 0}),
        ("missing", {"change": {2: (1, 1, 1, 0)}}),
        ("missing", {"change": {0: (9, 0, 0, 0)}}),
        ("live range", {"change": {5: (4, 4, 5, 6)}}),
        ("live range", {"change": {3: (2, 1, 3, 4)}}),
        ("alignment", {"change": {1: (0, 4, 4, 5)}}),
        ("alignment", {"change": {1: (0, 4, 4, -2)}}),
        ("capacity", {"change": {1: (0, 4, 4, 10)}}),
        ("overlap", {"change": {5: (4, 4, 4, 4)}}),
        ("overlap", {"change": {7: (5, 0, 4, 8)}}),
        ("copy", {"change": {0: (0, 0, 3, 8)}}),
        ("figures", {"cost": 4}),
        ("figures", {"lower_bound": 6}),
        ("figures", {"lower_bound": -1}),
        ("status", {"status": Status.OPTIMAL}),
        ("status", {"lower_bound": 5}),
        ("status", {"status": Status.UNKNOWN}),
        ("status", {"status": Status.INFEASIBLE, "order": (), "cost": 0}),
    ],
)
def test_a_broken_law_is_found(kind, how):
    assert kind in kinds(**how)


def test_a_tensor_with_a_copy_may_move_at_once_and_the_first_departure_may_not():
    moved = problem_of([1, 1, 1], [((0,), (1,)), ((0,), (2,))], 3, inputs=(0,))
    rows = (Episode(0, 0, 0, 0), Episode(0, 1, 1, 1), Episode(1, 0, 0, 1), Episode(2, 1, 1, 2))
    assert check_transfer_plan(moved, TransferPlan((0, 1), rows, 1, 0, Status.FEASIBLE, "test")) == ()
    made = problem_of([1, 1, 1], [((), (0,)), ((0,), (1,)), ((0,), (2,))], 3)
    rows = (Episode(0, 0, 0, 0), Episode(0, 1, 1, 0), Episode(0, 2, 2, 1), Episode(1, 1, 1, 1), Episode(2, 2, 2, 2))
    broken = check_transfer_plan(made, TransferPlan((0, 1, 2), rows, 3, 0, Status.FEASIBLE, "test"))
    assert [one.message for one in broken] == ["'t0' comes back at step 1, with no step for its spill"]


@pytest.mark.parametrize("problem", list(draw_many(40, 7, seed=3, read_outputs=True)))
@pytest.mark.parametrize("free", [False, True])
def test_what_brute_force_finds_is_right(problem, free):
    best = brute_force(problem, None if free else range(len(problem.operators)))
    if best.cost is None:
        return
    found = TransferPlan(best.order, best.episodes, best.cost, best.cost, Status.OPTIMAL, "brute force")
    assert check_transfer_plan(problem, found) == ()
    assert check_transfer_plan(problem, replace(found, cost=best.cost + 1)) != ()
    assert check_transfer_plan(problem, replace(found, episodes=best.episodes[1:])) != ()
