"""The least cost of transfers in a given order, by trying every place of every buffer at every step.

Written from the rules alone: a buffer is at one address or away in each step. Between two steps it may leave, which
costs a spill where its content is needed again, has no copy and is not returned. Where it has a copy before that step
begins, it may come to any address, which costs a fetch, except for the first load of what is stored.
"""

from itertools import pairwise, product

from tmpass.planning.residency.transfers.fixed_problem import FixedOrderProblem


def cheapest(problem: FixedOrderProblem):
    """The least cost of all plans; None if no plan exists."""
    states = {start(problem): 0}
    for step in range(problem.steps):
        following = {}
        for places in legal_places(problem, step):
            for (before, copies, began), cost in states.items():
                after = go(problem, step, (before, copies, began), places)
                if after is not None:
                    state, paid = after
                    following[state] = min(following.get(state, cost + paid), cost + paid)
        states = following
    return min(states.values(), default=None)


def start(problem):
    """The state before step 0: where each buffer is, whether it has a copy, and whether it has been there."""
    count = len(problem.buffers)
    return (None,) * count, tuple(b.stored for b in problem.buffers), (False,) * count


def replay(problem, episodes):
    """The cost of a plan, step by step; None where it breaks a rule."""
    state, cost = start(problem), 0
    for step in range(problem.steps):
        inside = [[address for first, last, address in own if first <= step <= last] for own in episodes]
        places = tuple(own[0] if own else None for own in inside)
        if max(map(len, inside)) > 1 or not is_legal(problem, step, places):
            return None
        after = go(problem, step, state, places)
        if after is None:
            return None
        state, cost = after[0], cost + after[1]
    return cost


def is_legal(problem, step, places):
    """Whether buffers at these addresses are aligned, within the capacity and apart, with all that the step uses."""
    buffers = problem.buffers
    taken = sorted((a, b.size) for a, b in zip(places, buffers, strict=True) if a is not None and b.size)
    return (
        all(
            a is None or (0 <= a <= problem.capacity - b.size and a % problem.alignment == 0)
            for a, b in zip(places, buffers, strict=True)
        )
        and all(a + size <= other for (a, size), (other, _) in pairwise(taken))
        and all(a is not None for a, b in zip(places, buffers, strict=True) if any(u.step == step for u in b.uses))
    )


def legal_places(problem, step):
    """Every choice of an address or None for each buffer, without overlap, with what the step uses."""
    addresses = range(0, problem.capacity + 1, problem.alignment)
    options = []
    for buffer in problem.buffers:
        inside = [a for a in addresses if a + buffer.size <= problem.capacity]
        options.append(inside if any(use.step == step for use in buffer.uses) else [None, *inside])
    return (places for places in product(*options) if is_legal(problem, step, places))


def go(problem, step, state, places):
    """The state after `step` with the buffers at `places`, and what that costs; None where it is not allowed."""
    copies, began, paid = [], [], 0
    fetch, spill = problem.prices
    for buffer, before, copy, known, place in zip(problem.buffers, *state, places, strict=True):
        steps = [use.step for use in buffer.uses]
        moved = before is not None and place != before
        inside = bool(steps) and steps[0] < step <= steps[-1]
        if moved and inside:
            if buffer.pinned or (place is not None and not copy):
                return None
            final = buffer.returned and not any(use.writes and use.step >= step for use in buffer.uses)
            paid += 0 if copy or final else buffer.size * spill
            copy = True
        if place is not None and place != before:
            exists = copy or not steps or steps[0] == step
            if not exists or not steps or step > steps[-1] or (not buffer.stored and step < steps[0]):
                return None
            paid += buffer.size * fetch if known else 0
        known = known or place is not None
        if any(use.step == step and use.writes for use in buffer.uses):
            copy = False
        copies.append(copy)
        began.append(known)
    return (places, tuple(copies), tuple(began)), paid
