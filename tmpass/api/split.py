"""Splits a model so that it needs less memory, plans it, and proves that it computes the same."""

import os
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import cast

from tmpass.api.arguments import budget_of, target_of
from tmpass.api.plan import plan
from tmpass.api.verify_split import verify_split
from tmpass.base.choices import Int8, Status, Transfers
from tmpass.base.errors import UsageError, VerificationError, brief
from tmpass.base.record import record
from tmpass.graph.binding import check_bindings
from tmpass.graph.macs import count_macs
from tmpass.loading.carrier import Carrier, open_carrier
from tmpass.loading.contract import SplittingFrontend
from tmpass.planning.residency.divide_layout import takes_elsewhere
from tmpass.planning.residency.overhead import stored_shortfall
from tmpass.plans.plan import Plan
from tmpass.splitting.least_bytes import BUILT, LeastBytes, least_bytes
from tmpass.splitting.levels import NARROW, NARROW_TIME, least, levels, trade_offs, within
from tmpass.splitting.limit import Limit
from tmpass.splitting.note import write_note
from tmpass.splitting.open_net import Opened, open_net
from tmpass.splitting.prices import Prices
from tmpass.splitting.search import Found, Search, silent
from tmpass.splitting.stage import Stage
from tmpass.targets import Target, load_target
from tmpass.targets.runtime import SPLIT_FOR
from tmpass.targets.target import BUDGET


@record
class SplitStage:
    """Operators that run in parts.

    Fields:
        first, last: names of operators.
        operators: how many they are.
        along: "rows", "columns" or "channels".
        parts: in how many parts they run.
    """

    first: str
    last: str
    operators: int
    along: str
    parts: int


@record
class Split:
    """A model, split.

    Fields:
        data: its file, without a plan; the original's where no split needs fewer bytes.
        plan: of that file, verified.
        before: the plan of the original.
        stages: what runs in parts.
        folded: how many operators were folded into others.
        macs: multiply-accumulate operations, and those of the original.
        slowdown: additional time of a run, estimated, as a part of the original's; None where the times of the
            runtime's kernels are not known.
        operators: how many there are, and how many the original has.
        bound: where the capacity cannot be reached, the fewest bytes, as a budget counts them, that any choice of
            stages needs at least, and the operator that decides it; None elsewhere.
        searched: whether splits were searched for: not where the constants do not fit their memory.
        bindings: numbers for open dimensions, which are written into `data`.
    """

    data: bytes = field(repr=False)
    plan: Plan
    before: Plan
    stages: tuple[SplitStage, ...]
    folded: int
    macs: tuple[int, int]
    slowdown: float | None
    operators: tuple[int, int]
    bound: LeastBytes | None = None
    searched: bool = True
    bindings: Mapping[str, int] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether operators were split or folded."""
        return bool(self.stages or self.folded)

    @property
    def floats(self) -> bool:
        """Whether the original has tensors of floats."""
        return any(row.dtype.startswith(("float", "bfloat")) for row in self.before.tensors)

    @property
    def needed(self) -> tuple[int, int]:
        """The bytes of the scratchpad without the reserve, as a budget counts them, and those of the original."""
        return self.plan.memories[0].without_reserve, self.before.memories[0].without_reserve

    @property
    def fits(self) -> bool:
        """Whether the split model fits the target."""
        return self.plan.fits

    @property
    def status(self) -> Status:
        """What is proved: that of the plan where it fits, else `infeasible` only if no choice of equal parts fits.

        A plan of one split proves nothing of other splits. So without a bound above the room, it is `unknown`.
        """
        memory = self.plan.memories[0]
        if self.fits:
            return Status(self.plan.status)
        if self.plan.refused or not self.searched:
            return Status.INFEASIBLE
        room = 0 if memory.capacity is None else memory.capacity - memory.reserve
        proved = memory.capacity is not None and self.bound is not None and self.bound.bytes > room
        return Status.INFEASIBLE if proved else Status.UNKNOWN


_TRIED = 4
"""The most splits that are planned with full effort where one has to fit."""

MOST_MACS = 1.0
"""The part of additional multiply-accumulate operations that a split may have where a budget is given."""


@record
class TradeOff:
    """A split that the frontier lists.

    Fields:
        needed: bytes of the scratchpad without the reserve, as a budget counts them.
        macs: multiply-accumulate operations.
        slowdown: additional time of a run, estimated, as a part of the original's; None where it is not known.
        operators: how many there are.
        stages: what runs in parts.
    """

    needed: int
    macs: int
    slowdown: float | None
    operators: int
    stages: tuple[SplitStage, ...]


def split(
    model: object,
    target: str | os.PathLike[str] | Target | None = None,
    *,
    bind: Mapping[str, int] | None = None,
    budget: int | str | None = None,
    max_macs: float | None = None,
    max_slowdown: float | None = None,
    threads: int = 1,
    told: Callable[[str], None] | None = None,
) -> Split:
    """Split operators of a model so that it needs fewer bytes, with outputs that are equal bit for bit.

    Args:
        model: a path, the bytes of a file, or a model in memory.
        target: a Target, the name of a built-in profile, or the path of a profile's TOML. None is tflm for a model that
            TensorFlow Lite Micro reads, and for others the target that `plan` assumes.
        bind: numbers for symbolic dimensions of an ONNX model, such as {"batch": 1}. The split model has them as fixed
            sizes.
        budget: capacity of the scratchpad instead of the target's. With a capacity, the split that fits with the least
            work is searched for; without, the split that needs the fewest bytes.
        max_macs: additional multiply-accumulate operations, as a part of the original's; 0.05 without a capacity.
        max_slowdown: additional time of a run, as a part of the original's, as it is estimated where the times of the
            runtime's kernels are known; 0.07 without a capacity, and any time with one.
        threads: number of search threads. The split does not depend on it.
        told: is called with lines that say what the search does.

    Returns:
        The split model with its plan. Where the capacity cannot be reached, the split with the fewest bytes.

    Raises:
        UsageError: an option is wrong, or models of this format cannot be split.
        TargetError: the target is unknown or wrong.
        ModelError: the model cannot be read or split.
        VerificationError: tmpass made a wrong split or plan, which it does not return.
    """
    if target is not None:
        target_of(target)  # its error says where model and target are swapped
    carrier = open_carrier(model)
    profile = _target(target, carrier)
    if budget is not None:
        profile = profile.override(budget_of(budget), None)
    room = profile.scratchpad.capacity
    opened = open_net(carrier, profile, check_bindings({} if bind is None else bind))
    search = Search(opened.net, profile, told or silent, threads)
    limits = _limits(search, max_macs, max_slowdown, free=room is not None)
    before = _planned(opened.model, profile, threads)
    unsearched = _unsearched(opened, before, search, profile)
    if unsearched is not None:
        return unsearched
    if room is not None:
        if before.fits:
            return _unchanged(opened, before, search)
        one = _fitting(opened, before, search, profile, limits)
        if one is not None:
            return one
    made = _least(opened, before, search, profile, limits)
    if not made.plan.memories[0].shortfall:  # of a memory behind the scratchpad, the bound says nothing
        return made
    return replace(made, bound=_bound(search, limits[-1], made.needed[0]))


def _unsearched(opened: Opened, before: Plan, search: Search, target: Target) -> Split | None:
    if before.refused:  # the runtime does not run parts of these operators either
        return _unchanged(opened, before, search)
    if _too_large_to_store(opened, before, search, target):
        return replace(_unchanged(opened, before, search), searched=False)
    return None


def _too_large_to_store(opened: Opened, before: Plan, search: Search, target: Target) -> bool:
    """Whether the home of the constants has no room for them in any split.

    Proof: the parts of a constant have all its bytes, and a file with more parts is larger. Rewriting a file
    without any part can make it smaller than the original. So the rewritten file is judged, not the original.
    """
    if not stored_shortfall(before):
        return False
    assert search.whole is not None
    frontend = cast(SplittingFrontend, opened.carrier.frontend)
    data = frontend.write_draft(opened.data, search.net.graph, search.whole.draft, None)
    return stored_shortfall(_planned(data, target, search.threads)) > 0


def _fitting(opened: Opened, before: Plan, search: Search, target: Target, limits: tuple[Limit, ...]) -> Split | None:
    """The split with the least work that fits; None where none is found.

    The search plans with less effort than `plan`, whose plan decides: it may need more, and the next split is tried.
    """
    assert target.scratchpad.capacity is not None
    room, tried = target.scratchpad.capacity - target.scratchpad.reserve, list[tuple[Stage, ...]]()
    while len(tried) < _TRIED:
        found = within(search, room, limits, tried)
        if found is None:
            break
        if found.stages or opened.folded:
            made = _finished(opened, found, before, search, target)
            if made.fits:
                return made
        tried.append(found.stages)
    return None


def _least(opened: Opened, before: Plan, search: Search, target: Target, limits: tuple[Limit, ...]) -> Split:
    """The split with the fewest bytes; the original where none has fewer."""
    found = least(search, limits)
    if not found.stages and not opened.folded:
        return _unchanged(opened, before, search)
    made = _finished(opened, found, before, search, target)
    if made.plan.memories[0].needed >= before.memories[0].needed:
        return _unchanged(opened, before, search)
    return made


def _bound(search: Search, limit: Limit, known: int, built: int = BUILT) -> LeastBytes | None:
    """A lower bound on the bytes of any choice of stages; None where it would not hold.

    It is not for floats that are planned as integers. Where buffers may be outside of the scratchpad, it is what the
    runtime keeps beside them.

    Args:
        search: of the model.
        limit: the widest on additional work.
        known: the bytes of a split.
        built: the most stages that are built for it.
    """
    if search.target.int8 is Int8.NATIVE:
        return None
    prices = Prices(search.net, search.target, padded=False)
    if takes_elsewhere(search.target):
        return LeastBytes(prices.tail, "") if search.target.runtime.tail else None
    assert search.whole is not None
    # Parts of an operator have smaller constants, of which there may be fewer bytes, and smaller copies.
    first = search.whole.plan.memories[0]
    own = search.base - first.loaded - first.constants
    base = prices.tail if search.target.runtime.tail else own
    found = least_bytes(search.net, prices, search.target, limit, known - base, built=built)
    return replace(found, bytes=found.bytes + base)


def quick_split(model: object, target: Target, bindings: Mapping[str, int]) -> Split | LeastBytes | None:
    """The split that fits `target` with little work, by a fourth of the usual budgets.

    It is not searched for where a bound that takes milliseconds is above the capacity: that is returned in its place.
    None where no split is found. It raises what `split` raises.
    """
    if target.scratchpad.capacity is None:
        return None
    room = target.scratchpad.capacity - target.scratchpad.reserve
    opened = open_net(open_carrier(model), target, bindings)
    search = Search(opened.net, target, silent, part=4)
    limits = levels(search, MOST_MACS, None)
    assert search.whole is not None
    bound = _bound(search, limits[-1], search.whole.needed, built=0)
    if bound is not None and bound.bytes > room:
        return bound
    found = within(search, room, limits)
    if found is None or not (found.stages or opened.folded):
        return None
    return _finished(opened, found, found.plan, search, target)


def split_frontier(
    model: object,
    target: str | os.PathLike[str] | Target | None = None,
    *,
    bind: Mapping[str, int] | None = None,
    max_macs: float | None = None,
    max_slowdown: float | None = None,
    threads: int = 1,
    told: Callable[[str], None] | None = None,
) -> tuple[TradeOff, ...]:
    """The trade-offs of bytes against work: splits that are planned and proved, but not returned.

    Each is what `split` finds with the least work for a budget, and needs fewer bytes than all with less work. There
    are at most 26: the unsplit model, the one with the fewest bytes, and those for 24 budgets between them. It is the
    unsplit model alone where no split fits: its constants do not, or the runtime does not run it.

    Args and errors are those of `split`.
    """
    found = frontier_or_unsplit(
        model, target, bind=bind, max_macs=max_macs, max_slowdown=max_slowdown, threads=threads, told=told
    )
    return (_trade_off(found),) if isinstance(found, Split) else found


def frontier_or_unsplit(
    model: object,
    target: str | os.PathLike[str] | Target | None,
    *,
    bind: Mapping[str, int] | None,
    max_macs: float | None,
    max_slowdown: float | None,
    threads: int,
    told: Callable[[str], None] | None,
) -> tuple[TradeOff, ...] | Split:
    """The trade-offs of `split_frontier`; the model unsplit where no split is searched for.

    Args and errors are those of `split`.
    """
    carrier = open_carrier(model)
    profile = _target(target, carrier)
    opened = open_net(carrier, profile, check_bindings({} if bind is None else bind))
    search = Search(opened.net, profile, told or silent, threads)
    before = _planned(opened.model, profile, threads)
    unsearched = _unsearched(opened, before, search, profile)
    if unsearched is not None:
        return unsearched
    limits = _limits(search, max_macs, max_slowdown, free=True)
    kept: list[TradeOff] = []
    for found in trade_offs(search, limits):
        made = _finished(opened, found, before, search, profile) if found.stages else _unchanged(opened, before, search)
        if not kept or made.needed[0] < kept[-1].needed:
            kept.append(_trade_off(made))
    return tuple(kept)


def _trade_off(made: Split) -> TradeOff:
    return TradeOff(made.needed[0], made.macs[0], made.slowdown, made.operators[0], made.stages)


def _target(asked: object, carrier: Carrier) -> Target:
    """The target of a split; without one, `SPLIT_FOR` where it reads the format of the model."""
    if asked is None and carrier.frontend.NAME in load_target(SPLIT_FOR).runtime.reads:
        return load_target(SPLIT_FOR)
    return target_of(asked)


def _limits(search: Search, max_macs: object, max_slowdown: object, *, free: bool) -> tuple[Limit, ...]:
    """The limits on additional work; where it is `free`, they are wide by default."""
    time = None if max_slowdown is None else _part("max_slowdown", max_slowdown)
    if time is not None and not search.prices.known:
        what = f"max_slowdown is given, but the times of the kernels of {search.target.name} are not known"
        raise UsageError(what, hint="limit the work by max_macs")
    macs = (MOST_MACS if free else NARROW) if max_macs is None else _part("max_macs", max_macs)
    return levels(search, macs, NARROW_TIME if time is None and not free else time)


def _part(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise UsageError(f"{name} is {brief(value)}", hint="give a part of the original's, such as 0.05")
    return float(value)


def _macs(opened: Opened) -> int:
    """The multiply-accumulate operations of the original, before its padding was folded."""
    main = opened.model.graph.subgraphs[0]
    return sum(count_macs(main, op) for op in main.ops)


def _unchanged(opened: Opened, before: Plan, search: Search) -> Split:
    macs = _macs(opened)
    operators = len(opened.model.graph.subgraphs[0].ops) if opened.model.graph.subgraphs else 0
    return Split(
        opened.carrier.data,
        before,
        before,
        (),
        0,
        (macs, macs),
        _slowdown(search, search.prices.time),
        (operators, operators),
        bindings=opened.bindings,
    )


def _finished(opened: Opened, found: Found, before: Plan, search: Search, target: Target) -> Split:
    """The split model of a search, written, planned and proved."""
    data = _written(opened, found, search)
    return Split(
        data,
        _planned(data, target, search.threads),
        before,
        _stages(search, found),
        opened.folded,
        (found.macs, _macs(opened)),
        _slowdown(search, found.time),
        (len(found.draft.ops), len(opened.model.graph.subgraphs[0].ops)),
        bindings=opened.bindings,
    )


def _slowdown(search: Search, time: int) -> float | None:
    """The additional time of a run that takes `time`, as a part of the original's; None where times are not known."""
    return time / search.prices.time - 1 if search.prices.time else None


def _planned(model: object, target: Target, threads: int) -> Plan:
    """The plan of a model whose file is to hold it: a file has one place for each tensor, so none moves.

    A budget that overrides the capacity of `target` is among its options.
    """
    memory = target.scratchpad
    budget = memory.capacity if memory.sources.get("capacity") == BUDGET else None
    return plan(model, target, budget=budget, threads=threads, transfers=Transfers.NEVER)


def _written(opened: Opened, found: Found, search: Search) -> bytes:
    """The file of the split model of a search, proved."""
    net, carrier = search.net, opened.carrier
    note = write_note(net, found.stages, opened.folded, opened.original, opened.bindings)
    data = cast(SplittingFrontend, carrier.frontend).write_draft(opened.data, net.graph, found.draft, note)
    violations = verify_split(data, opened.original)
    if violations:
        raise VerificationError(
            f"tmpass made a wrong split: {violations[0].message}",
            violations=tuple(violations),
            where=carrier.name,
            hint="please report it with the model",
        )
    return data


def _stages(search: Search, found: Found) -> tuple[SplitStage, ...]:
    net = search.net
    return tuple(
        SplitStage(
            net.op(stage.first).name,
            net.op(stage.last).name,
            stage.last - stage.first + 1,
            str(stage.along),
            stage.parts,
        )
        for stage in found.stages
    )
