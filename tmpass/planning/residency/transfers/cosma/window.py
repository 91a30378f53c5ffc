"""A window: consecutive steps, the operators that run in them, and what was on chip before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tmpass.planning.residency.transfers.problem import TensorKind, TransferProblem
from tmpass.planning.residency.transfers.uses import needs_spill


@dataclass(frozen=True)
class Window:
    """What a program decides, with what it has to begin with.

    Fields:
        operators: those that run, in an order in which they can; one a step.
        keep_order: whether they run in this order.
        start: tensors on chip before the first step, with addresses.
        copies: tensors with a copy behind the scratchpad; inputs and parameters once they were loaded.
        later: tensors that operators after the window read.
    """

    problem: TransferProblem
    operators: tuple[int, ...]
    keep_order: bool
    start: Mapping[int, int]
    copies: frozenset[int]
    later: frozenset[int]

    @property
    def steps(self) -> int:
        """How many steps there are, one for each operator."""
        return len(self.operators)

    @cached_property
    def makers(self) -> dict[int, int]:
        """Tensor -> the operator of the window that makes it."""
        return {tensor: op for op in self.operators for tensor in self.problem.operators[op].outputs}

    @cached_property
    def readers(self) -> dict[int, list[int]]:
        """Tensor -> the operators of the window that read it."""
        found: dict[int, list[int]] = {}
        for op in self.operators:
            for tensor in self.problem.operators[op].inputs:
                found.setdefault(tensor, []).append(op)
        return found

    @cached_property
    def times(self) -> dict[int, tuple[int, int]]:
        """Operator -> the first and the last step at which it can run: before it run all that it depends on."""
        if self.keep_order:
            return {op: (step, step) for step, op in enumerate(self.operators)}
        before: dict[int, set[int]] = {}
        for op in self.operators:
            direct = {self.makers[t] for t in self.problem.operators[op].inputs if t in self.makers}
            before[op] = direct.union(*(before[other] for other in direct))
        after = dict.fromkeys(self.operators, 0)
        for op in self.operators:
            for other in before[op]:
                after[other] += 1
        return {op: (len(before[op]), self.steps - 1 - after[op]) for op in self.operators}

    @cached_property
    def tensors(self) -> tuple[int, ...]:
        """All tensors that may be on chip in the window because an operator in it or after it needs them."""
        used = {*self.makers, *self.readers}
        return tuple(sorted(used | {tensor for tensor in self.start if tensor in self.later}))

    @cached_property
    def dirty(self) -> frozenset[int]:
        """The tensors that need a spill before they can come back."""
        kinds = self.problem.tensors
        return frozenset(t for t in self.tensors if kinds[t].kind is TensorKind.ACTIVATION and t not in self.copies)

    @cached_property
    def spill_costs(self) -> list[bool]:
        """Whether a spill of each tensor costs its size."""
        return needs_spill(self.problem)

    def span(self, tensor: int) -> tuple[int, int]:
        """The first and the last step at which the tensor may be on chip or on its way."""
        users = [*([self.makers[tensor]] if tensor in self.makers else []), *self.readers.get(tensor, [])]
        times = [self.times[op] for op in users]
        first = 0 if tensor in self.start else min(low for low, _ in times)
        last = self.steps - 1 if tensor in self.later else max(high for _, high in times)
        return first, last


def whole(problem: TransferProblem, order: Sequence[int], *, keep_order: bool) -> Window:
    """The window of all operators."""
    return Window(problem, tuple(order), keep_order, {}, frozenset(), frozenset())
