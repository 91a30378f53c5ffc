import subprocess
import sys
import threading
import time
from math import gcd
from typing import Any

import pytest
from hypothesis import given
from support.exact import least_peak
from support.problems import problems, random_problem

import tmpass._core as _core
from tmpass.packing.bounds import Bound, lower_bound
from tmpass.packing.problem import Buffer, Gap, Memory, Problem, in_use


def test_live_bytes_are_those_of_the_peak_step():
    buffers = (Buffer("a", 0, 3, 5), Buffer("b", 2, 4, 7), Buffer("c", 3, 5, 6))
    assert lower_bound(Problem(buffers)) == Bound(13, 3, 13, 3)


def test_alignment_makes_holes_below_all_but_the_topmost():
    #  10 -> 16, 3 -> 16, and the one with the largest hole (3 wastes 13) on top: 16 + 3
    buffers = (Buffer("a", 0, 1, 10), Buffer("b", 0, 1, 3))
    assert lower_bound(Problem(buffers, alignment=16)) == Bound(19, 0, 13, 0)


def test_a_fixed_buffer_is_a_bound_of_its_own():
    assert lower_bound(Problem((Buffer("a", 2, 3, 4, offset=8),))).peak == 12


def test_windows_that_begin_at_multiples_leave_holes_as_buffers_do():
    buffers = (Buffer("a", 0, 2, 20, gaps=(Gap(0, 1, 16, 20),)), Buffer("b", 0, 1, 3))
    assert lower_bound(Problem(buffers, alignment=16)).peak == 20
    elsewhere = (Buffer("a", 0, 2, 20, gaps=(Gap(0, 1, 12, 20),)), Buffer("b", 0, 1, 14))
    assert lower_bound(Problem(elsewhere, alignment=16)).peak == 22


def test_in_a_gap_only_the_window_counts():
    buffers = (Buffer("a", 0, 6, 8, gaps=(Gap(2, 4, 0, 3),)), Buffer("b", 2, 4, 4))
    assert lower_bound(Problem(buffers)) == Bound(8, 0, 8, 0)


def test_nothing_needs_nothing():
    assert lower_bound(Problem(())) == Bound(0, 0, 0, 0)


def test_buffers_that_only_upper_memories_may_hold_fill_them_from_the_start():
    memories = Memory("sram", 0, 16), Memory("dram", 64, 128)
    only = tuple(Buffer(name, 3, 4, 5, memories=("dram",)) for name in "ab")
    assert lower_bound(Problem((Buffer("c", 0, 1, 4), *only), memories=memories)) == Bound(74, 3, 10, 3)


def test_bytes_that_the_lower_memory_has_no_room_for_are_in_the_upper_one():
    memories = Memory("sram", 0, 16), Memory("dram", 64, 128)
    assert lower_bound(Problem(tuple(Buffer(n, 2, 3, 8) for n in "abc"), memories=memories)) == Bound(72, 2, 24, 2)


@pytest.mark.parametrize("size", [9, 6])
def test_without_a_memory_for_a_buffer_the_bound_is_above_all_packings(size):
    problem = Problem(tuple(Buffer(n, 0, 1, size) for n in "ab"), memories=(Memory("sram", 0, 8),))
    assert lower_bound(problem).peak == problem.reach + 1


@given(problems(with_fixed=True, with_alignment=True, with_gaps=True, with_memories=True, with_apart=True))
def test_no_packing_is_below_the_bound(problem):
    least = least_peak(problem)
    assert least is None or lower_bound(problem).peak <= least


@given(problems())
def test_live_bytes_are_the_definition(problem):
    steps = range(problem.horizon)
    live = [sum(b.size for b in problem.buffers if b.lower <= step < b.upper) for step in steps]
    assert lower_bound(problem).live_bytes == max(live, default=0)


@given(problems(with_fixed=True, with_alignment=True, with_gaps=True))
def test_bound_is_the_most_that_a_step_or_a_fixed_buffer_forces(problem):
    assert lower_bound(problem) == step_by_step(problem)


@pytest.mark.parametrize("stretch", [1, 1000])
def test_many_buffers_are_counted_the_same_way_however_far_apart(stretch):
    problem = random_problem(1, 500)
    wide = Problem(tuple(Buffer(b.id, b.lower * stretch, b.upper * stretch, b.size) for b in problem.buffers))
    assert lower_bound(wide) == step_by_step(wide)


def step_by_step(problem):
    """The bound by its definition: at each step the buffers there, all but one rounded up to the common divisor."""
    windows = [gap.window_lower for b in problem.buffers for gap in b.gaps if gap.window_lower < gap.window_upper]
    grain = gcd(*(problem.alignment_of(b) for b in problem.buffers), *windows)
    tops = [(b.offset + b.size, -b.lower) for b in problem.buffers if b.offset is not None and b.size]
    live = [(0, 0)]
    for step in sorted({edge for b in problem.buffers for lower, upper, *_ in in_use(b) for edge in (lower, upper)}):
        spans = [span for b in problem.buffers for span in in_use(b) if span[0] <= step < span[1]]
        sizes = [high - low for _, _, low, high in spans if low < high]
        live.append((sum(sizes), -step))
        if sizes:
            tops.append((sum(size + -size % grain for size in sizes) - max(-size % grain for size in sizes), -step))
    (peak, at), (most, there) = max(tops, default=(0, 0)), max(live)
    return Bound(peak, -at, most, -there)


@pytest.mark.parametrize(
    ("memories", "grounds"),
    [
        ([(2**63 - 1, 2**63 - 1)], [0]),
        ([(0, 2**63 - 1)], [0]),
        ([(8, 9), (0, 4)], [0]),
        ([(5, 4)], [0]),
        ([(0, 9)], [-2]),
    ],
)
def test_the_judge_refuses_numbers_that_are_not_those_of_a_problem(memories, grounds):
    with pytest.raises(ValueError, match="not those of a problem"):
        _core.step_bound((Buffer("a", 0, 2, 5),), 1, memories, grounds, 7)


MANY = """
from tmpass import _core
from tmpass.packing.problem import Buffer

def arguments(memories):
    rows = tuple(Buffer(str(i), i // 10, i // 10 + 50, 64 + i % 100) for i in range(60_000))
    grounds = [(i % memories) << 20 for i in range(len(rows))]
    return rows, 1, [(i << 20, (i + 1) << 20) for i in range(memories)], grounds, 1 << 40

def bound(memories):
    return _core.step_bound(*arguments(memories))
"""
"""A bound over many memories: with 3000 it takes more than ten seconds."""


def test_other_threads_run_during_a_bound():
    names: dict[str, Any] = {}
    exec(MANY, names)
    beats, began, ended = [0], threading.Event(), threading.Event()

    def beat() -> None:
        """Count, which needs the interpreter: while a bound keeps it, nothing is counted."""
        began.set()
        while not ended.is_set():
            beats[0] += 1
            time.sleep(0)

    thread = threading.Thread(target=beat)
    thread.start()
    began.wait()
    given = names["arguments"](300)
    before = beats[0]
    _core.step_bound(*given)
    during = beats[0] - before
    ended.set()
    thread.join()
    # A call that keeps the interpreter leaves a few beats, before it begins and after it ends; this one leaves many.
    assert during > 20


def test_ctrl_c_ends_a_bound():
    script = f"""{MANY}
import atexit, signal, threading, time
atexit.register(lambda: print(time.process_time()))
threading.Timer(0.5, signal.raise_signal, [signal.SIGINT]).start()
bound(3000)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert "KeyboardInterrupt" in done.stderr
    assert float(done.stdout) < 5
