"""The bytes that a runtime keeps for itself, from its rules and the graph of a model."""

from collections import defaultdict
from collections.abc import Sequence

from tmpass.base.record import record
from tmpass.graph.model import Graph
from tmpass.targets.scratch.formula import WORD
from tmpass.targets.tail.rules import Per, Rules
from tmpass.targets.tail.sizes import RESOURCES, Sizes, round_up


@record
class Row:
    """A part of the tail: `count` allocations, or things in them, of together `bytes`, with their padding.

    Fields:
        what: its name for the user; of kernels the kind of operator.
        kernel: whether these are the buffers of kernels.
        keeps: what such buffers are, where their rule says so.
    """

    what: str
    count: int
    bytes: int
    kernel: bool = False
    keeps: str = ""


SLACK, PERCENT = 528, 3
"""The rules say at most that many bytes, and percent, too much of what preparation takes.

tests/runtime/test_tail_tflm.py holds it in the interpreter.
"""


_IN_ORDER = (Per.OPTIONS, Per.KERNEL)
"""What is allocated in the order of the operators."""


@record
class RuntimeBytes:
    """What a runtime keeps in an arena beside the head, which a plan fills.

    Fields:
        total: the bytes of the tail; the sum of `rows`.
        rows: the parts of the tail.
        unknown: the kinds of operators without a rule, sorted. What they keep is not counted.
        preparation: the least arena with which the model can be prepared, if its head were empty.
        prepared_at_least: bytes of the arena without which it is prepared in no order of its operators; 0 where the
            tail takes as much.
        alignment: of the end of the head, and of the arena.
        padding: the bytes of the tail that only align.
        least: no order of the operators has a smaller tail: other orders differ in what only aligns.
    """

    total: int
    rows: tuple[Row, ...]
    unknown: tuple[str, ...]
    preparation: int
    prepared_at_least: int
    alignment: int = 16
    padding: int = 0
    least: int = 0

    @property
    def beside_aligned(self) -> int:
        """The bytes of the arena that are not for a head of aligned size. Preparation may need more."""
        return round_up(self.total, self.alignment)

    def arena(self, head: int) -> int:
        """The least arena with which the model can be prepared and run, in bytes.

        Args:
            head: the bytes of activations and scratch, from the start of the arena. The start is aligned.
        """
        return round_up(max(self.preparation, round_up(head, self.alignment) + self.total), self.alignment)

    def kept(self, head: int) -> int | None:
        """The tail, where the model with `head` needs a larger arena to be prepared; None elsewhere."""
        return (
            self.total
            if self.arena(head) > round_up(round_up(head, self.alignment) + self.total, self.alignment)
            else None
        )

    def overhead(self, head: int) -> int:
        """The bytes of the arena that `head` leaves out: the tail, or more where preparation needs more."""
        return self.arena(head) - head


def predict(
    graph: Graph, rules: Rules, word_size: int = WORD, orders: Sequence[Sequence[int]] | None = None
) -> RuntimeBytes:
    """The bytes that a runtime with these rules keeps for `graph`.

    Args:
        graph: of the model, with all dimensions bound.
        rules: of the runtime.
        word_size: the bytes of a pointer, 4 or 8.
        orders: the operators of each subgraph, by index, in the order in which the planned file has them; None for that
            of `graph`. It changes padding only.

    Complexity: linear in the tensors and operators.
    """
    model = Sizes(graph, rules, word_size, orders)
    before, used, sizes, rows = 0, 0, 0, defaultdict[tuple[str, bool], list[int]](lambda: [0, 0])
    least, multiple = 0, rules.alignment
    at_plan, kernels_end = 0, 0
    for allocation in rules.persistent:
        before = used if allocation.per is Per.KERNEL else before
        taken = tuple(model.allocations(allocation))
        least, multiple = _least_end(least, multiple, taken, ordered=allocation.per not in _IN_ORDER)
        for what, count, size, align in taken:
            end = round_up(used + size, align)
            row = rows[what, allocation.per is Per.KERNEL and what != RESOURCES]
            row[0] += count
            row[1] += end - used
            used, sizes = end, sizes + size
        if allocation.per is Per.KERNEL:
            kernels_end = used
        if allocation.per in (Per.KERNEL, Per.SCRATCH, Per.VARIABLE):
            at_plan = used
    preparing = model.preparing(kernels_end)
    placing = round_up(at_plan, rules.alignment) + model.placed()
    found = tuple(
        Row(what, count, size, kernel, model.keeps.get(what, "") if kernel else "")
        for (what, kernel), (count, size) in rows.items()
        if size
    )
    unknown = tuple(sorted(model.unknown))
    preparation = round_up(max(preparing, placing), rules.alignment)
    # In another order a kernel may be prepared first, and padding is other.
    first = max(before + model.prepared_first(), placing) - (used - sizes)
    return RuntimeBytes(used, found, unknown, preparation, _at_least(first, used), rules.alignment, used - sizes, least)


def _least_end(
    start: int, multiple: int, taken: Sequence[tuple[str, int, int, int]], *, ordered: bool
) -> tuple[int, int]:
    """The bytes up to which allocations reach at least, and a number of which the end is a multiple.

    Each ends at a multiple of its alignment. So in any order all but the first begin at a multiple of the least one.

    Args:
        start: where the first begins at least.
        multiple: a power of two of which it begins at a multiple.
        taken: name, count, bytes and alignment of each.
        ordered: whether they come in this order; else in any.
    """
    if not taken:
        return start, multiple
    if ordered:
        for _, _, size, align in taken:
            start = round_up(start + size, align)
        return start, taken[-1][3]
    grain = min(align for _, _, _, align in taken)
    padding = [-size % grain for _, _, size, _ in taken]
    first = max(most - -size % min(multiple, grain) for most, (_, _, size, _) in zip(padding, taken, strict=True))
    end = start + sum(size for _, _, size, _ in taken) + sum(padding) - first
    return round_up(end, grain), grain


def _at_least(preparation: int, tail: int) -> int:
    """The bytes that preparation takes at least where the rules say `preparation`; 0 where the tail takes as much."""
    least = (preparation - SLACK) * 100 // (100 + PERCENT)
    return least if least > tail else 0
