"""Weights on chip, for a fixed plan of activations: which ones stay, and which are loaded each time they are used.

    capacity +------------------------+
             |       residents        |   loaded once, at one offset in all steps and all runs
             +--------+--------+------+
             |        |   s2   |      |   streamed: loaded before the step that uses it, whole or in chunks
             |   s1   +--------+      |
             +--------+        +------+
             |    activations         |   of each step: up to their topmost byte
             +------------------------+---> steps

At each step: activations + streamed weights of the step + residents <= capacity. So what is streamed at one step
limits what may stay, and what stays limits what can be streamed. Residents of r bytes are considered as if exactly
H >= r bytes were set aside for them: then each step says on its own how much of its weights must stay. Between two
values of H at which some step begins to demand more, the best choice is a knapsack of capacity H. Its items are nearly
all worth their own bytes, so it is a subset sum over bitsets; the few that are not are enumerated under a bound.

    >>> weights = [Weight(600, (0,)), Weight(500, (1,)), Weight(300, (2,))]
    >>> kept = keep_weights(weights, used=[100, 200, 100], capacity=1100)
    >>> [one.value for one in kept.kept], kept.moved, kept.compulsory, kept.lower_bound
    (['streamed', 'streamed', 'resident'], 1100, 300, 1100)
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from tmpass.base.choices import Status
from tmpass.base.record import record
from tmpass.planning.residency.fill import Option
from tmpass.planning.residency.knapsack import Knapsack
from tmpass.planning.residency.weight_rows import WeightRows

_MAX_ROUNDS = 64
"""How many values of H are tried. The networks of tests/bench/residency.py need up to 2."""


@record
class Weight:
    """A weight: its bytes, the steps that use it, and whether operators can read it where it is stored."""

    size: int
    steps: tuple[int, ...]
    in_place: bool = False


class WeightUse(StrEnum):
    """Where a weight is when an operator uses it."""

    RESIDENT = "resident"
    STREAMED = "streamed"
    CHUNKS = "streamed in chunks"
    IN_PLACE = "read in place"


@record
class KeptWeights:
    """Where each weight is, and what that moves.

    Fields:
        kept: of each weight; empty where the capacity is too small.
        resident: the bytes set aside for residents, rounded up to the alignment.
        moved: the bytes loaded or read in place in each run.
        compulsory: the bytes of residents, loaded once before the first run.
        lower_bound: no choice moves fewer bytes in each run.
        status: OPTIMAL, FEASIBLE, or INFEASIBLE where some step has too little room though nothing stays.
        missing: the bytes that the worst step is short of; 0 where there is a choice.
        missing_step: that step.
    """

    kept: tuple[WeightUse, ...]
    resident: int
    moved: int
    compulsory: int
    lower_bound: int
    status: Status
    missing: int = 0
    missing_step: int = 0

    @property
    def residents(self) -> tuple[int, ...]:
        """The numbers of the weights that stay."""
        return tuple(w for w, kept in enumerate(self.kept) if kept is WeightUse.RESIDENT)


def keep_weights(
    weights: Sequence[Weight], used: Sequence[int], capacity: int, *, alignment: int = 1, chunk: int | None = None
) -> KeptWeights:
    """The choice of residents that moves the fewest bytes in each run.

    A weight that is not resident moves its bytes at each step that uses it. One that may be read in place is never
    streamed: that moves as many bytes and needs room besides.

    Args:
        weights: all that the steps use.
        used: the bytes below which all activations of a step are: the topmost end of a packing, so that addresses
            follow (`weight_offsets`), or the live bytes, for a bound on all packings.
        capacity: of the memory in bytes.
        alignment: of each offset in bytes.
        chunk: the bytes that a streamed weight needs at a time, or None where it must be there as a whole.
    """
    rows = WeightRows(
        used=[_up(bytes_, alignment) for bytes_ in used],
        size=[_up(weight.size, alignment) for weight in weights],
        room=[room_of(weight, alignment, chunk) for weight in weights],
        steps=[weight.steps for weight in weights],
    )
    capacity -= capacity % alignment
    worth = [weight.size * len(weight.steps) for weight in weights]
    missing, step = rows.missing(capacity)
    if missing > 0:
        return KeptWeights((), 0, 0, 0, 0, Status.INFEASIBLE, missing, step)
    stay, saved, most = _best_residents(rows, worth, capacity)
    kept = []
    for number, weight in enumerate(weights):
        away = WeightUse.IN_PLACE if weight.in_place else WeightUse.STREAMED
        if away is WeightUse.STREAMED and chunk is not None and weight.size > chunk:
            away = WeightUse.CHUNKS
        kept.append(WeightUse.RESIDENT if number in stay else away)
    return KeptWeights(
        tuple(kept),
        sum(rows.size[number] for number in stay),
        sum(worth) - saved,
        sum(weights[number].size for number in stay),
        sum(worth) - most,
        Status.OPTIMAL if saved == most else Status.FEASIBLE,
    )


def _best_residents(rows: WeightRows, worth: Sequence[int], capacity: int) -> tuple[frozenset[int], int, int]:
    """The residents that save the most, what they save, and an upper bound on what any could save."""
    aside = min(capacity - max(rows.used, default=0), sum(rows.size))
    best: frozenset[int] = frozenset()
    saved, most = 0, 0
    for _ in range(_MAX_ROUNDS):
        demands = rows.demands(capacity - aside)
        without = Knapsack(_free(rows, worth, range(len(worth))), aside)
        if without.bound <= saved:
            return best, saved, max(saved, most)
        groups, complete = _groups(rows, worth, demands)
        if all(groups):
            found, left_out = Knapsack(groups, aside).solve(saved)
            if found is not None:
                best, saved = frozenset(found.members), found.worth
            most = max(most, left_out)
        most = most if complete else max(most, without.bound)
        fewer = rows.next_change(demands)
        if fewer is None or fewer > aside:
            return best, saved, max(saved, most)
        aside -= fewer
    return best, saved, max(saved, most, Knapsack(_free(rows, worth, range(len(worth))), aside).bound)


def _groups(rows: WeightRows, worth: Sequence[int], demands: Mapping[int, int]) -> tuple[list[Sequence[Option]], bool]:
    """The groups of a knapsack: weights that share a demand are one. And whether all of their choices are there."""
    coupled = rows.coupled(demands)
    inside = {number for members in coupled for number in members}
    groups: list[Sequence[Option]] = _free(rows, worth, (n for n in range(len(worth)) if n not in inside))
    complete = True
    for members in coupled:
        options, all_there = rows.options(members, worth, demands)
        complete &= all_there
        groups.append(options)
    return groups, complete


def _free(rows: WeightRows, worth: Sequence[int], numbers: Iterable[int]) -> list[Sequence[Option]]:
    """A group for each weight that saves anything: it stays, or it does not."""
    nothing = Option(0, 0, ())
    return [(nothing, Option(rows.size[number], worth[number], (number,))) for number in numbers if worth[number]]


def room_of(weight: Weight, alignment: int, chunk: int | None) -> int:
    """The bytes that a weight needs in the memory at a step that uses it, if it does not stay."""
    if weight.in_place:
        return 0
    return _up(weight.size if chunk is None else min(weight.size, chunk), alignment)


def _up(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment
