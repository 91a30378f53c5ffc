"""Online replacement: addresses are chosen as execution goes, and never change while a tensor is on chip.

The largest tensor of an operator comes first, to the smallest gap that is large enough, as in the planner of TensorFlow
Lite. Where there is none, tensors leave: first for the bytes that are missing, then one by one, until a gap is large
enough.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from tmpass.planning.residency.transfers.problem import Episode, TensorKind, TransferProblem
from tmpass.planning.residency.transfers.uses import needs_spill, steps_of_uses
from tmpass.planning.residency.transfers.victims import Candidate, Choose


def replace_online(
    problem: TransferProblem, order: Sequence[int], choose: Choose, *, stalls: bool = False
) -> tuple[Episode, ...] | None:
    """The episodes with addresses; None where the tensors of one operator find no place.

    Args:
        problem: operators and tensors.
        order: of the operators.
        choose: those that leave.
        stalls: let execution wait where the tensors of an operator find no place, until one that was made at the step
            before has left and come back. Papers count so; it is not a plan, since nothing runs meanwhile.
    """
    stored = {at for at, tensor in enumerate(problem.tensors) if tensor.kind is not TensorKind.ACTIVATION}
    chip = _Chip(problem, steps_of_uses(problem, order), needs_spill(problem), stalls, stored)
    for step, op in enumerate(order):
        row = problem.operators[op]
        if not chip.run(step, (*row.inputs, *row.outputs), choose):
            return None
    return tuple(sorted(chip.episodes, key=lambda one: (one.tensor, one.first)))


@dataclass
class _Chip:
    """What is on chip, and the episodes that have ended.

    Fields:
        steps: of the uses of each tensor.
        dirty: whether the next departure of a tensor pays for a spill.
        stalls: whether what was made at the step before may move.
        copies: the tensors that have a copy behind the scratchpad.
        began: the step at which a tensor on chip came.
    """

    problem: TransferProblem
    steps: list[list[int]]
    dirty: list[bool]
    stalls: bool
    copies: set[int]
    began: dict[int, int] = field(default_factory=dict)
    address: dict[int, int] = field(default_factory=dict)
    episodes: list[Episode] = field(default_factory=list)

    def run(self, step: int, needed: Sequence[int], choose: Choose) -> bool:
        """Bring in what a step needs, and end what it uses last; whether all found a place."""
        coming = [tensor for tensor in self._by_size(needed) if tensor not in self.began]
        if not all(self._bring(tensor, step, needed, choose) for tensor in coming) and not self._start_again(
            step, needed
        ):
            return False
        for tensor in needed:
            if self.steps[tensor][-1] == step:
                self._leave(tensor, step)
        return True

    def _bring(self, tensor: int, step: int, needed: Sequence[int], choose: Choose) -> bool:
        """Put a tensor on chip, where others may have to leave; whether it found a place."""
        size = self.problem.tensors[tensor].size
        while (place := self._smallest_gap(size)) is None:
            candidates = [self._candidate(other, step) for other in sorted(self.began) if other not in needed]
            if not candidates:
                return False
            used = sum(self.problem.tensors[other].size for other in self.began)
            for one in choose(candidates, max(1, used + size - self.problem.capacity)):
                self._leave(one.tensor, self._last(one.tensor, step))
        self.began[tensor], self.address[tensor] = step, place
        return True

    def _start_again(self, step: int, needed: Sequence[int]) -> bool:
        """Bring in all that a step needs, by falling size, after all have left that can; whether all found a place.

        What was made at the step before has no copy yet, and stays where it is.
        """
        for tensor in sorted(self.began):
            if self.began[tensor] == step:
                del self.began[tensor], self.address[tensor]
            elif self.stalls or tensor in self.copies or self._last(tensor, step) < step - 1:
                self._leave(tensor, self._last(tensor, step))
        for tensor in self._by_size(needed):
            if tensor not in self.began:
                place = self._smallest_gap(self.problem.tensors[tensor].size)
                if place is None:
                    return False
                self.began[tensor], self.address[tensor] = step, place
        return True

    def _by_size(self, tensors: Sequence[int]) -> list[int]:
        return sorted(tensors, key=lambda tensor: (-self.problem.tensors[tensor].size, tensor))

    def _candidate(self, tensor: int, step: int) -> Candidate:
        size, steps = self.problem.tensors[tensor].size, self.steps[tensor]
        return Candidate(tensor, size, size * (1 + self.dirty[tensor]), steps[bisect_left(steps, step)])

    def _last(self, tensor: int, step: int) -> int:
        """The last use before `step`."""
        steps = self.steps[tensor]
        return steps[bisect_left(steps, step) - 1]

    def _leave(self, tensor: int, last: int) -> None:
        self.episodes.append(Episode(tensor, self.began.pop(tensor), last, self.address.pop(tensor)))
        self.dirty[tensor] = False
        self.copies.add(tensor)

    def _smallest_gap(self, size: int) -> int | None:
        """The address of the smallest gap of at least `size` bytes, the lowest of equals; None where there is none."""
        tensors, grain = self.problem.tensors, self.problem.alignment
        best, end = None, 0
        taken = sorted((at, at + tensors[tensor].size) for tensor, at in self.address.items())
        for low, high in [*taken, (self.problem.capacity, self.problem.capacity)]:
            at = -(-end // grain) * grain
            if low - at >= size and (best is None or low - at < best[0]):
                best = (low - at, at)
            end = max(end, high)
        return None if best is None else best[1]
