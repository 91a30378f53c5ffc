"""Whatever the numbers: a kernel refuses them, or what it returns is a packing. tests/sanitize.sh runs this as well."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.policies import ALWAYS

import tmpass._core as _core
from tmpass.base.errors import UsageError
from tmpass.packing.allocators.arrays import Arrays
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Gap, Problem

FOUND, ENDED = 0, 2
NOWHERE = -2
REACH = 2**62  # no address is above it
LAST = 2**63 - 1

EDGES = (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**61, REACH - 1, REACH, REACH + 1, LAST, LAST + 1, 2**64)
anything = st.sampled_from((*EDGES, *(-number for number in EDGES))) | st.integers(-2, 9)
steps = st.integers(0, 8) | st.sampled_from((2**31 - 2, 2**31 - 1, 2**31 - 1, LAST))
sizes = st.integers(0, 8) | st.sampled_from((2**28, 2**29 + 1, 2**31, 2**32 - 1, 2**32, 2**57, 2**60 + 1, REACH // 4))
addresses = st.integers(0, 16) | st.sampled_from((2**31, 2**32 - 1, 2**57, 2**60, REACH // 2, REACH - 1, REACH))
alignments = st.sampled_from((1, 1, 1, 2, 3, 4, 2**31, 2**40, 2**60, REACH // 2, REACH - 1, REACH))
capacities = addresses | anything
seeds = st.sampled_from((0, 1, LAST, LAST + 1, 2**64 - 1)) | anything

Kernel = Callable[[_core.Problem, st.DataObject], None]


@st.composite
def arrays(draw: st.DrawFn, at_most: int = 6) -> Arrays:
    """Arrays that are in range one by one, but whose sums often are not; many have some number out of range as well."""
    count = draw(st.integers(0, at_most))
    numbers = range(count)
    lives = [sorted(draw(st.lists(steps, min_size=2, max_size=2, unique=True))) for _ in numbers]
    made = Arrays(
        [lower for lower, _ in lives],
        [upper for _, upper in lives],
        [draw(sizes) for _ in numbers],
        [draw(alignments) for _ in numbers] if draw(st.booleans()) else [1] * count,
        [draw(addresses) if draw(st.integers(0, 5)) == 0 else -1 for _ in numbers],
        [],
        [],
        [draw(st.integers(0, count - 1)) for _ in range(2 * draw(st.integers(0, 2)))] if count else [],
    )
    if draw(st.booleans()):
        for b in numbers:
            made.gaps.extend(draw(_gaps(b, lives[b], made.size[b])))
    if draw(st.booleans()):
        for b in numbers:
            edges = sorted(draw(st.lists(addresses | st.just(REACH + 1), max_size=4, unique=True)))
            made.forbidden.extend(n for pair in list(pairwise(edges))[::2] for n in (b, *pair))
    used = sum(made.size) + sum(made.alignment) + sum(at for at in made.fixed if at > 0)
    used += max((to for to in made.forbidden[2::3] if to <= REACH), default=0)
    if count and used < REACH and draw(st.booleans()):
        made.size[-1] += REACH - used - draw(st.integers(0, 2))  # as much as may be
        made.size[-1] = max(made.size[-1], 0)
    if draw(st.integers(0, 3)) == 0:
        array = draw(st.sampled_from(made))
        if array and draw(st.booleans()):
            array[draw(st.integers(0, len(array) - 1))] = draw(anything)
        else:
            array.extend(draw(st.lists(anything, max_size=5)))
    return made


def _gaps(b: int, life: list[int], size: int) -> st.SearchStrategy[list[int]]:
    """At most two gaps of buffer `b`, some with a window."""
    lower, upper = life
    edges = st.lists(st.integers(lower, upper), max_size=4, unique=True).map(sorted)
    windows = st.lists(st.integers(0, size), min_size=4, max_size=4).map(lambda w: (sorted(w[:2]), sorted(w[2:])))
    solid = st.just(([0, 0], [0, 0]))
    return st.tuples(edges, solid | windows).map(
        lambda drawn: [
            n
            for pair, window in zip(list(pairwise(drawn[0]))[::2], drawn[1], strict=False)
            for n in (b, *pair, *window)
        ]
    )


def check(made: Arrays, offsets: list[int], capacity: int | None = None) -> None:
    """Assert that `offsets` obey every law of the arrays."""
    gaps: dict[int, list[Gap]] = {}
    for b, *numbers in zip(*[iter(made.gaps)] * 5, strict=True):
        gaps.setdefault(b, []).append(Gap(*numbers))
    assert all(at % alignment == 0 for at, alignment in zip(offsets, made.alignment, strict=True))
    small = [alignment if alignment <= 4 else 1 for alignment in made.alignment]  # problems have no larger than 2^31
    columns = zip(made.lower, made.upper, made.size, small, made.fixed, strict=True)
    buffers = tuple(
        Buffer(str(b), *numbers, offset=None if fixed < 0 else fixed, gaps=tuple(gaps.get(b, ())))
        for b, (*numbers, fixed) in enumerate(columns)
    )
    apart = tuple((a, b) for a, b in zip(made.apart[::2], made.apart[1::2], strict=True) if a != b)
    assert check_offsets(Problem(buffers, apart=apart), offsets, capacity=capacity) == []
    for b, start, end in zip(made.forbidden[::3], made.forbidden[1::3], made.forbidden[2::3], strict=True):
        assert made.fixed[b] >= 0 or not start <= offsets[b] < end


def collide(made: Arrays) -> bool:
    """Whether buffers that are fixed break a law by themselves."""
    fixed = [b for b in range(len(made.size)) if made.fixed[b] >= 0]
    try:
        check(_only(made, fixed), [made.fixed[b] for b in fixed])
    except (AssertionError, UsageError):
        return True
    return False


def _only(made: Arrays, kept: list[int]) -> Arrays:
    """The arrays of some of the buffers."""
    at = {b: i for i, b in enumerate(kept)}
    gaps = [n for row in zip(*[iter(made.gaps)] * 5, strict=True) if row[0] in at for n in (at[row[0]], *row[1:])]
    pairs = zip(made.apart[::2], made.apart[1::2], strict=True)
    columns = ([column[b] for b in kept] for column in made[:5])
    return Arrays(*columns, gaps, [], [at[n] for pair in pairs if set(pair) <= set(kept) for n in pair])


def top(made: Arrays, offsets: list[int]) -> int:
    return max((at + size for at, size in zip(offsets, made.size, strict=True) if size), default=0)


def packs(made: Arrays, offsets: list[int]) -> None:
    if not collide(made) and NOWHERE not in offsets:
        check(made, offsets)


def first_fit(made, problem, draw):
    order = draw(st.permutations(range(len(made.size))) | st.lists(anything, max_size=6))
    packs(made, _core.first_fit(problem, order, draw(st.booleans())))


def pack(made, problem, draw):
    offsets, peak, _ = _core.pack(problem, draw(capacities), draw(st.booleans()))
    packs(made, offsets)
    assert peak == (REACH + 1 if NOWHERE in offsets else top(made, offsets))


def pack_further(made, problem, draw):
    below = draw(capacities | anything)
    begin, end = draw(st.integers(0, 9)), draw(st.integers(0, 9))
    offsets, _ = _core.pack_further(problem, draw(capacities), below, begin, end)
    assert NOWHERE not in offsets
    if offsets:
        packs(made, offsets)
        assert top(made, offsets) < below


def budget(draw):
    """A target and a number of nodes: as many as there are only where no search begins."""
    if draw(st.booleans()):
        return draw(capacities), draw(st.sampled_from((-LAST - 1, -1, 0, 1, 50)))
    return LAST, draw(anything)


def hill_climb(made, problem, draw):
    order = draw(st.permutations(range(len(made.size))))
    offsets, nodes = _core.hill_climb(problem, order, *budget(draw), draw(seeds))
    assert nodes >= 0
    packs(made, offsets)


def _improve(kernel, made, problem, draw, *more):
    """From a packing to one that is not higher, or from any offsets to any."""
    start, peak, _ = _core.pack(problem, 0)
    right = NOWHERE not in start and not collide(made)
    if not right:
        start = draw(st.lists(anything, min_size=len(start), max_size=len(start)))
        start = [at if fixed < 0 else fixed for at, fixed in zip(start, made.fixed, strict=True)]
    target, nodes = budget(draw)
    offsets, *_, spent = kernel(problem, start, target, nodes, *more)
    assert spent >= 0
    if right:
        check(made, offsets)
        assert top(made, offsets) <= peak


def repair(made, problem, draw):
    _improve(_core.repair, made, problem, draw)


def local_search(made, problem, draw):
    _improve(_core.local_search, made, problem, draw, draw(seeds))


def _decide(kernel, made, problem, draw, *more):
    capacity, nodes = draw(capacities), draw(st.sampled_from((0, 1, 200, REACH, LAST)) | anything)
    answer, offsets, spent = kernel(problem, capacity, nodes, *more)
    assert 0 <= spent <= nodes
    if answer == FOUND and not collide(made):
        check(made, offsets, capacity)


def aligned_stack(made, problem, _):
    offsets = _core.aligned_stack(problem)
    if offsets:
        check(made, offsets)


def join_rectangles(made, problem, draw):
    offsets = _core.join_rectangles(problem, draw(capacities))
    if offsets:
        check(made, offsets)


def narrowest_first(made, problem, draw):
    offsets = draw(st.lists(anything, min_size=len(made.size), max_size=len(made.size)))
    found, nodes = _core.narrowest_first(problem, offsets, draw(capacities), draw(st.integers(-1, 1000)), draw(seeds))
    assert nodes >= 0
    assert len(found) == len(made.size)


def minimalloc(made, problem, draw):
    rules = draw(st.sets(st.sampled_from(("canonical", "monotonic", "ordering", "section", "hatless", "always_fit"))))
    _decide(_core.minimalloc, made, problem, draw, _core.MinimallocRules(**dict.fromkeys(rules, False)))


def postpone(made, problem, draw):
    rules = draw(st.sets(st.sampled_from(("window", "exchange", "first", "sums", "nogoods", "blocks", "pinwheels"))))
    _decide(_core.postpone, made, problem, draw, draw(seeds), _core.PostponeRules(**dict.fromkeys(rules, False)))


def telamalloc(made, problem, draw):
    policy = draw(st.sampled_from((_core.Backtracking.CONFLICT, _core.Backtracking.CHRONOLOGICAL)))
    _decide(_core.telamalloc, made, problem, draw, draw(seeds), policy, 64, None, draw(policies))


def dead_ends(made, problem, draw):
    every, most = draw(st.integers(-1, 3)), draw(st.integers(0, 20))
    nodes = draw(st.integers(-1, 1000))
    found = _core.dead_ends(problem, draw(capacities), nodes, draw(seeds), every, most, draw(policies))
    assert len(found) <= most
    for buffers, offsets, last, depths, features in found:
        assert set(buffers) <= set(range(len(made.size)))
        assert 0 <= last < len(buffers) == len(offsets)
        assert len(features) == len(depths) * len(_core.dead_end_features())


def first_dead_end(made, problem, draw):
    order = draw(st.permutations(range(len(made.size))))
    answer, _, nodes = _core.first_dead_end(problem, draw(capacities), order)
    assert answer in (0, 1)
    assert nodes >= 0


def always_fit(made, problem, draw):
    movable = {b for b, fixed in enumerate(made.fixed) if fixed < 0}
    for unit, buffers in _core.always_fit(problem, draw(capacities)):
        assert unit > 0
        assert set(buffers) <= movable


def contention(made, problem, draw):  # noqa: ARG001
    assert all(size <= most <= sum(made.size) for size, most in zip(made.size, _core.contention(problem), strict=True))


policies = st.sampled_from((None, ALWAYS.native()))

KERNELS = (
    dead_ends,
    first_dead_end,
    first_fit,
    pack,
    pack_further,
    hill_climb,
    repair,
    local_search,
    aligned_stack,
    join_rectangles,
    narrowest_first,
    minimalloc,
    postpone,
    telamalloc,
    always_fit,
    contention,
)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_kernel_refuses_its_arguments_or_packs(kernel):
    answered = 0

    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(arrays(), st.data())
    def holds(made, data):
        nonlocal answered
        try:
            kernel(made, _core.Problem(*made), data.draw)
        except (ValueError, TypeError):
            return
        answered += 1

    holds()
    assert answered > 10  # of 300: not all were refused


CLASSES = {"Problem", "Cancel", "Backtracking", "Watchdog", "MinimallocRules", "PostponeRules"}
LEARNED = {"LearnedBacktracking", "dead_end_features"}
"""Held against other readers of trees and of features in tests/packing/learning."""
ORDERS = {"OrderProblem", "OrderParts", "OrderRules", "find_cuts", "bound_orders", "beam_order", "search_orders"}
"""What test_order_arguments.py asks."""
FLATBUFFER = {"FLAT_FIELD_LIMIT", "FlatField", "FlatScalar", "FlatTable", "FlatTables"}
"""Held against damaged files in tests/frontends/tflite/test_flatbuffer.py."""
JUDGES = {"quick_check", "rectangles_apart", "step_bound"}
"""Held against other judges in tests/verify, test_bounds.py and test_collisions.py."""
RESIDENCY = {"search_placements", "SubsetSums", "least_loss"}
"""Held against brute force in tests/planning/residency."""
TRANSFERS = {"FreeOrderProblem", "search_labels", "beam_labels", "search_absences"}
"""What test_free_order_arguments.py asks; search_absences is asked in tests/core/test_absences.py."""


def test_every_kernel_is_asked():
    asked = CLASSES | ORDERS | JUDGES | RESIDENCY | TRANSFERS | LEARNED | FLATBUFFER
    assert {kernel.__name__ for kernel in KERNELS} | asked == {n for n in dir(_core) if not n.startswith("_")}


def test_a_problem_that_was_never_filled_is_refused():
    with pytest.warns(RuntimeWarning, match="uninitialized"), pytest.raises(TypeError):
        _core.contention(_core.Problem.__new__(_core.Problem))
