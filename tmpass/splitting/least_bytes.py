"""A lower bound on the bytes of every choice of stages that a search has to choose from.

The choice with the fewest bytes is found as in `choose.py`, with lower bounds in the place of estimates, and with tails
that are exact (`bound_choice.py`). Where the best choice has bounds that can be raised, they are, and the choice is
made again:

1. A run of operators in parts begins with a bound for all ways to cut it: its largest source and its result are each
   alive as a whole. Then all ways are built, and each gets a bound of its own (`stage_bound.py`).
2. A stage gets what the search for an order proves of it (`order_bound.py`).
3. So does the whole choice. Where that is more than its parts have, the fewest consecutive operators that prove as much
   are a block, which no other choice may have for less.

The best choice is a bound at each moment, so the work can end early.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tmpass.base.record import record
from tmpass.splitting.bound_choice import Block, BoundChoice, Way, choose_by_bounds
from tmpass.splitting.builder import Builder
from tmpass.splitting.limit import Limit
from tmpass.splitting.make_draft import add_stage
from tmpass.splitting.net import Net
from tmpass.splitting.order_bound import Running, order_bound
from tmpass.splitting.prices import Prices
from tmpass.splitting.stage import Stage
from tmpass.splitting.stage_bound import stage_bound
from tmpass.splitting.stage_parts import main_source
from tmpass.splitting.ways import LONGEST, cuts, edges, ways
from tmpass.splitting.working_set import WorkingSets
from tmpass.targets import Target

BUILT = 6000
"""The most stages that are built."""

SEARCHED = 8000
"""The most operators for which an order is searched: some 300 stages."""

_STATES = 2000
"""Sets of operators that a search for an order visits."""


@record
class LeastBytes:
    """A lower bound.

    Fields:
        bytes: of head and tail.
        operator: the name of the first operator at which the best choice has the most bytes; "" where no choice has
            fewer bytes than are known.
    """

    bytes: int
    operator: str


def least_bytes(net: Net, prices: Prices, target: Target, limit: Limit, most: int, *, built: int = BUILT) -> LeastBytes:
    """The bytes of head and additional tail below which no choice of stages gets.

    Args:
        net: the model.
        prices: of its operators.
        target: of the plan.
        limit: on the additional work of a stage.
        most: the head of the plan that is known, and its additional tail.
        built: the most stages that are built; with 0 the bound takes milliseconds, and is lower.
    """
    return _Finder(net, prices, target, limit, most).find(built)


class _Finder:
    def __init__(self, net: Net, prices: Prices, target: Target, limit: Limit, most: int) -> None:
        self.net, self.prices, self.limit, self.most = net, prices, limit, most
        self.sets = WorkingSets(net, target)
        self.whole = [self.sets.whole(position) for position in range(len(net.order))]
        self.runs = self._all_runs()
        self.highest = {(first, last): max(self.whole[first : last + 1]) for first, last in self.runs}
        self.blocks = list[Block]()
        self.built = self.searched = 0

    def find(self, built: int) -> LeastBytes:
        while (best := self._best()) is not None:
            if not built or not self._raise(best, built):
                operator = self.net.op(best.worst).name if self.whole else ""
                return LeastBytes(best.bytes, operator)
        return LeastBytes(self.most, "")

    def _best(self) -> BoundChoice | None:
        found: dict[int, list[Way]] = {}
        stages = {stage for block in self.blocks for stage in block.stages}
        for (first, last), known in self.runs.items():
            # Where there is no block, operators in one piece need no more than in parts.
            blocked = any(block.first <= last and block.last >= first for block in self.blocks)
            below = self.most if blocked else self.highest[first, last]
            able = [way for way in known if way.live < below]
            # What is in a block may need more than it says, so it rules nothing out.
            found.setdefault(first, []).extend(
                [*_fewest([way for way in able if way.stage not in stages]), *(w for w in able if w.stage in stages)]
            )
        return choose_by_bounds(self.whole, found, self.blocks, self.most)

    def _raise(self, best: BoundChoice, built: int) -> bool:
        """Replace bounds of the best choice by better ones; whether there were any, with up to `built` stages built."""
        unbuilt = [way for way in best.ways if way.stage is None]
        if unbuilt:
            if self.built >= built:
                return False
            for way in unbuilt:
                self.runs[way.first, way.last] = list(self._built(way))
            return True
        if self.searched >= SEARCHED:
            return False
        unsearched = [way for way in best.ways if not way.searched]
        for way in unsearched:
            known = self.runs[way.first, way.last]
            known[known.index(way)] = self._ordered(way)
        return bool(unsearched) or self._block(best)

    def _all_runs(self) -> dict[tuple[int, int], list[Way]]:
        """The runs that can be part of a choice with fewer bytes than are known, by their first and last positions."""
        found: dict[tuple[int, int], list[Way]] = {}
        for first in range(len(self.whole)):
            for last in range(first, min(first + LONGEST, len(self.whole))):
                if self.net.layer(last) is None:
                    break
                floor = self._floor(first, last)
                if floor is not None and floor < self.most:
                    found[first, last] = [Way(first, last, floor)]
        return found

    def _floor(self, first: int, last: int) -> int | None:
        """The bytes that are alive at some step of a run, however it is cut; None where it cannot be cut."""
        net, result = self.net, self.net.result(first, last)
        source = main_source(self.sets, first, last)
        if result is None or source is None:
            return None
        whole = net.bytes(source) if self.sets.kept(source, result) else 0
        return self.sets.through(first, last, source, result) + max(net.bytes(source), net.bytes(result) + whole)

    def _built(self, run: Way) -> Iterator[Way]:
        """All ways to cut a run that are within the limit."""
        net, result = self.net, self.net.result(run.first, run.last)
        source = main_source(self.sets, run.first, run.last)
        assert result is not None
        assert source is not None
        through = self.sets.through(run.first, run.last, source, result)
        for along in ways(net, run.first, run.last, result):
            for bounds in cuts(net, Stage(run.first, run.last, along, ()), result):
                for carry, padded in edges(net, Stage(run.first, run.last, along, bounds), len(bounds) - 1):
                    stage = Stage(run.first, run.last, along, bounds, carry, padded)
                    builder = Builder(net)
                    self.built += 1
                    if not add_stage(builder, stage):
                        continue
                    tail, macs, time, _ = self.prices.stage(stage, builder)
                    if self.limit.allows(macs, time):
                        tensors, ops, _ = builder.made()
                        live = max(run.live, through + stage_bound(self.sets, stage, tensors, ops))
                        yield replace(run, live=live, tail=tail, stage=stage)

    def _ordered(self, way: Way) -> Way:
        """The way with what is proved of all its orders."""
        assert way.stage is not None
        return replace(way, live=max(way.live, self._live(way.first, way.last, (way.stage,))), searched=True)

    def _block(self, best: BoundChoice) -> bool:
        """Add a block of the best choice that needs more than its head; whether there is one."""
        steps = _steps(best, len(self.whole))

        def live(begin: int, end: int) -> int:
            stages = tuple(stage for _, _, stage in steps[begin:end] if stage is not None)
            return self._live(steps[begin][0], steps[end - 1][1], stages)

        begin, end = 0, len(steps)
        most = live(begin, end) if steps else 0
        if most <= best.head:
            return False
        for length in _halves(end - 1):
            if begin + length < end and live(begin + length, end) >= most:
                begin += length
        for length in _halves(end - begin - 1):
            if end - length > begin and live(begin, end - length) >= most:
                end -= length
        stages = tuple(stage for _, _, stage in steps[begin:end] if stage is not None)
        self.blocks.append(Block(steps[begin][0], steps[end - 1][1], stages, most))
        return True

    def _live(self, first: int, last: int, stages: Sequence[Stage]) -> int:
        """A lower bound on the bytes that are alive at some step of the operators [first, last], in any order.

        The operators of `stages` are in parts, the others in one piece.
        """
        builder, at = Builder(self.net), first
        for stage in stages:
            for position in range(at, stage.first):
                builder.keep(self.net.order[position])
            add_stage(builder, stage)
            at = stage.last + 1
        for position in range(at, last + 1):
            builder.keep(self.net.order[position])
        tensors, ops, _ = builder.made()
        self.searched += len(ops)
        return order_bound(self.sets, Running(first, last, tensors, ops), _STATES)


def _steps(choice: BoundChoice, end: int) -> list[tuple[int, int, Stage | None]]:
    """The first and last positions of stages, and of the operators between them, of a net of `end` operators."""
    found, at = list[tuple[int, int, Stage | None]](), 0
    for way in choice.ways:
        found += [(position, position, None) for position in range(at, way.first)]
        found.append((way.first, way.last, way.stage))
        at = way.last + 1
    return found + [(position, position, None) for position in range(at, end)]


def _halves(length: int) -> Iterator[int]:
    """Falling powers of two, whose sum is `length` or more."""
    yield from (1 << bit for bit in reversed(range(length.bit_length())))


def _fewest(found: list[Way]) -> list[Way]:
    """The ways that no other one beats."""
    kept: list[Way] = []
    for way in sorted(found, key=lambda one: (one.live, one.tail)):
        if not kept or way.tail < kept[-1].tail:
            kept.append(way)
    return kept
