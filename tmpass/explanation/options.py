"""Tries options that may lower the peak, by planning with them."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tmpass.api.plan import plan
from tmpass.base.choices import Io, OrderMethod, Share
from tmpass.base.errors import TmpassError, VerificationError
from tmpass.base.record import record
from tmpass.explanation.facts import Change, Explanation
from tmpass.graph.model import Graph
from tmpass.loading.load import Model
from tmpass.planning.sharing.tied_writes import may_be_tied
from tmpass.plans.plan import Plan
from tmpass.targets import EVERY, Sharing, Target

_MOST_TIES = 4
"""The number of pairs of an output and an input that are tried."""


@record
class Trial:
    """A change to try: the option to type, its meaning, and the arguments of `tmpass.plan`."""

    option: str
    what: str
    arguments: Mapping[str, Any]


def trials(plan: Plan, graph: Graph, target: Target) -> Iterator[Trial]:
    """Changes that may lower the peak: options to add or leave out, and last a target that lets all share."""
    options = plan.options
    if options.io != Io.EXTERNAL and not target.runtime.io_inside and not options.tie:
        what = "the caller brings the memory for inputs and outputs"
        yield Trial("--io external", what, {"io": Io.EXTERNAL})
    if options.schedule in (OrderMethod.GIVEN, OrderMethod.TOPOLOGICAL):
        what = "the operators in the order with the lowest peak step"
        yield Trial("--schedule least-peak", what, {"schedule": OrderMethod.LEAST_PEAK})
    if options.keep_inputs:
        yield Trial("without --keep-inputs", "inputs end at their last use", {"keep_inputs": False})
    if options.share != Share.AUTO:
        yield Trial("--share auto", "all sharing that the target allows", {"share": Share.AUTO})
    if not options.inplace:
        yield Trial("without --no-inplace", "operators write over inputs that end there", {"inplace": True})
    if not options.share_io:
        yield Trial("--share-io", "inputs and outputs share storage as others do", {"share_io": True})
    for output, given in _ties(plan, graph):
        what = f"output {output!r} lies where input {given!r} is, if the caller lets the run write over it"
        yield Trial(f"--tie {shlex.quote(f'{output}={given}')}", what, {"tie": {**options.tie, output: given}})
    free = Sharing((EVERY,), (EVERY,), (EVERY,))
    if (target.sharing.views, target.sharing.in_place, target.sharing.parts) != ((EVERY,),) * 3:
        what = f"if the runtime let all operators share, which [sharing] of {target.name} does not allow"
        yield Trial("", what, {"target": replace(target, sharing=free), "share": Share.AUTO, "inplace": True})


def _ties(plan: Plan, graph: Graph) -> Iterator[tuple[str, str]]:
    """Pairs of output and input names that may share storage, such as a state before and after."""
    if plan.options.keep_inputs or plan.options.io == Io.EXTERNAL:
        return
    found = 0
    for entry in graph.entries:
        subgraph = graph.subgraphs[entry.subgraph]
        given = {t: name for name, t in entry.inputs.items() if t in subgraph.inputs}
        made = {t: name for name, t in entry.outputs.items() if t in subgraph.outputs}
        tied = {*plan.options.tie, *plan.options.tie.values()}
        for op in subgraph.ops:
            for source, result in may_be_tied(op, subgraph, Sharing()):
                ends = made.get(result, ""), given.get(source, "")
                if all(ends) and tied.isdisjoint(ends) and found < _MOST_TIES:
                    found += 1
                    tied.update(ends)
                    yield ends


def try_options(
    known: Explanation, model: Model, graph: Graph, target: Target, options: Mapping[str, Any]
) -> list[tuple[Trial, Change | None]]:
    """Each trial with its change of the deciding memory's peak; None where it does not lower it."""
    return [(trial, _try(trial, known, model, target, options)) for trial in trials(known.plan, graph, target)]


def together(
    tried: Sequence[tuple[Trial, Change | None]],
    known: Explanation,
    model: Model,
    target: Target,
    options: Mapping[str, Any],
) -> Change | None:
    """The options of `tried` together, without those that add nothing; None where one alone is as good."""
    chosen = [trial for trial, _ in tried if trial.option]
    if any("io" in trial.arguments for trial in chosen):
        chosen = [trial for trial in chosen if "tie" not in trial.arguments]  # a tie needs both ends in the arena
    best = min((change.peak for trial, change in tried if change and trial.option), default=known.peak_step.memory.peak)

    def at_once(some: Sequence[Trial]) -> Change | None:
        arguments = {name: value for trial in some for name, value in trial.arguments.items()}
        ties = [trial.arguments["tie"] for trial in some if "tie" in trial.arguments]
        arguments |= {"tie": {output: given for tie in ties for output, given in tie.items()}} if ties else {}
        option = ", ".join(trial.option for trial in some)
        return _try(Trial(option, "these options together", arguments), known, model, target, options)

    found = at_once(chosen) if len(chosen) > 1 else None
    if found is None or found.peak >= best:
        return None
    for trial in chosen if len(chosen) > 2 else ():
        fewer = [other for other in chosen if other != trial]
        change = at_once(fewer)
        if change is not None and change.peak <= found.peak:
            chosen, found = fewer, change
    return found


def _try(trial: Trial, known: Explanation, model: Model, target: Target, options: Mapping[str, Any]) -> Change | None:
    """The change that `trial` makes; None where it does not lower the peak, or is not possible."""
    memory = known.peak_step.memory
    try:
        made = plan(model, **{"target": target, **options, **trial.arguments, "keep": False})
    except VerificationError:  # a fault of tmpass, which must be seen
        raise
    except TmpassError:
        return None
    filled = made.memory(memory.name)
    peak = filled.peak if filled else 0
    if peak >= memory.peak:
        return None
    proved = not made.unknown_tensors and (filled is None or filled.peak == filled.lower_bound)
    return Change(trial.option, trial.what, peak, memory.peak - peak, made.fits, proved)
