"""Names of tensors for messages."""

from tmpass.base.errors import brief
from tmpass.plans.plan import PlannedTensor


def tensor_name(row: PlannedTensor) -> str:
    """A tensor for a message: its index, its name, and its subgraph where that is not the first."""
    return f"tensor {row.index} {brief(row.name)}" + (f" of subgraph {row.subgraph}" if row.subgraph else "")
