"""The error for a tensor that a plan does not have."""

from typing import TYPE_CHECKING

from tmpass.base.errors import UsageError, brief
from tmpass.base.nearest import nearest

if TYPE_CHECKING:
    from tmpass.plans.plan import Plan


class MissingTensorError(UsageError, KeyError):
    """A plan has no tensor of this name or key."""


def missing_tensor(plan: "Plan", key: object) -> MissingTensorError:
    """The error for `key`, with the nearest names, or the keys that there are."""
    of_file = f"the plan of {brief(plan.model.file)} has no tensor {brief(key)}"
    if isinstance(key, str):
        near = nearest(key, dict.fromkeys(row.name for row in plan.tensors if row.name), 3)
        return MissingTensorError(of_file, hint=f"did you mean {near}?" if near else "plan.tensors has all of them")
    if not (isinstance(key, tuple) and len(key) == 2 and all(isinstance(part, int) for part in key)):
        return MissingTensorError(of_file, hint="give its name, or (subgraph, index)")
    count = sum(row.subgraph == key[0] for row in plan.tensors)
    there = f"subgraph {key[0]} has tensors 0 to {count - 1}" if count else f"subgraph {key[0]} has none"
    return MissingTensorError(of_file, hint=there)
