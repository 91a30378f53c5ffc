"""The choice of stages with the fewest bytes, where bounds stand for what is not known.

Like `choose.py`, with two costs, head and tail, and with *blocks*: consecutive operators, some of them in parts, that
need more together than each of them alone. A label says which blocks it has begun, as long as it has chosen what they
have. So of two labels at one position, one is dropped that is not better in head and tail, and has begun the same
blocks or more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from tmpass.base.record import record
from tmpass.splitting.stage import Stage


@record
class Way:
    """Consecutive operators in parts.

    Fields:
        first: the position of the first.
        last: that of the last.
        live: a lower bound on the live bytes while they run.
        tail: bytes that the runtime keeps in addition, at least.
        stage: how they are cut; None where the bounds are for all ways to do it.
        searched: whether `live` is from a search for an order.
    """

    first: int
    last: int
    live: int
    tail: int = 0
    stage: Stage | None = None
    searched: bool = False


@record
class Block:
    """Operators of which some are in parts.

    Fields:
        first: the position of the first.
        last: that of the last.
        stages: what is in parts; the others are in one piece.
        live: bytes that are alive at some step of them.
    """

    first: int
    last: int
    stages: tuple[Stage, ...]
    live: int

    def has(self, way: Way) -> bool:
        """Whether it has the operators of `way` in these parts. It never has a way that is not known."""
        return way.stage in self.stages

    def has_whole(self, position: int) -> bool:
        """Whether it has the operator at `position` in one piece."""
        within = self.first <= position <= self.last
        return within and not any(stage.first <= position <= stage.last for stage in self.stages)


@record
class BoundChoice:
    """A choice up to a position.

    Fields:
        head: the most live bytes.
        tail: additional bytes that the runtime keeps.
        worst: the position at which the head is.
        ways: the operators that are in parts.
        begun: the blocks that have been followed so far, as bits.
    """

    head: int
    tail: int = 0
    worst: int = 0
    ways: tuple[Way, ...] = field(default=())
    begun: int = 0

    @property
    def bytes(self) -> int:
        """Of head and tail."""
        return self.head + self.tail


def choose_by_bounds(
    whole: Sequence[int], ways: Mapping[int, Iterable[Way]], blocks: Sequence[Block], most: int
) -> BoundChoice | None:
    """The choice with the fewest bytes; None where none has fewer than `most`.

    Args:
        whole: the live bytes of each operator in one piece, by position.
        ways: by their first position.
        blocks: of operators.
        most: bytes of head and additional tail.
    """
    labels: dict[int, list[BoundChoice]] = {0: [BoundChoice(0)]}
    numbered = [(1 << number, block) for number, block in enumerate(blocks)]
    for position, live in enumerate(whole):
        steps = [_Step(Way(position, position, live), (), [row for row in numbered if row[1].has_whole(position)])]
        steps += [_Step(way, (way,), [row for row in numbered if row[1].has(way)]) for way in ways.get(position, ())]
        for label in _kept(labels.pop(position, []), most):
            for step in steps:
                labels.setdefault(step.way.last + 1, []).append(step.behind(label))
    return min(_kept(labels.get(len(whole), []), most), key=lambda one: one.bytes, default=None)


class _Step:
    """What a choice may have next: a way, or an operator in one piece; `having` are the blocks with it, by bits."""

    def __init__(self, way: Way, ways: tuple[Way, ...], having: Sequence[tuple[int, Block]]) -> None:
        self.way, self.ways = way, ways
        self.begins = sum(bit for bit, block in having if block.first == way.first)
        self.follows = sum(bit for bit, _ in having)
        self.ends = [(bit, block.live) for bit, block in having if block.last == way.last]

    def behind(self, label: BoundChoice) -> BoundChoice:
        """The label with this step."""
        begun, way = (label.begun | self.begins) & self.follows, self.way
        live = max([way.live, *(live for bit, live in self.ends if begun & bit)])
        for bit, _ in self.ends:
            begun &= ~bit
        worst = way.first if live > label.head else label.worst
        return BoundChoice(max(live, label.head), label.tail + way.tail, worst, label.ways + self.ways, begun)


def _kept(labels: list[BoundChoice], most: int) -> list[BoundChoice]:
    """The labels that no other one beats, and that have fewer bytes than `most`."""
    kept: list[BoundChoice] = []
    for label in sorted(labels, key=lambda one: (one.head, one.tail, one.begun, len(one.ways), one.worst)):
        if label.bytes < most and not any(one.tail <= label.tail and not one.begun & ~label.begun for one in kept):
            kept.append(label)
    return kept
