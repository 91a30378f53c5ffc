"""Reads a plan for the target that a flag, the environment or the settings file names."""

from typing import TYPE_CHECKING

from tmpass.cli.files import read_plan

if TYPE_CHECKING:
    from tmpass.plans.plan import Plan


def read_for_target(path: str, target: str | None, named: str) -> "tuple[Plan, str | None]":
    """The plan in the file `path`, and `target`, or None in its place where the plan is for another.

    A model with a plan is read for the target: such a file lacks some facts of its own. A target that a flag gives
    stays, whatever the plan is for.

    Args:
        path: of the file.
        target: a name or the path of a profile; None if no target was given.
        named: what named the target; empty for a flag.

    Raises:
        UsageError, TargetError, ModelError: as `read_plan` and `target_of` do.
    """
    from tmpass.api.arguments import target_of
    from tmpass.api.carried import carried_plan
    from tmpass.loading.registry import names_model

    if target is None or not named:
        return read_plan(path, target), target
    if not names_model(path):
        plan = read_plan(path)
        return plan, target if target_of(target).name == plan.target.name else None
    known = carried_plan(path)
    own = target if known is not None and target_of(target).name == known.target.name else None
    return read_plan(path, own), own
