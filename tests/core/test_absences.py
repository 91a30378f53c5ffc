"""The kernel of absences: arrays from outside are checked, and small choices are those that one would make by hand."""

import subprocess
import sys
from pathlib import Path

import pytest

import tmpass._core as _core

ONE = ([0, 3, 0], [1, 2, 5, 7, 0], [4])
"""Step 1 has 3 bytes too many; an absence of 5 bytes costs a fetch of 7 and a spill of 4."""

NONE = ([0], [])


def test_an_absence_is_taken_where_a_step_is_too_full():
    assert _core.search_absences(ONE, NONE, 100)[:4] == (True, [0], 11, 11)
    assert _core.search_absences(([0, 0, 0], *ONE[1:]), NONE, 100)[:4] == (True, [], 0, 0)


def test_no_choice_where_all_absences_together_are_not_enough():
    assert _core.search_absences(([0, 6, 0], *ONE[1:]), NONE, 100)[0] is False
    assert _core.search_absences(ONE, ([0, 0], []), 100)[0] is False


def test_one_absence_of_a_combination_is_taken():
    absences = [0, 1, 2, 9, -1, 0, 1, 2, 8, -1, 2, 3, 2, 2, -1]
    assert _core.search_absences(([0, 0, 0], absences, []), ([0, 2], [0, 1]), 100)[:4] == (True, [1], 8, 8)
    assert _core.search_absences(([0, 0, 0], absences, []), ([0, 2, 4], [0, 1, 0, 2]), 100)[:3] == (True, [0], 9)


def test_an_absence_without_steps_needs_an_earlier_one_of_its_version():
    absences = [0, 1, 2, 5, 0, 2, 2, 2, 1, 0]
    assert _core.search_absences(([0, 0, 0], absences, [3]), ([0, 1], [1]), 100)[:4] == (True, [0, 1], 9, 9)
    with pytest.raises(ValueError, match="without steps has none before it"):
        _core.search_absences(([0, 0, 0], absences[5:], [3]), NONE, 100)


def test_the_spill_of_a_version_is_paid_once():
    absences = [0, 1, 2, 5, 0, 1, 2, 2, 5, 0, 2, 3, 2, 5, 0]
    assert _core.search_absences(([1, 1, 1], absences, [30]), NONE, 100)[:4] == (True, [0, 1, 2], 45, 45)


@pytest.mark.parametrize(
    ("steps", "forbidden", "fault"),
    [
        (([0, 3, 0], [1, 2, 5, 7], [4]), NONE, "five numbers"),
        (([0, 3, 0], [1, 4, 5, 7, 0], [4]), NONE, "not within the steps"),
        (([0, 3, 0], [2, 1, 5, 7, 0], [4]), NONE, "not within the steps"),
        (([0, 3, 0], [1, 2, 5, 7, 1], [4]), NONE, "of no version"),
        (([0, 3, 0], [1, 2, -5, 7, 0], [4]), NONE, "negative"),
        (([0, 3, 0], [1, 2, 5, 2**59, 0], [4]), NONE, "too large together"),
        (([0, 3, 0], [1, 2, 5, 7, 0], [2**59]), NONE, "too large together"),
        (([0, 2**58, 0], [1, 2, 5, 7, 0], [4]), NONE, "an excess is too large"),
        (([0, 3, 0], [1, 2, 5, 7, 0, 0, 1, 5, 7, 0], [4]), NONE, "rising first step"),
        (ONE, ([], []), "no bounds"),
        (ONE, ([0, 2], [0]), "no bounds"),
        (ONE, ([0, 1], [1]), "names no absence"),
        (ONE, ([0, 2], [0, 0]), "must rise"),
        (ONE, ([0, 2, 1, 2], [0, 0]), "must rise"),
    ],
)
def test_arrays_that_break_a_rule_are_refused(steps, forbidden, fault):
    with pytest.raises(ValueError, match=fault):
        _core.search_absences(steps, forbidden, 100)


def test_the_largest_numbers_do_not_overflow():
    many = 2**54
    absences = [0, 2, many, many, 0, 0, 3, many, many, 1]
    found = _core.search_absences(([many, many // 2, 1], absences, [many, many]), NONE, 100)
    assert found[:4] == (True, [1], 2 * many, 2 * many)


def test_a_long_search_stops_on_ctrl_c():
    script = """
import _thread, random, threading
from planning.residency.transfers.fixed_drawn import draw_network
from tmpass.planning.residency.transfers.absences import choose_absences, find_absences
problem = draw_network(random.Random(1), 2000, 200, range(50, 400))
threading.Timer(1, _thread.interrupt_main).start()
choose_absences(problem, find_absences(problem), [], room=[problem.capacity] * problem.steps, states=2**60)
"""
    command = [sys.executable, "-c", script]
    found = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, timeout=60)
    assert "KeyboardInterrupt" in found.stderr
