"""The native kernels refuse arrays that would make them read outside, and agree with plain definitions."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from support.problems import problems

import tmpass._core as _core

GOOD = {"lower": [0], "upper": [1], "size": [1], "alignment": [1], "fixed": [-1]}


@pytest.mark.parametrize(
    "change",
    [
        {"lower": [0, 1]},
        {"lower": [1]},
        {"lower": [-1]},
        {"size": [-1]},
        {"size": [2**62 + 1]},
        {"alignment": [0]},
        {"fixed": [-2]},
        {"size": [2**62], "alignment": [2**61]},
        {"upper": [2**31]},
        {"gaps": [0, 0, 1, 0]},
        {"gaps": [1, 0, 1, 0, 0]},
        {"gaps": [0, 0, 2, 0, 0]},
        {"gaps": [0, 0, 1, 0, 2]},
        {"gaps": [0, 0, 1, 0, 0, 0, 0, 1, 0, 0]},
        {"forbidden": [0, 2, 2]},
        {"forbidden": [0, 0, 2**62, 0, 4, 6]},
        {"forbidden": [0, 4, 6, 0, 0, 2]},
        {"forbidden": [0, 1, 2**62]},
        {"apart": [0]},
        {"apart": [0, 1]},
    ],
)
def test_arrays_out_of_range_are_refused(change):
    with pytest.raises(ValueError, match=r"buffer|differ|add up|row"):
        _core.Problem(**GOOD | change)


@pytest.mark.parametrize("order", [[], [1], [-1], [0, 0]])
def test_an_order_must_be_a_permutation(order):
    with pytest.raises(ValueError, match="permutation"):
        _core.first_fit(_core.Problem(**GOOD), order)


@pytest.mark.parametrize("offsets", [[], [0, 0], [-1], [2**62], [2**62 - 1]])
@pytest.mark.parametrize("kernel", ["local_search", "repair"])
def test_offsets_must_be_one_for_each_buffer_below_the_limit(kernel, offsets):
    problem = _core.Problem(**GOOD | {"size": [2]})
    with pytest.raises(ValueError, match="offset"):
        getattr(_core, kernel)(problem, offsets, target=0, node_limit=1)


def test_offsets_must_be_the_fixed_ones():
    with pytest.raises(ValueError, match="offset"):
        _core.local_search(_core.Problem(**GOOD | {"fixed": [8]}), [0], target=0, node_limit=1)


@pytest.mark.parametrize("capacity", [-1, 2**62 + 1])
@pytest.mark.parametrize("kernel", ["minimalloc", "postpone", "always_fit"])
def test_a_capacity_must_be_an_address(kernel, capacity):
    nodes = () if kernel == "always_fit" else (1,)
    with pytest.raises(ValueError, match="capacity"):
        getattr(_core, kernel)(_core.Problem(**GOOD), capacity, *nodes)


@pytest.mark.parametrize("kernel", ["hill_climb", "local_search", "minimalloc", "postpone", "repair"])
def test_no_less_than_no_nodes(kernel):
    where = () if kernel in ("minimalloc", "postpone") else ([0],)
    with pytest.raises(ValueError, match="nodes"):
        getattr(_core, kernel)(_core.Problem(**GOOD), *where, 0, -1)


def test_repair_refuses_pairs_that_stay_apart():
    two = _core.Problem([0, 0], [1, 1], [1, 1], [1, 1], [-1, -1], apart=[0, 1])
    with pytest.raises(ValueError, match="apart"):
        _core.repair(two, [0, 9], target=0, node_limit=9)


def test_a_target_far_below_the_ground_is_the_ground():
    assert _core.repair(_core.Problem(**GOOD), [5], target=-(2**63), node_limit=9)[:2] == ([0], 1)


def test_sums_at_the_very_limit():
    """Sizes, alignments and the capacity are 2^63 together."""
    problem = _core.Problem([0, 0], [1, 1], [2**61 + 1, 2**61 - 3], [1, 1], [-1, -1])
    assert _core.minimalloc(problem, 2**62, 9)[0] == 2
    assert _core.postpone(problem, 2**62, 9)[0] == 2
    nowhere = _core.Problem([0], [1], [0], [2**62], [-1], forbidden=[0, 0, 2**62 + 1])
    assert _core.minimalloc(nowhere, 2**62, 9)[0] == 1


def test_numbers_above_64_bits_are_refused():
    with pytest.raises(TypeError):
        _core.minimalloc(_core.Problem(**GOOD), capacity=2**70, node_limit=1)


@given(problems(max_buffers=8))
def test_contention_is_the_most_bytes_alive_at_a_step_of_each_live_range(problem):
    live = [sum(b.size for b in problem.buffers if b.lower <= t < b.upper) for t in range(problem.horizon)]
    wanted = [max(live[b.lower : b.upper]) for b in problem.buffers]
    assert _core.contention(problem.native) == wanted


@given(problems(max_buffers=8, with_fixed=True, with_alignment=True))
def test_first_fit_is_the_lowest_free_offset_in_turn(problem):
    placed = {i: b.offset for i, b in enumerate(problem.buffers) if b.offset is not None}
    order = range(len(problem.buffers))[::-1]
    for i in order:
        b = problem.buffers[i]
        if i in placed:
            continue
        near = [
            (at, at + problem.buffers[j].size)
            for j, at in placed.items()
            if problem.buffers[j].lower < b.upper and b.lower < problem.buffers[j].upper
            if b.size and problem.buffers[j].size
        ]
        offset = 0
        while any(low < offset + b.size and offset < high for low, high in near):
            offset += problem.alignment_of(b)
        placed[i] = offset
    assert _core.first_fit(problem.native, list(order)) == [placed[i] for i in range(len(problem.buffers))]


@pytest.mark.parametrize(
    "call",
    [
        "minimalloc(native, capacity=4096, node_limit=2**60)",
        "postpone(native, capacity=4096, node_limit=2**60)",
        "telamalloc(native, capacity=4096, node_limit=2**60)",
        "hill_climb(native, range(600), target=0, node_limit=2**60)",
        "narrowest_first(native, _core.first_fit(native, range(600)), target=0, node_limit=2**60)",
        "local_search(native, _core.first_fit(native, range(600)), target=0, node_limit=2**60)",
        "first_fit(_core.Problem([0] * 300000, *[[1] * 300000] * 3, [-1] * 300000), range(300000))",
        "aligned_stack(_core.Problem([0] * 600000, [1] * 600000, range(600000), [1, 4096] * 300000, [-1] * 600000))",
    ],
)
def test_a_long_search_stops_on_ctrl_c(call):
    script = f"""
import _thread, threading
from support.families import guillotine
import tmpass._core as _core
native = guillotine(1, 600, steps=240, height=4096).native
threading.Timer(0.5, _thread.interrupt_main).start()
_core.{call}
"""
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[1], capture_output=True, text=True, timeout=60
    )
    assert "KeyboardInterrupt" in found.stderr
