"""Contenders at one problem, measured in turn, so that other load on the machine slows all of them alike."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Problem

LONG = 1.0
"""Seconds; what takes so long is not measured again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer of a contender: offsets, or none, and whether their peak is proved least; its lower bound and its
    nodes where it tells them.
    """

    offsets: Sequence[int]
    proved: bool = False
    bound: int = 0
    nodes: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """`run` is timed; `read`, which makes an Outcome of its result, is not."""

    run: Callable[[], Any]
    read: Callable[[Any], Outcome]


@dataclass(frozen=True, slots=True)
class Result:
    """Median seconds; the peak of a packing that was checked, None where there was none."""

    seconds: float
    peak: int | None
    proved: bool
    bound: int
    nodes: int

    def within(self, capacity: int | None) -> bool:
        """Whether there is a packing of at most `capacity` bytes."""
        return self.peak is not None and capacity is not None and self.peak <= capacity

    def milliseconds(self, capacity: int | None) -> float | None:
        """The time, if the packing is within `capacity`."""
        return 1000 * self.seconds if self.within(capacity) else None


def race(
    problem: Problem,
    attempts: Mapping[str, Attempt],
    repeats: int,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Result]:
    """The result of each attempt by its name; `clock` gives seconds.

    Raises:
        ValueError: the offsets of a contender break a law of `problem`.
    """
    times: dict[str, list[float]] = {name: [] for name in attempts}
    answers = {}
    for _ in range(repeats):
        for name, attempt in attempts.items():
            if sum(times[name]) < LONG:
                begin = clock()
                answers[name] = attempt.run()
                times[name].append(clock() - begin)
    results = {}
    for name, attempt in attempts.items():
        outcome = attempt.read(answers[name])
        results[name] = Result(
            statistics.median(times[name]),
            _checked_peak(problem, outcome, name),
            outcome.proved,
            outcome.bound,
            outcome.nodes,
        )
    return results


def best_of(runs: int, call: Callable[[], object]) -> float:
    """The shortest of several runs, in seconds, for calls shorter than a pause of the machine."""
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times)


def _checked_peak(problem: Problem, outcome: Outcome, name: str) -> int | None:
    if not outcome.offsets:
        return None
    violations = check_offsets(problem, outcome.offsets)
    if violations:
        raise ValueError(f"{name}: {violations[0].message}")
    return peak_of(problem, list(outcome.offsets))
