"""Transfers in a given order: as cheap as trying everything, with a right bound and episodes that keep every rule."""

import random

import pytest
from planning.residency.transfers.fixed_oracle import cheapest

from tmpass.planning.residency.transfers.fixed_order import FixedBuffer, FixedOrderProblem, Use, solve_fixed_order


def draw(rng, count=4, steps=6, most=3):
    """A drawn problem with buffers that are written several times, stored or pinned."""
    buffers = []
    for _ in range(rng.randint(2, count)):
        at = sorted(rng.sample(range(steps), rng.randint(1, 4)))
        stored = rng.random() < 0.3
        uses = tuple(Use(step, (n == 0 and not stored) or rng.random() < 0.2) for n, step in enumerate(at))
        buffers.append(FixedBuffer(rng.randint(1, most), uses, stored, rng.random() < 0.1, rng.random() < 0.2))
    return FixedOrderProblem(tuple(buffers), steps, rng.randint(3, 6), rng.choice((1, 1, 1, 2)))


@pytest.mark.parametrize("seed", range(60))
def test_no_plan_is_cheaper(seed):
    problem = draw(random.Random(seed))
    answer, least = solve_fixed_order(problem), cheapest(problem)
    if least is None:
        assert answer.status == "infeasible"
    else:
        assert (answer.cost, answer.lower_bound, answer.status) == (least, least, "optimal")
