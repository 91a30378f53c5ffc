"""From a plan back to the laws that it breaks."""

import os
from typing import TYPE_CHECKING

from tmpass.api.arguments import bound_graph, held_against
from tmpass.base.errors import ModelError
from tmpass.base.violation import Violation
from tmpass.graph.binding import check_bindings
from tmpass.loading.load import Model, load
from tmpass.plans.plan import Plan
from tmpass.targets import Target
from tmpass.verification.conformance import check_model, check_target
from tmpass.verification.integers import as_integers
from tmpass.verification.plan import check_plan

if TYPE_CHECKING:
    from tmpass.verification.trust import Proved, Trusted


def verify(
    plan: Plan, model: object, *, target: str | os.PathLike[str] | Target | None = None
) -> tuple[Violation, ...]:
    """The laws that `plan`, from wherever it comes, breaks as a plan for `model`; none if it is right.

    With `target`, the plan must also be one for that target by its name, for its memories, with the plan's own
    overrides, and share only what that target allows; and the model must have the file's name that the plan says.
    `trusted` says what is believed.

    Raises:
        UsageError, TargetError, ModelError: target or model cannot be read as the plan's options say.
    """
    bindings = check_bindings(plan.options.bind)
    loaded = model if isinstance(model, Model) else load(model, bindings=bindings)
    if stranger := check_model(plan, loaded.info):
        return (stranger,)
    try:
        graph = bound_graph(loaded.graph, plan.options, plan.target.runtime)
    except ModelError as error:
        raise error.within(loaded.info.file) from None
    profile = held_against(target, plan.options)
    names = as_integers(plan, graph)[0].held_in if profile is not None else {}
    found = check_plan(plan, graph, None if profile is None else profile.sharing)
    return (*found, *check_target(plan, profile, loaded.info.file, names))


def trusted(
    plan: Plan, model: object = None, *, target: str | os.PathLike[str] | Target | None = None
) -> "tuple[Trusted, ...]":
    """What `verify` with the same `target` believes of a plan that breaks no law: what neither model nor target says.

    With `model`, what `proved` proves is left out.

    Raises:
        UsageError, TargetError, ModelError: target or model cannot be read as the plan's options say.
    """
    from tmpass.verification.trust import taken_on_trust  # which planning has no use for

    known = set() if model is None else {one.what for one in proved(plan, model, target=target)}
    return tuple(one for one in taken_on_trust(plan, held_against(target, plan.options)) if one.what not in known)


def proved(plan: Plan, model: object, *, target: str | os.PathLike[str] | Target | None = None) -> "tuple[Proved, ...]":
    """The claims of `plan`, which breaks no law, that stand for a search and are proved without it, in about a second.

    Raises:
        UsageError, TargetError, ModelError: target or model cannot be read as the plan's options say.
    """
    from tmpass.verification.trust import proved_again

    loaded = model if isinstance(model, Model) else load(model, bindings=check_bindings(plan.options.bind))
    if check_model(plan, loaded.info):
        return ()
    graph = as_integers(plan, bound_graph(loaded.graph, plan.options, plan.target.runtime))[0]
    return proved_again(plan, graph, held_against(target, plan.options))
