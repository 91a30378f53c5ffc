"""Whatever the numbers: the kernels of orders with transfers refuse them, or answer."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tmpass._core as _core

EDGES = (0, 1, 2**31, 2**32, 2**54, 2**56, 2**56 + 1, 2**62, 2**63 - 1, 2**63, 2**64)
anything = st.integers(-1, 5) | st.sampled_from((*EDGES, *(-number for number in EDGES)))
numbers = st.lists(anything, max_size=4)


@st.composite
def arguments(draw):
    """A capacity and arrays that mostly belong together."""
    count, items = draw(st.integers(1, 5)), draw(st.integers(0, 4))
    op = st.integers(0, count - 1)
    readers = [draw(st.lists(op, min_size=1, max_size=3, unique=True)) for _ in range(items)]
    table = [
        [draw(st.integers(0, 9) | anything) for _ in range(items)],
        [draw(st.integers(0, 9)) for _ in range(items)],
        [draw(st.integers(0, 1)) for _ in range(items)],
        [draw(st.integers(-1, max(min(users) - 1, -1))) for users in readers],
    ]
    starts = [sum(map(len, readers[:i])) for i in range(items + 1)]
    made = [starts, [user for users in readers for user in users], [draw(st.integers(0, 9)) for _ in range(count)], []]
    over = [(item, user) for item, users in enumerate(readers) for user in users if draw(st.booleans())]
    made.append([number for item, user in over for number in (user, item, draw(st.integers(0, 4)))])
    if draw(st.integers(0, 3)) == 0:
        made[draw(st.integers(0, 4))] = draw(numbers)
    if draw(st.integers(0, 3)) == 0:
        table[draw(st.integers(0, 3))] = draw(numbers)
    return draw(st.integers(0, 40) | anything), tuple(table), made


@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(arguments(), st.data())
def test_orders_with_transfers_are_refused_or_answered(made, data):
    capacity, table, rest = made
    try:
        problem = _core.FreeOrderProblem(capacity, table, *rest)
    except (ValueError, TypeError):
        return
    score = (data.draw(anything), data.draw(anything), data.draw(st.booleans()))
    chains = data.draw(st.integers(-1, 3))
    asked = [
        lambda: _core.search_labels(problem, data.draw(anything), 1000, 100, chains),
        lambda: _core.search_labels(problem, 2**60, data.draw(st.integers(-1, 50)), data.draw(anything), 1),
        lambda: _core.beam_labels(problem, data.draw(anything), 1000, score),
    ]
    for ask in asked:
        try:
            answer = ask()
        except (ValueError, TypeError):
            continue
        assert sorted(answer[0]) in ([], list(range(len(problem))))
    order = _core.search_labels(problem, 2**60, 10**6)[0]
    assert len(order) == len(problem) or rest[-1]  # what is written over in no order may leave too little room
