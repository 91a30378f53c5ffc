"""The pieces of a class: the same as by a look at every tensor, and fast for thousands of nested tensors."""

import time

from hypothesis import given
from hypothesis import strategies as st

from tmpass.planning.ordering.items import _plain_items
from tmpass.planning.ordering.sweep import Precedence, sweep


@st.composite
def classes(draw):
    """Spans of tensors, who uses them, and edges from lower to higher operators."""
    count, ops = draw(st.integers(1, 9)), draw(st.integers(1, 7))
    spans = []
    for t in range(count):
        low = draw(st.integers(0, 12))
        spans.append((low, low + draw(st.integers(1, 12)), t))
    users = {t: draw(st.sets(st.integers(0, ops - 1), max_size=4)) for t in range(count)}
    pairs = [(a, b) for b in range(ops) for a in range(b)]
    edges = draw(st.lists(st.sampled_from(pairs), max_size=12)) if pairs else []
    some = st.sets(st.integers(0, count - 1), max_size=2)
    return spans, users, edges, draw(some), draw(some)


def ends(who, edges):
    """Those of `who` that are not between two others of it by edges."""
    after = {a for a, b in edges if a in who and b in who}
    before = {b for a, b in edges if a in who and b in who}
    return [op for op in who if not (op in after and op in before)]


@given(classes())
def test_pieces_are_those_of_all_tensors_and_only_what_lies_between_is_left_out(drawn):
    spans, users, edges, first, last = drawn
    swept = list(sweep(spans, users, Precedence(edges), first, last))
    plain = list(_plain_items(spans, users, first, last))
    assert swept == [(low, high, ends(who, edges), *alive) for low, high, who, *alive in plain]
    assert all(bool(p[2]) == bool(q[2]) for p, q in zip(swept, plain, strict=True))


def test_ten_thousand_tensors_within_each_other_take_a_second_and_not_minutes():
    """Each is used by who makes it and who makes the next, as in joins of joins."""
    count = 10_000
    spans = [(0, 4 * (t + 1), t) for t in range(count)]
    users = {t: {t, t + 1} for t in range(count)}
    begin = time.process_time()
    pieces = list(sweep(spans, users, Precedence((t, t + 1) for t in range(count)), set(), set()))
    assert time.process_time() - begin < 5
    assert [(low, who) for low, _, who, *_ in pieces] == [(4 * t, [t, count]) for t in range(count)]
