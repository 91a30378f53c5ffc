"""The claims of integer programming hold although its solver computes in floating point."""

from support.exact import legal

from tmpass.packing.allocators import Goal, ilp
from tmpass.packing.problem import Buffer, Problem


def test_numbers_that_hide_a_unit_from_doubles_prove_nothing():
    """Found packings are checked in whole numbers; a bound that is proved is that of the goal."""
    odd = 2**19 + 1
    ranges = {"a": (0, 2, 2 * odd), "b": (1, 3, 3 * odd), "c": (2, 4, 2 * odd), "d": (0, 4, odd + 1)}
    problem = Problem(tuple(Buffer(name, *numbers) for name, numbers in ranges.items()))
    found = ilp.solve(problem, Goal(0, True, 1000))
    assert legal(problem, found.offsets)
    assert (found.peak >= 6 * odd + 1, found.bound) == (True, 0)
