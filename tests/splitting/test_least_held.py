"""What parts hold together: the fewest bytes over all sets of parts that hold their slice, by brute force."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from tmpass.splitting.least_held import Held, least_held
from tmpass.splitting.rewrites.spans import Span

ROWS = 12
BYTES = 3 * ROWS


def brute_force(parts):
    """Each part holds the rows of its slice, which others may hold as well, or its smallest other tensor."""
    choices = [[choice for choice in (part.rows, part.bytes) if choice is not None] or [0] for part in parts]
    found = []
    for chosen in product(*choices):
        rows = {row for one in chosen if isinstance(one, Span) for row in range(one.start, one.stop)}
        found.append(len(rows) * BYTES // ROWS + sum(one for one in chosen if not isinstance(one, Span)))
    return min(found)


@st.composite
def rising(draw):
    """Parts whose slices start and stop at rising rows, as those of a stage do."""
    starts = sorted(draw(st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=6)))
    stops = sorted(draw(st.lists(st.integers(1, ROWS), min_size=len(starts), max_size=len(starts))))
    spans = [Span(start, max(start, stop)) for start, stop in zip(starts, stops, strict=True)]
    others = draw(st.lists(st.none() | st.integers(0, 20), min_size=len(starts), max_size=len(starts)))
    sliced = [draw(st.booleans()) for _ in starts]
    return [Held(span if one else None, other) for span, other, one in zip(spans, others, sliced, strict=True)]


@settings(deadline=None)
@given(rising())
def test_it_is_the_minimum_over_all_sets_of_parts(parts):
    assert least_held(parts, BYTES, ROWS) == brute_force(parts)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, ROWS - 1), st.integers(0, ROWS), st.none() | st.integers(0, 20)), max_size=6))
def test_slices_in_other_orders_are_never_overestimated(drawn):
    parts = [Held(Span(start, stop), other) for start, stop, other in drawn]
    assert least_held(parts, BYTES, ROWS) <= brute_force(parts)


def test_parts_that_hold_nothing_add_nothing():
    assert least_held([], BYTES, ROWS) == least_held([Held(None, 0)], BYTES, ROWS) == 0
