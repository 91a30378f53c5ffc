"""The stages that a search tries: around the operators at which the most bytes are alive, in parts of several sizes."""

from collections.abc import Callable, Iterator
from dataclasses import field

from tmpass.base.record import record
from tmpass.splitting.builder import Builder
from tmpass.splitting.estimate import live_bytes
from tmpass.splitting.limit import Limit
from tmpass.splitting.make_draft import add_stage
from tmpass.splitting.net import Net
from tmpass.splitting.prices import Prices
from tmpass.splitting.stage import Stage
from tmpass.splitting.ways import LONGEST, cuts, edges, ways


@record
class Candidate:
    """A stage with what it costs, compared with the same operators in one piece.

    Fields:
        live: the most live bytes while it runs, by `estimate.py`.
        tail: bytes that the runtime keeps for it in addition.
        macs: additional multiply-accumulate operations.
        time: additional picoseconds of a run, estimated.
        ops: additional operators.
    """

    stage: Stage
    live: int
    tail: int = 0
    macs: int = 0
    time: int = 0
    ops: int = 0


@record
class Candidates:
    """What a search chooses from.

    Fields:
        whole: the live bytes of each operator in one piece, by position.
        floor: live bytes that no choice of the stages goes below.
        stages: by their first position.
    """

    whole: tuple[int, ...]
    floor: int
    stages: dict[int, list[Candidate]] = field(default_factory=dict)


def find_candidates(net: Net, prices: Prices, limit: Limit, budget: int, told: Callable[[int], None]) -> Candidates:
    """The stages that can lower the peak.

    Positions are taken from the highest live bytes down. The least live bytes of the stages around one are a bound on
    what any choice of stages reaches, so positions below the highest of these bounds need no stage.

    Args:
        net: the model.
        prices: of its operators.
        limit: on the additional work of a stage.
        budget: how many stages are built.
        told: is called with the work done.
    """
    return _Finder(net, prices, limit, budget, told).find()


class _Finder:
    def __init__(self, net: Net, prices: Prices, limit: Limit, budget: int, told: Callable[[int], None]) -> None:
        self.net, self.prices, self.limit, self.budget, self.told = net, prices, limit, budget, told
        self.work = 0
        self.whole = _whole(net)
        self.done: set[tuple[int, int]] = set()
        self.found: dict[int, list[Candidate]] = {}

    def find(self) -> Candidates:
        floor = 0
        order = sorted(range(len(self.whole)), key=lambda p: (-self.whole[p], p))
        for position in order:
            if self.whole[position] <= floor or self.work >= self.budget:
                break
            best = self.whole[position]
            for first, last in self._regions(position):
                if (first, last) not in self.done:
                    self.done.add((first, last))
                    self.found.setdefault(first, []).extend(self._stages(first, last))
            for candidates in self.found.values():
                for one in candidates:
                    if one.stage.first <= position <= one.stage.last:
                        best = min(best, one.live)
            floor = max(floor, best)
        stages = {first: _undominated(known) for first, known in sorted(self.found.items()) if known}
        return Candidates(tuple(self.whole), floor, stages)

    def _regions(self, position: int) -> Iterator[tuple[int, int]]:
        """The stages around a position, short ones first."""
        for length in range(1, LONGEST + 1):
            for first in range(max(0, position - length + 1), position + 1):
                last = first + length - 1
                if last < len(self.whole) and all(self.net.layer(p) is not None for p in range(first, last + 1)):
                    yield first, last

    def _stages(self, first: int, last: int) -> Iterator[Candidate]:
        net = self.net
        result = net.result(first, last)
        if result is None:
            return
        peak = max(self.whole[first : last + 1])
        sources = net.sources(first, last)
        kept = net.kept(first, last, result)
        through = net.through(first, last)
        least = through + max(sum(map(net.bytes, sources)), sum(map(net.bytes, kept)))
        if least >= peak:
            return
        for along in ways(net, first, last, result):
            yield from self._along(Stage(first, last, along, ()), result, kept, through, peak)

    def _along(self, model: Stage, result: int, kept: frozenset[int], through: int, peak: int) -> Iterator[Candidate]:
        best, worse = peak, 0
        for bounds in cuts(self.net, model, result):
            lives = []
            for carry, padded in edges(self.net, model, len(bounds) - 1):
                stage = Stage(model.first, model.last, model.along, bounds, carry, padded)
                made = self._candidate(stage, kept, through)
                if made is not None:
                    lives.append(made.live)
                    if made.live < peak and self.limit.allows(made.macs, made.time):
                        yield made
            worse = 0 if lives and min(lives) < best else worse + 1
            best = min([best, *lives])
            if worse > 1 or self.work >= self.budget:
                break

    def _candidate(self, stage: Stage, kept: frozenset[int], through: int) -> Candidate | None:
        self.work += 1
        if self.work % 64 == 0:
            self.told(self.work)
        builder = Builder(self.net)
        if not add_stage(builder, stage):
            return None
        tensors, ops, _ = builder.made()
        cost = self.prices.stage(stage, builder)
        return Candidate(stage, max(live_bytes(self.net, tensors, ops, kept, through)), *cost)


def _whole(net: Net) -> list[int]:
    """The live bytes of each operator in one piece, in the order of the net."""
    draft = net.draft
    # Inputs of the model that are read later are alive from the start.
    ops = [draft.ops[op] for op in net.order]
    return live_bytes(net, draft.tensors, ops, frozenset(net.main.outputs), 0)


def _undominated(known: list[Candidate]) -> list[Candidate]:
    """The candidates of one first position that no other one of the same operators beats in everything."""
    kept: list[Candidate] = []
    for one in sorted(known, key=lambda c: (c.live, c.tail, c.macs, c.time, c.ops, c.stage.last, c.stage.bounds)):
        if not any(
            other.stage.last == one.stage.last
            and other.tail <= one.tail
            and other.macs <= one.macs
            and other.time <= one.time
            for other in kept
        ):
            kept.append(one)
    return kept
