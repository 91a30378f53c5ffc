"""The family of MiniMalloc's problems: a hundred for each seed. Each has a packing at its capacity.

They are the given ones with buffers dropped, guillotine cuts of a rectangle, and two of them together.
"""

import random
import statistics
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from contenders import tmpass
from race import Result, race
from settings import Settings
from support.families import beside, guillotine, stacked, variant
from table import Table

from tmpass.packing.problem import Problem

COUNT = 100


@dataclass(frozen=True, slots=True)
class Drawn:
    """A problem of the family, of the kind `variant`, `guillotine`, `beside` or `stacked`."""

    kind: str
    name: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class _Row:
    seed: int
    drawn: Drawn
    result: Result

    @property
    def solved(self) -> bool:
        return self.result.within(self.drawn.problem.capacity)


def tables(settings: Settings) -> Iterator[Table]:
    """How many problems are solved, by kind and by seed. Unsolved ones are listed on stderr."""
    given = settings.challenging()
    rows = [
        _measure(seed, drawn, settings) for seed in settings.seeds if given for drawn in _draw(given, seed, settings)
    ]
    if not rows:
        return
    kinds = sorted({row.drawn.kind for row in rows})
    by_kind = {kind: [row for row in rows if row.drawn.kind == kind] for kind in kinds}
    by_seed = {f"seed {seed}": [row for row in rows if row.seed == seed] for seed in settings.seeds}
    yield _table("family-kinds", {**by_kind, "all": rows})
    yield _table("family-seeds", by_seed)


def family(given: dict[str, Problem], seed: int) -> Iterator[Drawn]:
    """Yield the problems of a seed; without given ones there are only guillotine cuts."""
    rng = random.Random(seed)
    names = sorted(given)
    for percent in (2, 4, 6):
        for name in names:
            yield Drawn("variant", f"{name} -{percent} %", variant(given[name], rng.getrandbits(32), percent / 100))
    while True:
        kind = rng.choice(("guillotine", "guillotine", "mixture"))
        if kind == "guillotine" or not names:
            buffers, dropped = rng.randint(80, 600), rng.choice((0, 0.05, 0.1, 0.2))
            steps, height = rng.choice((60, 120, 240, 400)), rng.choice((256, 1024, 4096))
            problem = guillotine(rng.getrandbits(32), buffers, steps=steps, height=height, dropped=dropped)
            yield Drawn("guillotine", f"guillotine {buffers} of {steps} x {height} -{dropped:.0%}", problem)
        else:
            one, two = rng.sample(names, 2) if len(names) > 1 else names * 2
            mix = rng.choice((beside, stacked))
            problem = variant(mix(given[one], given[two]), rng.getrandbits(32), rng.choice((0.0, 0.02, 0.05)))
            yield Drawn(mix.__name__, f"{one} {mix.__name__} {two}", problem)


def _draw(given: dict[str, Problem], seed: int, settings: Settings) -> Iterable[Drawn]:
    return islice(family(given, seed), 10 if settings.quick else COUNT)


def _measure(seed: int, drawn: Drawn, settings: Settings) -> _Row:
    problem = drawn.problem
    nodes = {"nodes": 20_000} if settings.quick else {}
    result = race(problem, {"tmpass": tmpass(problem, minimize=False, **nodes)}, 1)["tmpass"]
    row = _Row(seed, drawn, result)
    if not row.solved or result.seconds >= 1:
        told = f"{'solved' if row.solved else 'open'} after {result.seconds:.1f} s"
        print(f"seed {seed}: {drawn.name}: {told}", file=sys.stderr, flush=True)
    return row


def _table(name: str, groups: dict[str, list[_Row]]) -> Table:
    header = ("", "problems", "within 50 ms", "within 1 s", "within 60 s", "at all", "median, ms", "slowest, s")
    rows = []
    for group, members in groups.items():
        times = [row.result.seconds for row in members if row.solved]
        within = [sum(time < limit for time in times) for limit in (0.05, 1, 60)]
        median = 1000 * statistics.median(times) if times else None
        rows.append((group, len(members), *within, len(times), median, max(row.result.seconds for row in members)))
    return Table(name, header, tuple(rows))
