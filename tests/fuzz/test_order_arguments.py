"""Whatever the numbers: the kernels of the order refuse them, or answer. tests/sanitize.sh runs this as well."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tmpass._core as _core

EDGES = (0, 1, 2**31 - 1, 2**31, 2**32, 2**53, 2**61, 2**62 - 1, 2**62, 2**63 - 1, 2**63, 2**64)
small = st.integers(-1, 5)
anything = small | st.sampled_from((*EDGES, *(-number for number in EDGES)))
numbers = st.lists(small, max_size=8) | st.lists(anything, max_size=4)


@st.composite
def arguments(draw):
    """Arrays that mostly belong together."""
    count, items = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    lists = [draw(st.lists(st.integers(0, max(count - 1, 0)), max_size=3)) for _ in range(items)]
    starts = [sum(map(len, lists[:i])) for i in range(items + 1)]
    made = [
        draw(st.lists(st.integers(0, max(count - 1, 0)), max_size=4)),
        [draw(st.integers(0, 9) | anything) for _ in range(items)],
        [draw(st.integers(0, 1)) for _ in range(items)],
        [draw(st.integers(0, 1)) for _ in range(items)],
        starts,
        [user for users in lists for user in users],
        [draw(st.integers(0, 9)) for _ in range(count)],
        draw(st.lists(st.integers(0, 2), max_size=6)),
        draw(st.integers(0, 3)),
    ]
    if draw(st.integers(0, 3)) == 0:
        made[draw(st.integers(0, 7))] = draw(numbers)
    return made


@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(arguments(), st.data())
def test_orders_are_refused_or_answered(made, data):
    try:
        problem = _core.OrderProblem(*made)
    except (ValueError, TypeError):
        return
    count = len(problem)
    asked = [
        lambda: _core.find_cuts(problem),
        lambda: _core.bound_orders(problem, data.draw(numbers), data.draw(anything)),
        lambda: _core.bound_orders(problem, [data.draw(anything) for _ in range(count)], count),
        lambda: _core.beam_order(problem, data.draw(anything), data.draw(anything)),
        lambda: _core.search_orders(problem, data.draw(anything), data.draw(anything), data.draw(st.integers(-1, 99))),
        lambda: _core.OrderParts(problem, data.draw(numbers)),
    ]
    for ask in asked:
        try:
            ask()
        except (ValueError, TypeError):
            continue
    parts = _core.OrderParts(problem, _core.find_cuts(problem)[0])
    try:
        part = parts.part(data.draw(anything), data.draw(anything))
        parts.reorder(data.draw(small), data.draw(numbers))
    except (ValueError, TypeError):
        return
    assert len(part) <= count
    assert len(parts.profile) == count
