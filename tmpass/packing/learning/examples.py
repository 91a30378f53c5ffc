"""Examples to learn from: choices at dead ends of telamalloc, and whether the oracle calls them wrong."""

import random
from collections.abc import Callable, Iterable

import tmpass._core as _core
from tmpass.base.record import record
from tmpass.packing.learning.oracle import first_wrong
from tmpass.packing.learning.policy import FEATURES
from tmpass.packing.problem import Problem

_NODES = 4000
"""Nodes of a search that is watched."""

_EVERY = 48
"""One in this many dead ends is looked at: those in between have nearly the same placements."""

_MOST_OF_A_SEARCH = 8
_SEARCHES = 3
"""Of a problem, each with a seed of its own, and all but the first without some of its buffers."""

_LEFT_OUT = 50
"""One in this many buffers is left out for each search: what is left still has a packing, and other dead ends.

The seed alone changes little, since attempts are varied more and more, and the first ones not at all.
"""


@record
class Examples:
    """Rows of features, and labels.

    Fields:
        rows: numbers in the order of FEATURES; one row for each choice of a dead end.
        wrong: whether the placement of the choice, with all before it, leaves no packing.
        dead_ends: how many there were.
    """

    rows: tuple[tuple[float, ...], ...]
    wrong: tuple[bool, ...]
    dead_ends: int


def collect(problems: Iterable[tuple[Problem, int]], seed: int, *, done: Callable[[], None] = lambda: None) -> Examples:
    """The examples that `problems` give.

    Args:
        problems: each with a capacity in bytes that is known to be enough.
        seed: of the searches.
        done: called after each problem.
    """
    rows: list[tuple[float, ...]] = []
    wrong: list[bool] = []
    dead_ends = 0
    width = len(FEATURES)
    rng = random.Random(seed)
    for whole, capacity in problems:
        for search in range(_SEARCHES):
            problem, own = _without_some(whole, search, rng), rng.getrandbits(32)
            found = _core.dead_ends(problem.native, capacity, _NODES, own, _EVERY, _MOST_OF_A_SEARCH)
            for buffers, offsets, last, depths, features in found:
                first = first_wrong(problem, capacity, buffers, offsets, last)
                rows += [tuple(features[at : at + width]) for at in range(0, len(features), width)]
                wrong += [depth >= first for depth in depths]
            dead_ends += len(found)
        done()
    return Examples(tuple(rows), tuple(wrong), dead_ends)


def _without_some(problem: Problem, search: int, rng: random.Random) -> Problem:
    """The problem of a search."""
    count = len(problem.buffers)
    kept = rng.sample(range(count), count - -(-count * search // _LEFT_OUT))
    return problem.only(sorted(kept))
