"""The exact answers that allocators, bounds and the verifier are held against.

Everything here is written from the words of the problem alone, slow and plain, and uses nothing of tmpass but
its data: what is tested must not be its own judge.
"""

from tmpass.problem import Buffer, Problem


def occupied(buffer: Buffer, offset: int, step: int) -> set[int]:
    """Return the addresses that `buffer`, placed at `offset`, needs during `step`."""
    if not buffer.lower <= step < buffer.upper:
        return set()
    for gap in buffer.gaps:
        if gap.lower <= step < gap.upper:
            return set(range(offset + gap.window_lower, offset + gap.window_upper))
    return set(range(offset, offset + buffer.size))


def overlaps(a: Buffer, offset_a: int, b: Buffer, offset_b: int) -> bool:
    """Return whether `a` and `b` need one byte in one step: the definition, step by step and byte by byte."""
    steps = range(min(a.lower, b.lower), max(a.upper, b.upper))
    return any(occupied(a, offset_a, step) & occupied(b, offset_b, step) for step in steps)


def least_peak(problem: Problem) -> int | None:
    """Return the least peak of a small problem, by trying all offsets; None if two fixed buffers collide.

    The capacity plays no part: whoever asks compares. Empty buffers have no top.
    Meant for at most 7 buffers, sizes and steps below 10,
    and fixed offsets below 100.
    """
    fixed = [b for b in problem.buffers if b.offset is not None]
    free = sorted((b for b in problem.buffers if b.offset is None), key=lambda b: -b.size)
    buffers = fixed + free
    if any(overlaps(a, a.offset or 0, b, b.offset or 0) for i, a in enumerate(fixed) for b in fixed[:i]):
        return None
    collisions = [[_collisions(a, b) for b in buffers] for a in buffers]

    def fits(offsets: list[int], peak: int) -> bool:
        index = len(offsets)
        if index == len(buffers):
            return True
        buffer = buffers[index]
        step = problem.alignment_of(buffer)
        choices = range(0, peak - buffer.size + 1, step) if buffer.offset is None else [buffer.offset]
        return any(
            all(offset - other not in collisions[index][i] for i, other in enumerate(offsets))
            and fits([*offsets, offset], peak)
            for offset in choices
        )

    tops = [b.offset + b.size for b in fixed if b.offset is not None and b.size]
    peak = max([busiest_step(problem), *tops, *(b.size for b in free)], default=0)
    while not fits([], peak):  # ends: all free buffers can be stacked above the fixed ones
        peak += 1
    return peak


def busiest_step(problem: Problem) -> int:
    """Return the most bytes needed in one step, which no packing can go below."""
    steps = range(problem.horizon)
    return max((sum(len(occupied(b, 0, step)) for b in problem.buffers) for step in steps), default=0)


def cp_sat_peak(problem: Problem, seconds: float = 30.0) -> int | None:
    """Return the least peak of a medium problem, by CP-SAT; None if two fixed buffers collide.

    The capacity plays no part. Each buffer is a chain of rectangles that move together: one for every part
    between its gaps and one for every window.

    Raises:
        TimeoutError: nothing was proved in `seconds`.
    """
    from ortools.sat.python import cp_model

    buffers = problem.buffers
    limit = sum(b.size + problem.alignment_of(b) + (b.offset or 0) for b in buffers)
    model = cp_model.CpModel()
    peak = model.new_int_var(0, limit, "peak")
    across, up, demands = [], [], []
    for index, buffer in enumerate(buffers):
        step = problem.alignment_of(buffer)
        offset = step * model.new_int_var(0, limit // step, f"offset{index}")
        if buffer.offset is not None:
            model.add(offset == buffer.offset)
        if buffer.size:  # an empty buffer has no top
            model.add(offset + buffer.size <= peak)
        for lower, upper, first, last in _rectangles(buffer):
            across.append(model.new_fixed_size_interval_var(lower, upper - lower, ""))
            up.append(model.new_fixed_size_interval_var(offset + first, last - first, ""))
            demands.append(last - first)
    model.add_no_overlap_2d(across, up)
    model.add_cumulative(across, demands, peak)
    model.minimize(peak)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 1
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return None
    if status != cp_model.OPTIMAL:
        raise TimeoutError(f"CP-SAT proved nothing in {seconds} s")
    return int(solver.value(peak))


def _collisions(a: Buffer, b: Buffer) -> set[int]:
    """Return all the values of "offset of a minus offset of b" at which the two overlap."""
    return {apart for apart in range(-a.size, b.size + 1) if overlaps(a, apart, b, 0)}


def _rectangles(buffer: Buffer) -> list[tuple[int, int, int, int]]:
    """Return what `buffer` occupies as (lower, upper, first byte, end byte), none of them empty."""
    parts, lower = [], buffer.lower
    for gap in buffer.gaps:
        parts.append((lower, gap.lower, 0, buffer.size))
        parts.append((gap.lower, gap.upper, gap.window_lower, gap.window_upper))
        lower = gap.upper
    parts.append((lower, buffer.upper, 0, buffer.size))
    return [part for part in parts if part[0] < part[1] and part[2] < part[3]]
