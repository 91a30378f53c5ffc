"""Banked greedy: the largest buffer first, to the lowest free offset of the first memory with room."""

from bisect import insort
from collections.abc import Sequence
from math import lcm

from tmpass.planning.residency.candidates import Candidate
from tmpass.targets.memory import Memory


def banked_greedy(candidates: Sequence[Candidate], memories: Sequence[Memory]) -> list[tuple[int, int]] | None:
    """The memory and the offset of each candidate, or None where one finds no place.

    Gaps of live ranges are not used.

    Source: the planner of this name in ExecuTorch (pull request 21821).

    Complexity: quadratic in the number of candidates.
    """
    order = sorted(range(len(candidates)), key=lambda c: (-candidates[c].buffer.size, candidates[c].buffer.lower, c))
    placed: list[list[tuple[int, int, int, int]]] = [[] for _ in memories]  # offset, end, lower, upper
    found = [(-1, 0)] * len(candidates)
    for c in order:
        buffer = candidates[c].buffer
        for m in candidates[c].memories:
            alignment = lcm(memories[m].alignment, buffer.alignment)
            offset = 0
            for low, high, lower, upper in placed[m]:
                if low >= offset + buffer.size:
                    break
                if lower < buffer.upper and buffer.lower < upper:
                    offset = max(offset, -(-high // alignment) * alignment)
            capacity = memories[m].capacity
            if capacity is None or offset + buffer.size <= capacity:
                insort(placed[m], (offset, offset + buffer.size, buffer.lower, buffer.upper))
                found[c] = (m, offset)
                break
        else:
            return None
    return found
