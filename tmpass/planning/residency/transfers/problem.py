"""The problem alone: operators, tensors, and a scratchpad that may be too small for all of them.

    step        0     1     2     3     4        Tensor a is made at step 0 and read at steps 1 and 4. Between them
    a         [====|====]...........[====]       it may leave: it is in the scratchpad in two episodes, and its bytes
    b               [====|====]                  cross to the memory behind twice, once out and once back.

One operator runs at a step. All its inputs and outputs are in the scratchpad during that step. An episode is a
tensor at one address over the steps `[first, last]`, both inclusive.

- Inputs and parameters are stored behind the scratchpad. Their first episode is free (compulsory) and begins at any
  step up to the first use; each later episode costs the size. They need no spill.
- An activation's first episode begins at the step that makes it. Each later episode costs the size, and the first of
  them costs the size once more: tensors never change, so that one spill serves for all later fetches.
- The spill takes place while the tensor is away, beside the operator of that step. So at least one step is between the
  first two episodes of an activation. All other episodes of one tensor may follow each other at once: a tensor with a
  copy moves to another address for one fetch.
- Outputs of the graph leave free of cost after the step that makes them: their spill is the store that every run has.

Source: Li, Gupta, Malik: "Combined Scheduling, Memory Allocation and Tensor Replacement for Minimizing Off-Chip Data
Accesses of DNN Accelerators" (arXiv 2311.18246), with addresses that may change from one episode to the next.
"""

from enum import Enum

from tmpass.base.choices import Status
from tmpass.base.record import record


class TensorKind(Enum):
    """Where a tensor is before the run: nowhere (an activation), or behind the scratchpad."""

    ACTIVATION = "act"
    PARAMETER = "param"
    INPUT = "input"


@record
class TransferTensor:
    """One tensor: its name, bytes and kind."""

    name: str
    size: int
    kind: TensorKind


@record
class TransferOperator:
    """One operator, with the numbers of the tensors that it reads and makes."""

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@record
class TransferProblem:
    """Operators in their given order, which is topological, and the scratchpad.

    Fields:
        outputs: numbers of the tensors that the graph returns.
        capacity: bytes of the scratchpad.
        alignment: addresses are multiples of it.
    """

    tensors: tuple[TransferTensor, ...]
    operators: tuple[TransferOperator, ...]
    outputs: tuple[int, ...]
    capacity: int
    alignment: int = 1


@record
class Episode:
    """Tensor `tensor` at `address` during the steps `[first, last]`, both inclusive."""

    tensor: int
    first: int
    last: int
    address: int


@record
class TransferPlan:
    """An order, the episodes in it, and what is proved.

    Fields:
        order: numbers of operators; empty where no plan is known, and for a graph without operators.
        episodes: sorted by tensor and first step.
        cost: bytes that cross beyond the compulsory ones; None where no plan is known.
        lower_bound: no plan costs less; over all orders where the order is free, in the given order otherwise.
        status: OPTIMAL where cost and bound meet. INFEASIBLE: no plan exists, whatever the order.
        method: that found the plan.
        stopped: Ctrl-C ended the search, so a cheaper plan may have been missed.
    """

    order: tuple[int, ...]
    episodes: tuple[Episode, ...]
    cost: int | None
    lower_bound: int
    status: Status
    method: str
    stopped: bool = False
