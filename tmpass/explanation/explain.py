"""Why a model takes the memory that it takes, and what would lower it: each change is tried before it is named.

model ── plan ──> Plan ──┬── who is alive at the fullest step, and why
                         ├── the buffers that cannot fit together
                         ├── plan again with another option, or with one tensor outside ──> changes
                         └── bounds with a tensor in pieces, tensors that could be made again ──> hints
"""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from tmpass.api.plan import plan
from tmpass.base import interrupts
from tmpass.explanation.alive import steps_as_full, steps_over, who_is_alive
from tmpass.explanation.conflict import with_conflict
from tmpass.explanation.facts import Explanation
from tmpass.explanation.hints import make_again, split
from tmpass.explanation.options import together, try_options
from tmpass.explanation.outside import one_outside
from tmpass.graph.binding import bind
from tmpass.graph.model import Graph
from tmpass.loading.load import Model, load_to_plan
from tmpass.plans.peak_step import deciding_memory, find_peak_step
from tmpass.plans.plan import STOPPED
from tmpass.targets import Target, load_target


def explain(model: object, target: str | os.PathLike[str] | Target = "pixel6-tpu", **options: Any) -> Explanation:
    """What decides the peak of `model`, planned for `target` with the `options` of `tmpass.plan`.

    With the option `keep` Ctrl-C ends it with what is known by then.

    Raises:
        TmpassError: as `tmpass.plan` does.
    """
    loaded = model if isinstance(model, Model) else load_to_plan(model, options.get("bind") or {})
    made = plan(loaded, target, **options)
    graph = bind(loaded.graph, made.options.bind, allow_unplanned=made.options.allow_unplanned)
    full = find_peak_step(made, deciding_memory(made))
    alive = who_is_alive(made, graph, full)
    alone = bool(alive) and all(one.here for one in alive)
    as_full = steps_as_full(made, full)
    known = Explanation(made, full, alive, alone, as_full, over=steps_over(made, full.memory))
    if STOPPED in made.warnings:
        return replace(known, stopped=True)
    steps = _look_further(known, loaded, graph, target, options)
    try:
        with interrupts.caught() if options.get("keep") else nullcontext():
            for known in steps:  # noqa: B007  # the last one has all
                pass
    except KeyboardInterrupt:
        if not options.get("keep"):
            raise
        known = replace(known, stopped=True)
    return known


def _look_further(
    known: Explanation,
    loaded: Model,
    graph: Graph,
    target: str | os.PathLike[str] | Target,
    options: dict[str, Any],
) -> Iterator[Explanation]:
    """`known` with more and more."""
    known = replace(known, splits=split(known, graph), again=make_again(known, graph))
    yield known
    known = with_conflict(known)
    yield known
    profile = target if isinstance(target, Target) else load_target(os.fspath(target))
    tried = try_options(known, loaded, graph, profile, options)
    asked = [change for trial, change in tried if change is not None and trial.option]
    least = min((change.peak for change in asked), default=known.full.memory.peak)
    # What no option can do is worth a line only where it does more.
    unasked = [change for trial, change in tried if change is not None and not trial.option]
    changes = asked + [change for change in unasked if change.peak < least] + one_outside(known)
    known = replace(
        known,
        changes=tuple(sorted(changes, key=lambda change: (change.peak, not change.option))),
        useless=tuple(trial.option for trial, change in tried if change is None and trial.option),
    )
    yield known
    yield replace(known, together=together(tried, known, loaded, profile, options))
