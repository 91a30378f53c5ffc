"""`auto` is never above an allocator of OmniMalloc on the problems that OmniMalloc publishes, where it is installed."""

import pytest

from tmpass.packing.allocate import allocate
from tmpass.packing.problem import Buffer, Problem

omnimalloc = pytest.importorskip("omnimalloc", reason="optional: pip install omnimalloc")

SOURCES = ("random", "uniform", "power_of2", "high_contention", "sequential", "tiling", "pinwheel", "skewed")
GREEDY = ("omni", "greedy_by_all", "best_fit")
SEARCHES = {
    "hill_climb": {"timeout": 0.5},
    "supermalloc": {"timeout": 0.5, "num_threads": 1},
}


def peak(allocator, allocations, **options):
    from omnimalloc.allocators import BaseAllocator

    placed = BaseAllocator.get(allocator)(**options).allocate(allocations)
    return max(one.offset + one.size for one in placed)


def drawn(source, buffers, seed):
    from omnimalloc.benchmark.sources import BaseSource

    allocations = tuple(BaseSource.get(source)(num_allocations=buffers, seed=seed).get_allocations())
    return allocations, Problem(tuple(Buffer(str(a.id), a.start, a.end, a.size) for a in allocations))


@pytest.mark.parametrize("seed", [0, 4])
@pytest.mark.parametrize("buffers", [129, 513])
@pytest.mark.parametrize("source", SOURCES)
def test_auto_is_never_above_its_allocators(source, buffers, seed):
    allocations, problem = drawn(source, buffers, seed)
    ours = allocate(problem).peak
    assert ours <= min(peak(name, allocations) for name in GREEDY)
    assert ours <= min(peak(name, allocations, **options) for name, options in SEARCHES.items())


@pytest.mark.parametrize("source", ["random", "pinwheel", "skewed", "sequential"])
def test_auto_is_not_above_its_greedy_ones_on_thousands_of_buffers(source):
    allocations, problem = drawn(source, 4097, 1)
    assert allocate(problem, nodes=200_000).peak <= min(peak(name, allocations) for name in GREEDY)
