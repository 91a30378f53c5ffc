"""A lower bound on the bytes of every choice of stages that a search has to choose from.

The choice with the fewest bytes is found as in `choose.py`, with lower bounds in the place of estimates, and with tails
that are exact. A run of operators begins with a bound for all ways to cut it: its largest source and its result are
each alive as a whole. Where the best choice has such a run, all ways to cut it are built, each gets a bound of its own
(`stage_bound.py`), and the choice is made again. The best choice is a bound at each moment, so the work can end early.
"""

from collections.abc import Iterator
from dataclasses import field

from tmpass.base.record import record
from tmpass.splitting.builder import Builder
from tmpass.splitting.limit import Limit
from tmpass.splitting.make_draft import add_stage
from tmpass.splitting.net import Net
from tmpass.splitting.prices import Prices
from tmpass.splitting.stage import Stage
from tmpass.splitting.stage_bound import stage_bound
from tmpass.splitting.stage_parts import main_source
from tmpass.splitting.ways import LONGEST, cuts, edges, ways
from tmpass.splitting.working_set import WorkingSets
from tmpass.targets import Target

BUILT = 6000
"""The most stages that are built."""


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


@record
class _Run:
    """Consecutive operators, and what they cost in parts.

    Fields:
        first: the position of the first.
        last: the position of the last.
        costs: live bytes and additional tail of each way that no other one beats; None where all are taken together.
        floor: the live bytes of all ways.
    """

    first: int
    last: int
    floor: int
    costs: list[tuple[int, int]] | None = None


@record
class _Label:
    """A choice up to a position.

    Fields:
        head: the most live bytes.
        tail: additional bytes that the runtime keeps.
        worst: the position at which the head is.
        runs: the runs that are in parts and have one bound for all ways.
    """

    head: int
    tail: int = 0
    worst: int = 0
    runs: tuple[tuple[int, int], ...] = field(default=())


def least_bytes(net: Net, prices: Prices, target: Target, limit: Limit, most: int) -> LeastBytes:
    """The bytes of head and additional tail below which no choice of stages gets.

    Args:
        net: the model.
        prices: of its operators.
        target: of the plan.
        limit: on the additional work of a stage.
        most: the head of the plan that is known, and its additional tail.
    """
    return _Finder(net, prices, target, limit, most).find()


class _Finder:
    def __init__(self, net: Net, prices: Prices, target: Target, limit: Limit, most: int) -> None:
        self.net, self.prices, self.limit, self.most = net, prices, limit, most
        self.sets = WorkingSets(net, target)
        self.whole = [self.sets.whole(position) for position in range(len(net.order))]
        self.runs = self._all_runs()
        self.built = 0

    def find(self) -> LeastBytes:
        while True:
            best = self._best()
            if best is None:
                return LeastBytes(self.most, "")
            if not best.runs or self.built >= BUILT:
                operator = self.net.op(best.worst).name if self.whole else ""
                return LeastBytes(best.head + best.tail, operator)
            for first, last in best.runs:
                run = self.runs[first][last]
                self.runs[first][last] = _Run(first, last, run.floor, _fewest(list(self._costs(run))))

    def _all_runs(self) -> dict[int, dict[int, _Run]]:
        """The runs that can be part of a choice with fewer bytes than are known: first -> last -> run."""
        found: dict[int, dict[int, _Run]] = {}
        for first in range(len(self.whole)):
            for last in range(first, min(first + LONGEST, len(self.whole))):
                if self.net.layer(last) is None:
                    break
                floor = self._floor(first, last)
                if floor is not None and floor < min(self.most, max(self.whole[first : last + 1])):
                    found.setdefault(first, {})[last] = _Run(first, last, floor)
        return found

    def _floor(self, first: int, last: int) -> int | None:
        """The bytes that are alive at some step of a run, however it is cut; None where it cannot be cut."""
        net, result = self.net, self.net.result(first, last)
        source = main_source(self.sets, first, last)
        if result is None or source is None:
            return None
        whole = net.bytes(source) if self.sets.kept(source, result) else 0
        return self.sets.through(first, last, source, result) + max(net.bytes(source), net.bytes(result) + whole)

    def _costs(self, run: _Run) -> Iterator[tuple[int, int]]:
        """Live bytes and additional tail of all ways to cut a run that are within the limit."""
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
                        yield max(run.floor, through + stage_bound(self.sets, stage, tensors, ops)), tail

    def _best(self) -> _Label | None:
        """The choice with the fewest bytes; None where none has fewer than are known."""
        labels: dict[int, list[_Label]] = {0: [_Label(0)]}
        for position, whole in enumerate(self.whole):
            for label in self._kept(labels.pop(position, [])):
                worst = position if whole > label.head else label.worst
                ahead = _Label(max(whole, label.head), label.tail, worst, label.runs)
                labels.setdefault(position + 1, []).append(ahead)
                for run in self.runs.get(position, {}).values():
                    mark = () if run.costs is not None else ((run.first, run.last),)
                    for live, tail in [(run.floor, 0)] if run.costs is None else run.costs:
                        worst = position if live > label.head else label.worst
                        made = _Label(max(live, label.head), label.tail + tail, worst, (*label.runs, *mark))
                        labels.setdefault(run.last + 1, []).append(made)
        found = self._kept(labels.get(len(self.whole), []))
        return min(found, key=lambda one: one.head + one.tail, default=None)

    def _kept(self, labels: list[_Label]) -> list[_Label]:
        """The labels that no other one beats, and that have fewer bytes than are known."""
        kept: list[_Label] = []
        for label in sorted(labels, key=lambda one: (one.head, one.tail, len(one.runs), one.worst, one.runs)):
            if label.head + label.tail < self.most and (not kept or label.tail < kept[-1].tail):
                kept.append(label)
        return kept


def _fewest(costs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The costs that no other one beats."""
    kept: list[tuple[int, int]] = []
    for live, tail in sorted(costs):
        if not kept or tail < kept[-1][1]:
            kept.append((live, tail))
    return kept
