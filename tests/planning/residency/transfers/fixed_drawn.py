"""Drawn problems of transfers in a given order."""

from itertools import accumulate

from tmpass.planning.residency.transfers.fixed_problem import FixedBuffer, FixedOrderProblem, Use


def draw_uses(rng, steps, stored):
    """Uses at these steps. The first one of a buffer that is not stored writes, and others now and then."""
    return tuple(Use(step, (at == 0 and not stored) or rng.random() < 0.2) for at, step in enumerate(steps))


def draw_buffer(rng, size, steps):
    """A buffer that is used at these steps: stored, pinned or returned now and then."""
    stored = rng.random() < 0.3
    return FixedBuffer(size, draw_uses(rng, steps, stored), stored, rng.random() < 0.1, rng.random() < 0.2)


def draw_few(rng, *, most=3, steps=6):
    """Two to four buffers with up to four uses each, and a small scratchpad."""
    rows = [
        draw_buffer(rng, rng.randint(1, most), sorted(rng.sample(range(steps), rng.randint(1, 4))))
        for _ in range(rng.randint(2, 4))
    ]
    return FixedOrderProblem(tuple(rows), steps, rng.randint(3, 6), rng.choice((1, 1, 1, 2)))


def draw_filled(rng, capacity, steps, most):
    """Buffers that fill the capacity at each step, so that a packing has no freedom: few have one without absences."""
    live, rows = [], []
    for step in range(steps):
        live = [(size, last) for size, last in live if last >= step]
        free = capacity - sum(size for size, _ in live)
        while free > 0:
            size, last = min(free, rng.randint(1, most)), min(steps - 1, step + rng.randint(0, 4))
            free -= size
            live.append((size, last))
            inside = [at for at in range(step + 1, last) if rng.random() < 0.5]
            rows.append(draw_buffer(rng, size, sorted({step, *inside, last})))
    return FixedOrderProblem(tuple(rows), steps, capacity)


def draw_network(rng, steps, reach, sizes):
    """One buffer made at each step, read once or twice up to `reach` steps later; the least capacity."""
    rows = []
    for step in range(steps):
        reads = {min(steps - 1, step + rng.randint(1, reach)) for _ in range(rng.randint(1, 2))}
        uses = [Use(step, True), *(Use(at, False) for at in sorted(reads - {step}))]
        rows.append(FixedBuffer(rng.choice(sizes), tuple(uses)))
    used = [0] * steps
    for buffer in rows:
        for use in buffer.uses:
            used[use.step] += buffer.size
    return FixedOrderProblem(tuple(rows), steps, max(used))


def peak(problem):
    """The largest sum of sizes at a step where nobody is ever absent."""
    change = [0] * (problem.steps + 1)
    for buffer in problem.buffers:
        change[buffer.uses[0].step] += buffer.size
        change[buffer.uses[-1].step + 1] -= buffer.size
    return max(accumulate(change))
