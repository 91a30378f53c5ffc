"""Explains the peak of a model, and tries the changes that would lower it: every change was planned.

model ── plan ──> Plan ──┬── buffers alive at the peak step, and why
                         ├── buffers that cannot fit together
                         ├── plans with other options, or with one tensor outside ──> changes
                         └── bounds with tensors tiled, tensors to rematerialise ──> hints
"""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tmpass.api.arguments import budget_of, target_of
from tmpass.api.option_names import check_names
from tmpass.api.plan import plan
from tmpass.base import interrupts
from tmpass.base.choices import Objective, Transfers
from tmpass.explanation.alive import alive_at_peak, count_peak_steps, steps_over
from tmpass.explanation.capacity_curve import curve_of
from tmpass.explanation.conflict import with_conflict
from tmpass.explanation.constants import with_constants
from tmpass.explanation.facts import Explanation
from tmpass.explanation.find_runtime import with_runtime
from tmpass.explanation.hints import find_rematerialisable, find_tilings
from tmpass.explanation.least_budget import with_least_budget
from tmpass.explanation.options import together, try_options
from tmpass.explanation.outside import one_outside
from tmpass.explanation.quantized import as_int8
from tmpass.graph.binding import bind
from tmpass.graph.model import Graph
from tmpass.loading.load import Model, load_to_plan
from tmpass.planning.residency.divide_layout import divided_among
from tmpass.planning.residency.transfers.behind import may_travel
from tmpass.plans.peak_step import deciding_memory, find_peak_step
from tmpass.plans.plan import STOPPED, Plan
from tmpass.targets import Target

if TYPE_CHECKING:
    from tmpass.api.split_offer import NoSplit, SplitFault, SplitOffer


def explain(
    model: object, target: str | os.PathLike[str] | Target | None = None, *, curve: bool = False, **options: Any
) -> Explanation:
    """Plan `model`, and explain its peak.

    Args:
        model: as for `tmpass.plan`, or a loaded Model.
        target: as for `tmpass.plan`.
        curve: whether to find out what the plan costs against the size of the scratchpad.
        options: the options of `tmpass.plan`; with `keep`, Ctrl-C ends the search, and what is known is returned.

    Returns:
        The plan, the buffers alive at its peak step, a conflict, changes that lower the peak, and hints.

    Raises:
        TmpassError: as `tmpass.plan` does.
        TypeError: an option is not one of `tmpass.plan`.
    """
    check_names("explain", options)
    target_of(target)  # its error says where model and target are swapped
    if options.get("budget") is not None:
        options["budget"] = budget_of(options["budget"])  # many plans have it, and one warning is enough
    loaded = model if isinstance(model, Model) else load_to_plan(model, options.get("bind") or {})
    made = plan(loaded, target, **options)
    # What keeps the peak high is asked of the plan in which nothing leaves; so are all changes.
    options = {**options, "transfers": Transfers.NEVER, "objective": Objective.BYTES}
    graph = bind(loaded.graph, made.options.bind, allow_unplanned=made.options.allow_unplanned)
    asked, travels = made, None
    if made.transfers is not None:
        from tmpass.explanation.travels import find_travels  # which few plans need

        travels, made = find_travels(made, graph), plan(loaded, target, **options)
    peak_step = find_peak_step(made, deciding_memory(made))
    alive = alive_at_peak(made, graph, peak_step)
    known = Explanation(
        made,
        peak_step,
        alive,
        one_operator=bool(alive) and all(one.here for one in alive),
        peak_steps=count_peak_steps(made, peak_step),
        over=steps_over(made, peak_step.memory),
        travels=travels,
        may_travel=may_travel(graph, target_of(target), asked.options.transfers),
        elsewhere=_elsewhere(graph, target_of(target), peak_step.memory.name),
    )
    known = with_runtime(known, graph, target_of(target))
    if STOPPED in made.warnings:
        return replace(known, stopped=True)
    if curve:
        known = replace(known, curve=curve_of(asked, loaded, target))
    steps = _refine(known, loaded, graph, target, options)
    try:
        with interrupts.caught() if options.get("keep") else nullcontext():
            for known in steps:  # noqa: B007  # the last one has everything
                pass
    except KeyboardInterrupt:
        if not options.get("keep"):
            raise
        known = replace(known, stopped=True)
    return known if known.stopped else replace(known, split=_offer(model, asked, target))


def _elsewhere(graph: Graph, target: Target, name: str) -> str:
    """A memory besides `name` in which its buffers may be; empty if there is none."""
    able = divided_among(graph, target)
    return next((other for other in able if other != name), "") if name in able else ""


def _offer(
    model: object, made: Plan, target: str | os.PathLike[str] | Target | None
) -> "SplitOffer | SplitFault | NoSplit | None":
    """The split with which a model fits, or the reason why none is offered."""
    if made.fits:
        return None
    from tmpass.api.split_offer import offer_split  # which few explanations need

    return offer_split(model, made, target_of(target).override(made.options.budget, made.options.alignment))


def _refine(
    known: Explanation,
    loaded: Model,
    graph: Graph,
    target: str | os.PathLike[str] | Target | None,
    options: dict[str, Any],
) -> Iterator[Explanation]:
    """`known` with constants and hints, then with a conflict, with changes, and with all options together."""
    known = with_constants(known)
    if not known.peak_step.memory.peak:
        yield known  # without buffers, no way to plan needs less
        return
    known = with_least_budget(known, loaded, graph, target_of(target), options)
    yield known
    if known.only_preparation:
        yield _with_what_fits(known, loaded, graph, target_of(target), options)
        return
    if not known.preparation_decides:  # then a smaller peak makes the arena smaller
        hints = find_tilings(known, graph), find_rematerialisable(known, graph)
        known = replace(known, tilings=hints[0], rematerialisations=hints[1])
    yield known
    known = with_conflict(known)
    yield known
    profile = target_of(target)
    known = replace(known, quantized=as_int8(known, loaded, profile, options))
    yield known
    tried = try_options(known, loaded, graph, profile, options)
    with_option = [change for trial, change in tried if change is not None and trial.option]
    least = min((change.peak for change in with_option), default=known.peak_step.memory.peak)
    # A change without an option is listed only where it saves more than every option.
    without_option = [change for trial, change in tried if change is not None and not trial.option]
    changes = with_option + [change for change in without_option if change.peak < least] + one_outside(known)
    known = replace(
        known,
        changes=tuple(sorted(changes, key=lambda change: (change.peak, not change.option))),
        without_effect=tuple(trial.option for trial, change in tried if change is None and trial.option),
    )
    yield known
    yield replace(known, together=together(tried, known, loaded, profile, options))


def _with_what_fits(
    known: Explanation, loaded: Model, graph: Graph, target: Target, options: dict[str, Any]
) -> Explanation:
    """`known` with the changes with which the model fits: a lower peak alone does not help to prepare it."""
    tried = try_options(known, loaded, graph, target, options)
    fitting = (change for _, change in tried if change is not None and change.fits)
    return replace(known, changes=tuple(sorted(fitting, key=lambda change: (change.peak, not change.option))))
