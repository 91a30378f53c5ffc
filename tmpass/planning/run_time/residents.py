"""The constants that stay on chip so that a run takes the least time, for buffers that lie where they do.

Without overlap, the fewest bytes are also the least time. With it, a copy that operators hide costs nothing: a constant
stays where its copy would make an operator wait. Up to ten constants, all choices are tried. Above, a constant whose
copy makes an operator wait the longest is exchanged for one that stays, as long as that saves time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.memory_rows import copies_of, find_free
from tmpass.planning.residency.constants import StoredConstants
from tmpass.planning.residency.on_chip import OnChip, choose_resident
from tmpass.planning.run_time.copies import find_copies
from tmpass.planning.run_time.find_time import end_of_run
from tmpass.planning.run_time.operators import both, operator_times
from tmpass.planning.run_time.speeds import Speeds
from tmpass.plans.plan import Plan

_ALL = 10
"""Up to this number of constants, all choices are tried: 1024 of them."""

_WORK = 4_000_000
"""The rows that all trials look at together: about a second."""

_TRIALS = 400
_WAITS = 4
"""How many of the longest waits are looked at in each round."""

Choice = tuple[bool, ...]


def choose_for_time(
    plan: Plan, request: LayoutRequest, ordered: OrderedLayout, stored: StoredConstants | None
) -> OrderedLayout:
    """`ordered` with the constants that stay.

    Args:
        plan: of `ordered`, with the constants that move the fewest bytes.
        request: that was laid out.
        ordered: the layout.
        stored: the constants.
    """
    if stored is None or ordered.travel is not None or not plan.fits:
        return ordered
    free, horizon = find_free(request, ordered, stored)
    if free is None or free.room is None or not free.memory.survives:
        return ordered
    start = tuple(choose_resident(free))
    if all(start):
        return ordered
    search = _Search(plan, request, stored, free, horizon)
    small = len(start) <= _ALL
    best = min(search.all_choices(), key=search.time, default=start) if small else search.climb(start)
    return replace(ordered, resident=best if search.time(best) < search.time(start) else start)


class _Search:
    """Choices of residents, and the time of each."""

    def __init__(self, plan: Plan, request: LayoutRequest, stored: StoredConstants, free: OnChip, horizon: int) -> None:
        self.plan, self.request, self.stored, self.free, self.horizon = plan, request, stored, free, horizon
        self.homes = tuple(row for row in plan.constants if row.use == "stored")
        self.operators = both(operator_times(plan, request.graph, Speeds(request.target)))
        self.known: dict[Choice, int] = {}
        rows = len(plan.buffers) + 2 * len(self.homes)
        self.trials = min(_TRIALS, max(8, _WORK // (rows * max(1, len(self.homes)))))

    def fits(self, choice: Choice) -> bool:
        """Whether there is room for these residents above all else."""
        taken = sum(size for size, stays in zip(self.free.sizes, choice, strict=True) if stays)
        return self.free.room is None or self.free.height(choice) + taken <= self.free.room

    def all_choices(self) -> Iterator[Choice]:
        """All choices for which there is room, those with the most residents first."""
        return filter(self.fits, product((True, False), repeat=len(self.free.sizes)))

    def time(self, choice: Choice) -> int:
        """The picoseconds of a run."""
        if choice not in self.known:
            rows = copies_of(self.request, self.stored, self.free, self.horizon, choice)
            plan = replace(self.plan, constants=(*self.homes, *rows))
            copies = find_copies(plan, self.request.graph, Speeds(self.request.target))
            self.known[choice] = end_of_run(self.operators, copies)
        return self.known[choice]

    def climb(self, start: Choice) -> Choice:
        """The best choice that exchanges of two constants lead to."""
        best = start
        improved = self.request.target.prefetch
        while improved:
            improved = False
            for other in self._exchanges(best):
                if len(self.known) > self.trials:
                    return best
                if self.time(other) < self.time(best):
                    best, improved = other, True
                    break
        return best

    def _exchanges(self, choice: Choice) -> Iterator[Choice]:
        """Choices with one more resident, and without another one where there is no room for both."""
        sizes = self.free.bytes
        away = sorted((c for c, stays in enumerate(choice) if not stays), key=lambda c: (-sizes[c], c))[:_WAITS]
        staying = [c for c, stays in enumerate(choice) if stays]
        for number in away:
            more = _with(choice, number, stays=True)
            if self.fits(more):
                yield more
            for other in sorted(staying, key=lambda c: (abs(sizes[c] - sizes[number]), c)):
                fewer = _with(more, other, stays=False)
                if self.fits(fewer):
                    yield self._filled(fewer, other)

    def _filled(self, choice: Choice, apart: int) -> Choice:
        """`choice` with all that there is room for besides, the largest first, but for one."""
        for number in sorted(range(len(choice)), key=lambda c: (-self.free.bytes[c], c)):
            if not choice[number] and number != apart:
                more = _with(choice, number, stays=True)
                choice = more if self.fits(more) else choice
        return choice


def _with(choice: Sequence[bool], number: int, *, stays: bool) -> Choice:
    return (*choice[:number], stays, *choice[number + 1 :])
