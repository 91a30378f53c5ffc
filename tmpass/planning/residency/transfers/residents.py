"""Constants that stay in the scratchpad beside buffers that leave it, so that a run moves fewer bytes.

A run moves the bytes of spills and fetches, and those of streamed constants. A constant that stays takes its room at
all steps, so that buffers may have to leave more often. Mostly that moves more bytes than the constant has, since what
leaves also comes back. It can pay where a constant is read several times, or is larger than what makes room for it:
where 90 bytes are free, one of 100 bytes stays for a spill and a fetch of 10.
"""

from dataclasses import dataclass, field, replace

from tmpass.base.choices import Status
from tmpass.base.errors import UsageError
from tmpass.planning.residency.on_chip import OnChip, choose_resident
from tmpass.planning.residency.transfers.absences import aligned
from tmpass.planning.residency.transfers.cases import Case
from tmpass.planning.residency.transfers.fixed_order import FixedOrderAnswer, solve_fixed_order
from tmpass.planning.residency.transfers.room import live_bytes

MOST_TRIED = 8
"""Up to this number of constants, every choice is tried that may be better: at most 256 problems of a few buffers."""

_LESS = 4
"""How often constants are chosen for less room, where those chosen before find no place."""

_MORE = 8
"""How many constants are tried one by one beside those that stay: those that save the most, and that sizes allow."""


def has_few(case: Case) -> bool:
    """Whether so few constants are streamed in `case` that every choice of those that stay may be tried."""
    return sum(bytes_ > 0 for bytes_ in case.loads) <= MOST_TRIED


def keep_constants(case: Case, answer: FixedOrderAnswer, *, nodes: int) -> tuple[Case, FixedOrderAnswer]:
    """The case with the constants that stay, so that transfers and streamed constants together move fewer bytes.

    Args:
        case: with all constants streamed.
        answer: to its problem.
        nodes: the budget for all searches together.

    Returns:
        The case and the answer to its problem, which never moves more bytes than before. With at most MOST_TRIED
        constants that operators read, no choice moves fewer, unless the budget ends.
    """
    if case.free is None or not case.free.memory.survives or not answer.episodes:
        return case, answer
    choice = _Choice(case, case.free, answer, nodes)
    choice.fill()
    if has_few(case):
        choice.try_all(0, frozenset(), answer.lower_bound)
    else:
        choice.extend()
    return choice.case, choice.answer


@dataclass
class _Choice:
    """The best choice so far.

    Fields:
        streamed: the case where every constant is.
        free: of that case.
        answer: to the problem of `case`.
        budget: the nodes that are left.
        case: with the constants that stay.
        kept: their numbers.
        worth: of each constant, the bytes that are streamed in each run unless it stays.
    """

    streamed: Case
    free: OnChip
    answer: FixedOrderAnswer
    budget: int
    case: Case = field(init=False)
    kept: frozenset[int] = frozenset()
    worth: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.case, self.worth = self.streamed, self.streamed.loads

    @property
    def read(self) -> list[int]:
        """The constants that operators read, those that save the most first."""
        return sorted((c for c, bytes_ in enumerate(self.worth) if bytes_), key=lambda c: (-self.worth[c], c))

    @property
    def moved(self) -> int:
        """The bytes that a run moves with the best choice, less those of constants that are streamed in any case."""
        return self.answer.cost - self._saved(self.kept)

    def _saved(self, kept: frozenset[int]) -> int:
        return sum(self.worth[c] for c in kept)

    def _try(self, kept: frozenset[int]) -> FixedOrderAnswer | None:
        """The answer where these constants stay, which becomes the best one where it moves fewer bytes."""
        if self.budget <= 0:
            return None
        case = self.streamed.keeping([c in kept for c in range(len(self.worth))])
        try:
            answer = solve_fixed_order(case.problem, nodes=self.budget)
        except UsageError:  # sizes that the kernels do not take
            return None
        self.budget -= max(1, answer.nodes)
        if answer.episodes and answer.cost - self._saved(kept) < self.moved:
            self.case, self.answer, self.kept = case, answer, kept
        return answer

    def fill(self) -> None:
        """Keep what the fewest transfers leave room for: by sizes first, and less of it where addresses are lacking."""
        problem, fewest = self.streamed.problem, self.answer.cost
        buffers = len(self.streamed.numbers)
        spans = [[(first, last) for first, last, _ in own] for own in self.answer.episodes[:buffers]]
        spans += [[] for _ in self.answer.episodes[buffers:]]
        tops, room = live_bytes(problem, spans), problem.capacity
        for _ in range(_LESS):
            free = replace(self.free, tops=tuple(tops), room=room)
            stays = frozenset(c for c, stays in enumerate(choose_resident(free)) if stays and self.worth[c])
            if not stays:
                return
            answer = self._try(stays)
            if answer is not None and answer.episodes and answer.cost == fewest:
                return
            room -= max(problem.alignment, sum(self.free.sizes[c] for c in stays) // _LESS)

    def extend(self) -> None:
        """Keep further constants, one by one, where that moves fewer bytes; at most _MORE are tried."""
        tries, room = _MORE, self._room()
        for c in self.read:
            if tries and c not in self.kept and sum(self.free.sizes[one] for one in self.kept | {c}) <= room:
                self._try(self.kept | {c})
                tries -= 1

    def _room(self) -> int:
        """The bytes that are free at all steps where no buffer is there that its operator does not use."""
        problem = self.streamed.problem
        used = [0] * problem.steps
        for buffer in problem.buffers[: len(self.streamed.numbers)]:
            steps = [use.step for use in buffer.uses]
            for step in range(steps[0], steps[-1] + 1) if buffer.pinned else steps:
                used[step] += aligned(buffer.size, problem.alignment)
        return aligned(problem.capacity, problem.alignment) - max(used)

    def try_all(self, at: int, kept: frozenset[int], least: int) -> None:
        """Try all choices that keep `kept` and none of the other constants before number `at` of `read`.

        Args:
            at: how many constants are decided.
            kept: those of them that stay.
            least: no choice that keeps these has transfers of fewer bytes.
        """
        rest = self.read[at:]
        if not rest or least - self._saved(kept) - sum(self.worth[c] for c in rest) >= self.moved:
            return
        more = kept | {rest[0]}
        answer = self._try(more)
        if answer is not None and answer.status is not Status.INFEASIBLE:
            self.try_all(at + 1, more, max(least, answer.lower_bound))
        self.try_all(at + 1, kept, least)
