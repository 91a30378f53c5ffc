"""Verifies a plan of any origin."""

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from tmpass.api.arguments import bound_graph, check_loaded, held_against
from tmpass.api.verified_source import verified_source
from tmpass.base.errors import ModelError
from tmpass.base.violation import Violation
from tmpass.graph.binding import check_bindings
from tmpass.loading.load import Model, load
from tmpass.plans.given import check_given
from tmpass.plans.plan import Plan
from tmpass.targets import RUNTIMES, Target
from tmpass.verification.conformance import check_model, check_target, other_target
from tmpass.verification.integers import as_integers
from tmpass.verification.kernels import check_kernels
from tmpass.verification.overhead import check_tail
from tmpass.verification.plan import check_plan
from tmpass.verification.results import as_kept
from tmpass.verification.run_time.check import check_time

if TYPE_CHECKING:
    from tmpass.verification.trust import Proved, Trusted


def verify(
    plan: Plan, model: object, *, target: str | os.PathLike[str] | Target | None = None
) -> tuple[Violation, ...]:
    """The violations of `plan` as a plan for `model`; empty if it is right.

    Args:
        plan: of any origin.
        model: a path, the bytes of a file, a model in memory, or a loaded Model. For a plan of `carried_plan`, the file
            that carries it or its original; a loaded Model, which has no bytes, only of the file that the plan is for.
        target: also check that the plan is for this target: its name, its memories with the plan's overrides, its
            runtime, its sharing and its scratch; and that the model's file has the name in the plan.

    Returns:
        The violations; first the one that the plan is for another target, where it is.

    Raises:
        UsageError: `plan` is not a Plan.
        UsageError, TargetError, ModelError: target or model cannot be read with the plan's options.
    """
    loaded = _loaded(plan, model)
    if mismatch := check_model(plan, loaded.info):
        return (_with_remedy(mismatch, plan, model),)
    try:
        graph = bound_graph(loaded.graph, plan.options, plan.target.runtime)
    except ModelError as error:
        raise error.within(loaded.info.file) from None
    profile = held_against(target, plan.options)
    names = as_integers(plan, graph)[0].held_in if profile is not None else {}
    found = check_plan(plan, graph, None if profile is None else profile.sharing)
    if profile is not None and not found:
        found = check_tail(plan, graph, profile)
    found = [*found, *check_target(plan, profile, loaded.info.file, names, graph)]
    if profile is not None:
        found += check_kernels(plan, profile, graph)
    if profile is not None and not found:
        found = check_time(plan, graph, profile)
    other = other_target(plan, profile)
    return tuple(found if other is None else [other, *found])


def _with_remedy(mismatch: Violation, plan: Plan, model: object) -> Violation:
    """`mismatch`, with what to give where `model` may be the counterpart of the file that `plan` is for."""
    if plan.model.carried is None or not isinstance(model, Model):
        return mismatch
    kind = "planned file" if plan.model.carried.front else "original"
    remedy = f"a loaded Model has no bytes to make the {kind} of: give the path or the bytes of the file"
    return replace(mismatch, message=f"{mismatch.message}; {remedy}")


def _loaded(plan: Plan, model: object) -> Model:
    """The model, read with the bindings of `plan`; a loaded one must have no others."""
    check_given(plan=plan)
    bindings = check_bindings(plan.options.bind)
    if not isinstance(model, Model):
        return load(verified_source(plan, model), bindings=bindings)
    check_loaded(model, bindings)
    return model


def claims(
    plan: Plan, model: object, *, target: str | os.PathLike[str] | Target | None = None
) -> "tuple[tuple[Proved, ...], tuple[Trusted, ...]]":
    """The claims of `plan` beyond what `verify` checks: what `proved` returns, and what `trusted` does.

    Raises:
        UsageError, TargetError, ModelError: target or model cannot be read as the plan's options say.
    """
    from tmpass.verification.trust import proved_again, taken_on_trust  # which planning has no use for

    loaded, profile = _loaded(plan, model), held_against(target, plan.options)
    if check_model(plan, loaded.info):
        return (), taken_on_trust(plan, profile)
    graph = as_integers(plan, bound_graph(loaded.graph, plan.options, plan.target.runtime))[0]
    graph = as_kept(graph, RUNTIMES[plan.target.runtime])
    again = proved_again(plan, graph, profile)
    known = {one.what for one in again}
    return again, tuple(one for one in taken_on_trust(plan, profile, len(graph.held_in)) if one.what not in known)


def trusted(
    plan: Plan, model: object = None, *, target: str | os.PathLike[str] | Target | None = None
) -> "tuple[Trusted, ...]":
    """The figures of a plan that `verify` with the same `target` cannot check, since neither model nor target has them.

    With `model`, what `proved` proves is left out.

    Raises:
        UsageError, TargetError, ModelError: target or model cannot be read as the plan's options say.
    """
    if model is not None:
        return claims(plan, model, target=target)[1]
    from tmpass.verification.trust import taken_on_trust

    return taken_on_trust(plan, held_against(target, plan.options))


def proved(plan: Plan, model: object, *, target: str | os.PathLike[str] | Target | None = None) -> "tuple[Proved, ...]":
    """The claims of `plan`, which breaks no law, that stand for a search and are proved without it, in about a second.

    Raises:
        UsageError, TargetError, ModelError: target or model cannot be read as the plan's options say.
    """
    return claims(plan, model, target=target)[0]
