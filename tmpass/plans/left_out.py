"""What a plan cannot answer for: bytes that it does not count, and operators that the runtime does not run."""

from tmpass.base.record import record


@record
class NotCounted:
    """Bytes that a run needs and that the figures of the plan leave out.

    Fields:
        what: one of LEFT_OUT.
        count: how many tensors or operators.
        bytes: their sum; None where it is not known.
        names: of the first of the tensors, or all kinds of the operators.
    """

    what: str
    count: int
    bytes: int | None = None
    names: tuple[str, ...] = ()


LEFT_OUT = ("tensors", "scratch", "weights", "inputs_outputs", "runtime")
"""Groups that a plan may not count: tensors of unknown size, scratch of kernels, constants, inputs and outputs in
memory that the caller brings, and what the runtime keeps for kernels without a rule."""


@record
class Registration:
    """A kernel that a program registers before it makes an interpreter.

    Fields:
        kind: of operator; custom ones have the prefix "custom:".
        call: of the runtime's resolver, such as `AddConv2D()`; empty where it has none for this kind.
    """

    kind: str
    call: str


@record
class NotRun:
    """Operators for which the runtime has no kernel, or is not known to have one.

    Fields:
        kind: of the operators; with the prefix "custom:" where the format does not list it.
        fault: what the kernels of this kind do not take, as "of uint8"; empty where there are none.
        takes: what they take; empty where there are none.
        known: whether the runtime was seen to refuse such operators: then the model does not run.
        count: how many operators.
        subgraph, op: the first of them.
    """

    kind: str
    fault: str
    takes: str
    known: bool
    count: int
    subgraph: int
    op: int
