"""The search for stages: estimates say which are promising, the planner measures these, and choices are made again.

    candidates ──> choose ──> measure the stages of the best choices ──┐
                     ^                                                 │ until the best choice is measured
                     └─────────────────────────────────────────────────┘
                   choose ──> plan the best choices whole ──> the best plan

An estimate stands for the live bytes of a stage until it is measured, scaled down so that it is rarely above them.
Budgets count stages, operators and states; there is no clock in the search.
"""

from collections.abc import Callable, Collection, Sequence

from tmpass.base.record import record
from tmpass.graph.draft import Draft, draft_graph
from tmpass.planning.residency.divide_layout import room_of_others
from tmpass.plans.plan import Plan
from tmpass.splitting.builder import Builder
from tmpass.splitting.candidates import Candidate, Candidates, find_candidates
from tmpass.splitting.choose import Choice, Rank, choose_stages, fewest_bytes, least_work
from tmpass.splitting.limit import Limit
from tmpass.splitting.make_draft import add_stage, make_draft
from tmpass.splitting.net import Net
from tmpass.splitting.plan_draft import Effort, plan_graph, stage_peak
from tmpass.splitting.prices import Prices
from tmpass.splitting.stage import Stage
from tmpass.targets import Target

STAGES = 6000
"""The most stages that are built and estimated. MobileNetV2 has 2,600 that can lower its peak."""

MEASURED = 24_000
"""The most operators of stages that are measured: some 600 stages."""

PLANNED = 2400
"""The most operators of drafts that are planned whole, besides the first three."""

_MEASURING, _PLANNING = Effort(200, 200), Effort(5000, 5000)

_OPTIMISM = 3, 2
"""Estimates are divided by this fraction. Of 500 measured stages, 9 in 10 were above two thirds of their estimate."""

_AT_ONCE = 6
"""The number of best choices that are measured before stages are chosen again."""

Told = Callable[[str], None]
"""Is told what the search does."""


def silent(what: str) -> None:
    """Tell nobody."""
    del what


@record
class Found:
    """A choice with its draft and plan.

    Fields:
        needed: the bytes of the scratchpad that the plan needs, without the reserve.
        macs: of the draft.
        time: of a run, in picoseconds as it is estimated; 0 where the times of the runtime are not known.
    """

    stages: tuple[Stage, ...]
    draft: Draft
    plan: Plan
    needed: int
    macs: int
    time: int

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """The order: the fewest bytes, then the least work."""
        return self.needed, self.macs, self.time, len(self.draft.ops)

    @property
    def work(self) -> tuple[int, int, int]:
        """The order: the least work, then the fewest bytes."""
        return self.macs, len(self.draft.ops), self.needed


class Search:
    """A search for the stages of one net on one target.

    Args:
        net: the model.
        target: of the plan.
        told: is told what the search does.
        threads: of the planner.
        part: the budgets are divided by it.
    """

    def __init__(self, net: Net, target: Target, told: Told, threads: int = 1, *, part: int = 1) -> None:
        self.net, self.target, self.told, self.threads = net, target, told, threads
        self.prices = Prices(net, target)
        self._measured: dict[Stage, int] = {}
        self._part = part
        self._left: dict[Limit, int] = {}
        self._candidates: dict[Limit, Candidates] = {}
        self._known: dict[tuple[Stage, ...], Found | None] = {}
        self.whole = self._planned(())
        assert self.whole is not None
        # Stages are consecutive operators, so what they are depends on the order: that of the plan has the lower peak.
        rows = (row.op for row in self.whole.plan.schedule if row.subgraph == 0)
        order = [net.order[op] for op in dict.fromkeys(rows)]
        if len(order) == len(net.order) and tuple(order) != net.order:
            self.net = net.ordered(order)
        self.base = self.whole.needed - self.whole.plan.memories[0].peak
        """What the target needs besides the head of the unsplit model."""

    def _stages(self, limit: Limit) -> Candidates:
        """The stages to choose from; found once for each limit on the work."""
        if limit not in self._candidates:
            self._left[limit] = MEASURED // self._part
            self._candidates[limit] = find_candidates(
                self.net,
                self.prices,
                limit,
                STAGES // self._part,
                lambda work: self.told(f"{work} stages estimated"),
            )
        return self._candidates[limit]

    def least(self, limit: Limit) -> Found:
        """The model with the fewest bytes that the search finds; in one piece where no stage lowers them.

        Args:
            limit: on its additional work.
        """
        assert self.whole is not None
        best, left = self.whole, PLANNED // self._part
        for number, choice in enumerate(self._choices(limit, fewest_bytes, None)):
            if choice.bytes + self.base >= best.needed or (number >= 3 and left <= 0):
                break
            found = self._planned(choice.stages)
            if found is not None:
                left -= len(found.draft.ops)
                best = min(best, found, key=lambda one: one.rank)
        return best

    def within(self, capacity: int, limit: Limit, tried: Collection[tuple[Stage, ...]] = ()) -> Found | None:
        """The model with the least work that needs at most `capacity` bytes; None where the search finds none.

        Args:
            capacity: in bytes, without the reserve.
            limit: on its additional work.
            tried: what is left out.
        """
        assert self.whole is not None
        if self.whole.needed <= capacity and () not in tried:
            return self.whole
        left = PLANNED // self._part
        # A measured stage may be a little lower between its neighbours than alone.
        most = capacity - self.base + capacity // 64 + room_of_others(self.target)
        for number, choice in enumerate(self._choices(limit, least_work, most)):
            if number >= 3 and left <= 0:
                break
            found = None if choice.stages in tried else self._planned(choice.stages)
            if found is not None:
                left -= len(found.draft.ops)
                if found.needed <= capacity:
                    return found
        return None

    def _choices(self, limit: Limit, rank: Rank, most_bytes: int | None) -> list[Choice]:
        """The choices in the order of `rank`; the first ones are measured, as far as the budget goes."""
        candidates = self._stages(limit)
        while True:
            found = choose_stages(candidates, self._live, limit, most_bytes, rank)
            unknown = [s for choice in found[:_AT_ONCE] for s in choice.stages if s not in self._measured]
            if not unknown or self._left[limit] <= 0:
                return found
            for stage in dict.fromkeys(unknown):
                self._left[limit] -= self._measure(stage)
            self.told(f"{len(self._measured)} stages measured")

    def _live(self, one: Candidate) -> int:
        return self._measured.get(one.stage, one.live * _OPTIMISM[1] // _OPTIMISM[0])

    def _measure(self, stage: Stage) -> int:
        """Plan a stage alone, with what is alive beside it; return how many operators that were."""
        net, builder = self.net, Builder(self.net)
        add_stage(builder, stage)
        tensors, ops, _ = builder.made()
        result = net.result(stage.first, stage.last)
        assert result is not None
        kept = net.kept(stage.first, stage.last, result)
        peak = stage_peak(net, self.target, (tuple(tensors), tuple(ops)), kept, _MEASURING)
        self._measured[stage] = peak + net.through(stage.first, stage.last)
        return len(ops)

    def _planned(self, stages: Sequence[Stage]) -> Found | None:
        """The model with these stages, planned; None where it cannot be made."""
        key = tuple(stages)
        if key not in self._known:
            draft = make_draft(self.net, key)
            self._known[key] = None if draft is None else self._found(key, draft)
            self.told(f"{len(self._known)} splits planned")
        return self._known[key]

    def _found(self, stages: tuple[Stage, ...], draft: Draft) -> Found:
        plan = plan_graph(draft_graph(draft, self.net.graph, self.net.dialect), self.target, _PLANNING, self.threads)
        macs, time = (count(draft.tensors, draft.ops) for count in (self.prices.macs_of, self.prices.time_of))
        return Found(stages, draft, plan, plan.memories[0].without_reserve, macs, time)
