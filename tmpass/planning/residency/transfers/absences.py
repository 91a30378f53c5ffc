"""Absences: the steps between two uses of a buffer that it may spend off chip, and the cheapest choice of them."""

from collections.abc import Collection, Sequence
from itertools import pairwise

import tmpass._core as _core
from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.planning.residency.transfers.fixed_problem import FixedBuffer, FixedOrderProblem

_MAX = 2**58
"""The most that the kernel takes of all costs together, and of bytes times rows."""

Span = tuple[int, int]
"""The first and the last step of an episode, both inclusive."""


@record
class Absence:
    """The steps `[first, last)` between two uses of a buffer. The range is empty if the uses are at consecutive
    steps.

    Fields:
        buffer: its number.
        size: of the buffer in bytes.
        version: the number of the spill that it needs, or -1. Without steps, it needs an earlier absence of the
            version, which makes the copy.
    """

    buffer: int
    size: int
    first: int
    last: int
    version: int


@record
class Absences:
    """All absences of a problem, and what is in the scratchpad where none is taken.

    Fields:
        rows: by rising first step.
        spills: the cost of each version that needs a spill.
        live: the bytes of each step, in multiples of the alignment.
        price: of a byte that is fetched.
    """

    rows: tuple[Absence, ...]
    spills: tuple[int, ...]
    live: tuple[int, ...]
    price: int = 1


@record
class Choice:
    """Absences that leave no step too full; `absent` is None where there are none, whatever they cost.

    Fields:
        absent: the numbers of those that are taken.
        cost: of their fetches and spills.
        lower_bound: no choice costs less.
        states: that the search made.
    """

    absent: tuple[int, ...] | None
    cost: int
    lower_bound: int
    states: int


def find_absences(problem: FixedOrderProblem) -> Absences:
    """The absences of all buffers that are not pinned, but for those of no step before which no copy can exist."""
    found: list[Absence] = []
    spills: list[int] = []
    change = [0] * (problem.steps + 1)
    for number, buffer in enumerate(problem.buffers):
        if not buffer.uses:
            continue
        size = aligned(buffer.size, problem.alignment)
        change[buffer.uses[0].step] += size
        change[buffer.uses[-1].step + 1] -= size
        if not buffer.pinned:
            _add_absences(number, buffer, problem.prices[1], found, spills)
    live, total = [], 0
    for more in change[:-1]:
        total += more
        live.append(total)
    return Absences(tuple(sorted(found, key=lambda one: one.first)), tuple(spills), tuple(live), problem.prices[0])


def _add_absences(number: int, buffer: FixedBuffer, price: int, found: list[Absence], spills: list[int]) -> None:
    """Append the absences of one buffer to `found`, and the costs of its versions to `spills`."""
    version, has_copy = -1, buffer.stored
    for at, (use, following) in enumerate(pairwise(buffer.uses)):
        if use.writes or (at == 0 and not buffer.stored):
            last = not any(later.writes for later in buffer.uses[at + 1 :])
            version, has_copy = len(spills), False
            spills.append(0 if last and buffer.returned else buffer.size * price)
        has_copy = has_copy or use.step + 1 < following.step
        if has_copy:
            found.append(Absence(number, buffer.size, use.step + 1, following.step, version))


def choose_absences(
    problem: FixedOrderProblem,
    absences: Absences,
    forbidden: Sequence[Sequence[int]],
    *,
    room: Sequence[int],
    states: int,
) -> Choice:
    """The cheapest absences that leave no step with more bytes than its room.

    Args:
        problem: what `absences` belong to.
        absences: of `problem`.
        forbidden: numbers of absences, rising, of which at least one has to be taken.
        room: bytes of each step, in multiples of the alignment.
        states: the budget.
    """
    excess = [max(0, live - own) for live, own in zip(absences.live, room, strict=True)]
    total = sum(one.size * absences.price + problem.alignment for one in absences.rows) + max(excess, default=0)
    if max(total, sum(absences.spills)) > _MAX // (problem.steps + len(forbidden) + 1):
        raise UsageError("the sizes of all buffers are too large together", hint="they are to stay below 2^58 / steps")
    rows: list[int] = []
    for one in absences.rows:
        rows += [one.first, one.last, aligned(one.size, problem.alignment), one.size * absences.price, one.version]
    starts, members = [0], list[int]()
    for combination in forbidden:
        members += combination
        starts.append(len(members))
    found, absent, cost, bound, made = _core.search_absences(
        (excess, rows, list(absences.spills)), (starts, members), states
    )
    return Choice(tuple(absent) if found else None, cost, bound, made)


def cost_of(absences: Absences, absent: Collection[int]) -> int | None:
    """The bytes of fetches and spills of some absences; None where one without steps follows none of its version."""
    cost = 0
    copied: set[int] = set()
    for number in sorted(absent):
        one = absences.rows[number]
        if one.version >= 0 and one.version not in copied:
            if one.first == one.last:
                return None
            copied.add(one.version)
            cost += absences.spills[one.version]
        cost += one.size * absences.price
    return cost


def spans_with(problem: FixedOrderProblem, absences: Absences, absent: Collection[int]) -> list[list[Span]]:
    """The episodes of each buffer where the absences with the numbers `absent` are taken."""
    spans = [[(b.uses[0].step, b.uses[-1].step)] if b.uses else [] for b in problem.buffers]
    for number in sorted(absent):
        one = absences.rows[number]
        own = spans[one.buffer]
        first, last = own.pop()
        own += [(first, one.first - 1), (one.last, last)]
    return spans


def aligned(size: int, alignment: int) -> int:
    """`size` rounded up to a multiple of `alignment`, in bytes."""
    return -(-size // alignment) * alignment
