"""A layout in which buffers leave the scratchpad and come back, for a model that does not fit into it otherwise.

Here buffers and copies of constants are placed together. So a model may fit even if nothing leaves, where copies find
no room beside buffers that were placed before them.
"""

from dataclasses import dataclass, field, replace

from tmpass.base.choices import Transfers
from tmpass.base.record import record
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.memories import room_for_buffers
from tmpass.planning.residency.overhead import Besides
from tmpass.planning.residency.transfers.behind import find_behind, find_source
from tmpass.planning.residency.transfers.cases import Case, find_cases
from tmpass.planning.residency.transfers.fixed_order import DEFAULT_NODES, FixedOrderAnswer
from tmpass.planning.residency.transfers.lay_out import laid_out
from tmpass.planning.residency.transfers.residents import has_few, keep_constants
from tmpass.planning.residency.transfers.searched_cases import bound_for, search_cases, solve
from tmpass.planning.residency.transfers.too_small import largest_need, why_too_small
from tmpass.targets import Memory


@record
class Attempt:
    """What came of trying transfers.

    Fields:
        layout: the one whose spills and fetches move the fewest bytes, or with constants that stay it and these
            together; None where none was found.
        undecided: no layout was found, and it is not proved that there is none.
        reason: a line on the operator that needs more than the scratchpad has; empty where there is none.
        need: the bytes of the scratchpad that this operator needs in every order, with every sharing.
    """

    layout: OrderedLayout | None
    undecided: bool = False
    reason: str = ""
    need: int | None = None


def try_transfers(
    request: LayoutRequest, ordered: OrderedLayout, besides: Besides, *, ruled_out: bool = False
) -> Attempt:
    """The layout whose spills and fetches move the fewest bytes, over the orders and sharings that are tried.

    A layout in which nothing leaves is taken first, and no other one if the request has `never` for transfers. Both
    `auto` and `never` make the same search, so that they have the same plan where no buffer has to leave.

    Args:
        request: that does not fit otherwise.
        ordered: its layout in one memory.
        besides: what memories hold besides buffers.
        ruled_out: it is known that nothing fits. Then only the operator that needs too much is looked for.

    Raises:
        KeyboardInterrupt: Ctrl-C came before there was a layout, or the request does not ask to keep it.
    """
    may_leave = request.options.transfers != Transfers.NEVER and find_behind(request.target) is not None
    away = find_source(request.graph, request.target, besides.stored)
    if away is None or ordered.stopped:
        return Attempt(None)
    if not may_leave and _needs_more(request, ordered):
        return Attempt(None)
    if len({entry.subgraph for entry in request.graph.entries}) < len(request.graph.entries):
        return Attempt(None, undecided=True)  # a subgraph that runs twice has its inputs twice
    trial = _Trial(request, ordered, away)
    try:
        trial.run(besides, ruled_out=ruled_out)
    except KeyboardInterrupt:
        if not request.keep or trial.best is None:
            raise
        trial.stopped = True
    if trial.best is not None and (may_leave or not trial.moved):
        return Attempt(replace(trial.best, stopped=trial.stopped))
    need = trial.need if trial.reason else None
    if not may_leave:
        return Attempt(None, need=need)
    # Buffers with gaps count as a whole, and few orders are tried: that these have no transfers proves nothing.
    return Attempt(None, not trial.reason, trial.reason, need)


def _needs_more(request: LayoutRequest, ordered: OrderedLayout) -> bool:
    """Whether the buffers need more than the scratchpad has in every order, if none leaves it."""
    scratchpad = request.target.scratchpad
    room = room_for_buffers(scratchpad, request.taken.get(scratchpad.name, 0))
    return room is not None and ordered.order.lower_bound > room


@dataclass
class _Trial:
    """The best layout so far, and the cases that were tried.

    Fields:
        best: its layout.
        case: of that layout, with the constants that stay.
        least: the bytes of its transfers and of the constants that it streams.
        tried: all cases without a search, in turn.
        solved: all cases with transfers, and these.
        stopped: Ctrl-C ended the trial.
        reason: a line on the operator that needs more than the scratchpad has; empty where there is none.
        need: the bytes of that operator.
    """

    request: LayoutRequest
    ordered: OrderedLayout
    away: Memory
    best: OrderedLayout | None = None
    case: Case | None = None
    least: int = 0
    tried: list[Case] = field(default_factory=list)
    solved: list[tuple[Case, FixedOrderAnswer]] = field(default_factory=list)
    stopped: bool = False
    reason: str = ""
    need: int = 0

    def run(self, besides: Besides, *, ruled_out: bool) -> None:
        """Try all cases, the orders of a search, and constants that stay."""
        for case in find_cases(self.request, self.ordered, besides, self.away):
            self.tried.append(case)
            if len(self.tried) == 1:
                self.reason = why_too_small(self.request, case)
                if self.reason:
                    self.need = largest_need(self.request, case)
                    return  # which holds for every case
                if ruled_out:
                    return
            self._keep_better(case, solve(self.request, case))
            if self._still and not (case.streamed and has_few(case)):
                break
        if not self.tried:
            return
        searched = None
        if not self._still:
            searched = search_cases(self.request, self.ordered, besides, self.away, self.tried[0])
            self.stopped = searched.stopped
            if searched.solved is not None:
                self._keep_better(*searched.solved)
        if self.best is not None and not self.stopped:
            self._keep_constants()
        if searched is not None and self.case is not None:
            self._set_bound(bound_for(self.request, self.case, searched))

    @property
    def _still(self) -> list[tuple[Case, FixedOrderAnswer]]:
        """The solved cases in which no buffer leaves."""
        return [(case, answer) for case, answer in self.solved if not answer.cost]

    @property
    def moved(self) -> int:
        """The bytes of the transfers of the best layout."""
        assert self.best is not None
        assert self.best.travel is not None
        return self.best.travel.transfers.moved

    def _keep_better(self, case: Case, answer: FixedOrderAnswer | None) -> None:
        """Take the layout of a case where its answer moves fewer bytes."""
        if answer is not None:
            self.solved.append((case, answer))
            if self.best is None or answer.cost + case.streamed < self.least:
                self._take(case, answer)

    def _take(self, case: Case, answer: FixedOrderAnswer) -> None:
        """Take the layout of an answer, unless the memory behind has no room for what is away."""
        layout = laid_out(self.request, self.ordered, case, answer, self.away)
        if layout is not None:
            self.best, self.case, self.least = layout, case, answer.cost + case.streamed

    def _keep_constants(self) -> None:
        """Take the layout that moves the fewest bytes of transfers and streamed constants together.

        Where there are few constants, all cases compete. Otherwise it is the first with the fewest transfers. Where a
        layout without transfers is known, no constant stays for which a buffer would have to leave.
        """
        nodes = min(DEFAULT_NODES, self.request.options.nodes)
        solved = self.solved
        if self._still and self.request.options.transfers != Transfers.REQUIRED:
            solved = [(case.without_absences, answer) for case, answer in self._still]
            self._take(*min(solved, key=lambda pair: pair[0].streamed))
        few = has_few(solved[0][0])
        for case, answer in solved if few else [min(solved, key=lambda pair: pair[1].cost)]:
            kept, found = keep_constants(case, answer, nodes=nodes)
            if found.cost + kept.streamed < self.least:
                # What is proved of transfers where all constants are streamed also holds where some stay.
                self._take(kept, replace(found, lower_bound=answer.lower_bound))

    def _set_bound(self, bound: int) -> None:
        """Give the best layout a bound on the bytes that the transfers of all orders move."""
        assert self.best is not None
        travel = self.best.travel
        assert travel is not None
        known, bound = travel.transfers, min(bound, self.moved)
        transfers = replace(known, lower_bound=max(known.lower_bound, bound), any_order=bound)
        self.best = replace(self.best, travel=replace(travel, transfers=transfers))
