"""Transfers in a given order: which buffers are used at which step, and the answer.

    step        0     1     2     3     4     5     6
    uses        w           r     r     w           r     Two versions: steps 0 to 3, and 4 to 6. The buffer may be
    absences       [  1  ]     []    []    [  5  ]        absent at step 1, at step 5, and, for another address,
                                                          between steps 2 and 3, or 3 and 4.

A use is a step at which an operator reads or writes the buffer, which is in the scratchpad then. An absence lies
between two uses that follow each other; it costs a fetch, which is the size. A version is the content that one write
leaves. All its absences together cost one spill, which is the size too. The first of them lasts one step at least: at
no step, the buffer is in the scratchpad and has a copy that is not older. Content that is stored behind the scratchpad
before the run needs no spill, and its first load is free. Content that the graph returns is stored in any case, so its
spill is free, too.
"""

from collections.abc import Sequence
from itertools import pairwise

from tmpass.base.choices import Status
from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.planning.residency.transfers.problem import TensorKind, TransferProblem


@record
class Use:
    """A step at which a buffer is in the scratchpad, and whether it has new content after it."""

    step: int
    writes: bool


@record
class FixedBuffer:
    """A buffer with its uses.

    Fields:
        size: in bytes.
        uses: by rising step. Old content is needed at a write, too, unless it is the first use.
        stored: a copy lies behind the scratchpad before the run.
        pinned: it may not be absent between its uses.
        returned: the graph returns its last version.
    """

    size: int
    uses: tuple[Use, ...]
    stored: bool = False
    pinned: bool = False
    returned: bool = False


@record
class FixedOrderProblem:
    """Buffers with their uses at the steps 0 to `steps` - 1, and the scratchpad.

    Fields:
        capacity: of the scratchpad in bytes.
        alignment: addresses are multiples of it.
        prices: what a byte costs that is fetched, and one that is spilled.

    Raises:
        UsageError: the uses of a buffer do not rise or are not within the steps, or a size is negative.
    """

    buffers: tuple[FixedBuffer, ...]
    steps: int
    capacity: int
    alignment: int = 1
    prices: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        for number, buffer in enumerate(self.buffers):
            steps = [-1, *(use.step for use in buffer.uses), self.steps]
            if any(a >= b for a, b in pairwise(steps)):
                what = f"its uses are not rising steps below {self.steps}"
                raise UsageError(what, where=f"buffer {number}", hint="sort the uses; one per step")
            if buffer.size < 0:
                raise UsageError(f"its size is {buffer.size}", where=f"buffer {number}", hint="give bytes")


@record
class FixedOrderAnswer:
    """Episodes with addresses, and what is proved about all plans in the same order.

    Fields:
        episodes: of each buffer (first step, last step, address), both inclusive; empty where no plan is known.
        cost: bytes of all fetches and spills, at their prices.
        lower_bound: no plan costs less.
        status: OPTIMAL where cost and bound meet; INFEASIBLE: no plan exists, proved; UNKNOWN: none was found.
        nodes: the work that it took: states of the search for absences, and search steps of packings.
        stopped: Ctrl-C ended the search, so a cheaper plan may have been missed.
    """

    episodes: tuple[tuple[tuple[int, int, int], ...], ...]
    cost: int
    lower_bound: int
    status: Status
    nodes: int
    stopped: bool = False


def from_transfer_problem(problem: TransferProblem, order: Sequence[int]) -> FixedOrderProblem:
    """The buffers of `problem`, one for each tensor, where its operators run in `order`.

    Args:
        problem: operators and tensors.
        order: numbers of all operators, each after those whose results it reads.
    """
    uses: list[list[Use]] = [[] for _ in problem.tensors]
    for step, number in enumerate(order):
        operator = problem.operators[number]
        for tensor in dict.fromkeys(operator.inputs):
            uses[tensor].append(Use(step, False))
        for tensor in operator.outputs:
            uses[tensor].append(Use(step, True))
    returned = set(problem.outputs)
    buffers = [
        FixedBuffer(t.size, tuple(own), stored=t.kind is not TensorKind.ACTIVATION, returned=number in returned)
        for number, (t, own) in enumerate(zip(problem.tensors, uses, strict=True))
    ]
    return FixedOrderProblem(tuple(buffers), len(order), problem.capacity, problem.alignment)
