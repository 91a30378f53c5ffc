"""Names of tensors for messages."""

from collections.abc import Mapping

from tmpass.base.errors import brief
from tmpass.graph.model import TensorKey
from tmpass.plans.plan import Plan, PlannedTensor


def rows_by_key(plan: Plan) -> Mapping[TensorKey, PlannedTensor]:
    """The rows of all tensors by their keys, a fact of the plan."""
    return plan.tensors_by_key()


class Names:
    """The brief names of the tensors of a plan. They are collected when one is first asked for: few plans are wrong."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._names: dict[TensorKey, str] = {}

    def __getitem__(self, key: TensorKey) -> str:
        """The name of the tensor `key`."""
        if not self._names:
            self._names = {row.key: brief(row.name) for row in self._plan.tensors}
        return self._names[key]


def tensor_name(row: PlannedTensor) -> str:
    """The name of a tensor in messages: its index, its name, and its subgraph unless that is the first."""
    return f"tensor {row.index} {brief(row.name)}" + (f" of subgraph {row.subgraph}" if row.subgraph else "")
