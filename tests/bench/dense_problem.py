"""One problem of OmniMalloc's sources: `auto`, `omni` and the lowest peak of OmniMalloc's other allocators."""

import math
import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from tilings import tiling

from tmpass.packing.allocate import allocate
from tmpass.packing.bounds import lower_bound
from tmpass.packing.problem import Buffer, Problem

SOURCES = ("random", "uniform", "power_of2", "high_contention", "sequential", "tiling", "pinwheel", "skewed")
"""By OmniMalloc's names. The others take files, or time that is not one line."""

TILINGS = ("tiling", "pinwheel")
"""These are drawn by tilings.py, which is faster and draws the same."""

TIMED_PEERS = ("hill_climb", "simulated_annealing", "tabu_search", "supermalloc")
OTHER_PEERS = ("greedy_by_all", "best_fit")

MEMORY = 12 << 30
"""Bytes of a peer. Of 65,537 buffers of power_of2, seed 4, one took 20 GB."""

SHORT, REPEATS = 0.5, 5
"""What takes less than that many seconds is measured several times, and the shortest time counts."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Peaks in bytes, and seconds of the processor. `peers` has the peaks of those that were asked.

    Where `auto` is at the live bytes, no packing is lower, so only `omni` is asked. Its peak is None where it gives up.
    """

    source: str
    buffers: int
    seed: int
    live: int
    peak: int
    seconds: float
    omni_peak: int | None
    omni_seconds: float
    peers: dict[str, int]

    @property
    def least_of_peers(self) -> float:
        """The lowest peak of a peer that was asked; infinity without one."""
        omni = () if self.omni_peak is None else (self.omni_peak,)
        return min((*omni, *self.peers.values()), default=math.inf)

    @property
    def above(self) -> bool:
        """Whether a peer is lower."""
        return self.peak > self.least_of_peers

    @property
    def slower(self) -> bool:
        """Whether `omni` reaches the same peak in less time."""
        return self.peak == self.omni_peak and self.seconds > self.omni_seconds

    def shortfall(self) -> str:
        """A line for the list of problems where `auto` is above a peer, or slower."""
        figures = f"{self.peak / self.live:.4f} in {self.seconds:.3g} s"
        theirs = f"{(self.omni_peak or math.inf) / self.live:.4f} in {self.omni_seconds:.3g} s"
        least = f"the best peer is at {self.least_of_peers / self.live:.4f}"
        return f"{self.source}, {self.buffers:,}, seed {self.seed}: {figures}; `omni` {theirs}; {least}"

    def as_json(self) -> dict[str, Any]:
        """The fields."""
        return asdict(self)


def draw(name: str, size: int, seed: int) -> tuple[tuple[Any, ...], Problem]:
    """The allocations of a source, and the same as a problem."""
    theirs = tiling(name, size, seed) if name in TILINGS else _drawn(name, size, seed)
    return theirs, Problem(tuple(Buffer(str(a.id), a.start, a.end, a.size) for a in theirs))


def _drawn(name: str, size: int, seed: int) -> tuple[Any, ...]:
    from omnimalloc.benchmark.sources import BaseSource

    return tuple(BaseSource.get(name)(num_allocations=size, seed=seed).get_allocations())


def compare_seed(name: str, size: int, seed: int, limit: float) -> Compared:
    """`auto` and its peers at the problem of one seed; the searches among the peers get `limit` seconds each."""
    theirs, problem = draw(name, size, seed)
    live = lower_bound(problem).live_bytes
    answers, seconds = _in_turn(lambda: allocate(problem), lambda: _peer("omni", theirs, limit))
    peak = answers[0].peak or 0
    peers: dict[str, int] = {}
    if peak > live:
        asked = {peer: _within(limit, peer, theirs) for peer in (*TIMED_PEERS, *OTHER_PEERS)}
        peers = {peer: reached for peer, reached in asked.items() if reached is not None}
    return Compared(name, size, seed, live, peak, seconds[0], answers[1], seconds[1], peers)


def _in_turn(*calls: Callable[[], Any]) -> tuple[list[Any], list[float]]:
    """The answer of each call, and its seconds."""
    answers: list[Any] = [None] * len(calls)
    times = [float("inf")] * len(calls)
    for _ in range(REPEATS):
        for at, call in enumerate(calls):
            if SHORT < times[at] < float("inf"):
                continue
            begin = time.process_time()
            answers[at] = call()
            times[at] = min(times[at], time.process_time() - begin)
    return answers, times


def _peer(name: str, allocations: tuple[Any, ...], limit: float) -> int | None:
    """The peak of an allocator of OmniMalloc; None where it gives up."""
    from omnimalloc.allocators import BaseAllocator

    options: dict[str, Any] = {"timeout": limit} if name in TIMED_PEERS else {}
    if name == "supermalloc":
        options["num_threads"] = 1
    try:
        return _top(BaseAllocator.get(name)(**options).allocate(allocations))
    except RuntimeError:  # too many overlaps for it
        return None


def _within(limit: float, name: str, allocations: tuple[Any, ...]) -> int | None:
    """The peak of an allocator, in a process of its own.

    None where it gives up, or needs more than MEMORY. One that takes no limit has `limit` seconds of the processor; one
    that does may take as long again to prepare its search.
    """
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()

    def answer() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(2 * limit if name in TIMED_PEERS else limit),) * 2)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY,) * 2)
        answers.put(_peer(name, allocations, limit))

    process = context.Process(target=answer)
    process.start()
    process.join()
    return None if answers.empty() else answers.get()


def _top(placed: tuple[Any, ...]) -> int:
    return max(a.offset + a.size for a in placed)
