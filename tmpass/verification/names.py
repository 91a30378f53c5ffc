"""Names of tensors for messages."""

from tmpass.base.errors import brief
from tmpass.plans.plan import PlannedTensor


def tensor_name(row: PlannedTensor) -> str:
    """The name of a tensor in messages: its index, its name, and its subgraph unless that is the first."""
    return f"tensor {row.index} {brief(row.name)}" + (f" of subgraph {row.subgraph}" if row.subgraph else "")
