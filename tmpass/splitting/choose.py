"""The choice of stages that do not overlap, by their costs: the best trade-offs of bytes against work.

From position to position, labels say what was chosen so far. At a position, an operator runs in one piece, or a stage
begins. The head of a choice is the highest of its live bytes; what the runtime keeps, MACs and time add up. So of two
labels at one position, one that is not better in any of the four leads nowhere, and is dropped. The choice is exact for
the given candidates where no more than `WIDTH` labels are left at a position.
"""

from collections.abc import Callable
from dataclasses import replace
from heapq import nsmallest

from tmpass.base.record import record
from tmpass.splitting.candidates import Candidate, Candidates
from tmpass.splitting.limit import Limit
from tmpass.splitting.stage import Stage

WIDTH = 200
"""The most labels of a position; on the models of docs/split.md, 1,000 find nothing better."""


@record
class Choice:
    """Stages, and what they cost compared with the model in one piece.

    Fields:
        head: the most live bytes.
        tail: bytes that the runtime keeps in addition.
        macs: additional multiply-accumulate operations.
        time: additional picoseconds of a run, estimated.
        ops: additional operators.
    """

    head: int
    tail: int = 0
    macs: int = 0
    time: int = 0
    ops: int = 0
    stages: tuple[Stage, ...] = ()

    @property
    def bytes(self) -> int:
        """The bytes by which choices are compared."""
        return self.head + self.tail


Rank = Callable[[Choice], tuple[int, ...]]
"""The order in which choices are wanted."""


def fewest_bytes(choice: Choice) -> tuple[int, ...]:
    """The rank by bytes, then by work."""
    return choice.bytes, choice.macs, choice.time, choice.ops


def least_work(choice: Choice) -> tuple[int, ...]:
    """The rank by MACs, then by operators, then by bytes."""
    return choice.macs, choice.ops, choice.bytes


def choose_stages(
    found: Candidates,
    live: Callable[[Candidate], int],
    limit: Limit,
    most_bytes: int | None = None,
    rank: Rank = fewest_bytes,
) -> list[Choice]:
    """The choices that no other one beats, in the order of their rank.

    Args:
        found: the stages to choose from.
        live: the live bytes of a stage.
        limit: on the additional work of a choice.
        most_bytes: head and tail that a choice may have; None for any number.
        rank: of choices.
    """
    labels: dict[int, list[Choice]] = {0: [Choice(0)]}
    end = len(found.whole)
    for position in range(end):
        for label in _best(labels.pop(position, []), rank):
            whole = found.whole[position]
            ahead = label if whole <= label.head else replace(label, head=whole)
            if most_bytes is None or ahead.bytes <= most_bytes:
                labels.setdefault(position + 1, []).append(ahead)
            for one in found.stages.get(position, ()):
                made = _with(label, one, live(one))
                if limit.allows(made.macs, made.time) and (most_bytes is None or made.bytes <= most_bytes):
                    labels.setdefault(one.stage.last + 1, []).append(made)
    return _best(labels.get(end, []), rank)


def _with(label: Choice, one: Candidate, live: int) -> Choice:
    return Choice(
        max(label.head, live),
        label.tail + one.tail,
        label.macs + one.macs,
        label.time + one.time,
        label.ops + one.ops,
        (*label.stages, one.stage),
    )


def _best(labels: list[Choice], rank: Rank) -> list[Choice]:
    """The labels that no other one beats, in the order of their rank."""
    kept: list[Choice] = []
    for label in nsmallest(20 * WIDTH, labels, key=rank):
        if not any(
            k.head <= label.head and k.tail <= label.tail and k.macs <= label.macs and k.time <= label.time
            for k in kept
        ):
            kept.append(label)
            if len(kept) == WIDTH:
                break
    return kept
