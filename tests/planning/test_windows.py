"""Live-range gaps, compared with a look at each step."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tmpass.packing.problem import Gap
from tmpass.planning.windows import Span, find_gaps


def gaps(*spans):
    return list(find_gaps([Span(*span) for span in spans], max(span[3] for span in spans)))


def test_while_only_a_piece_is_alive_the_rest_is_free():
    #  32..64        b b b
    #   0..32  a a a a
    assert gaps((0, 4, 0, 32), (3, 6, 32, 64)) == [Gap(0, 3, 0, 32), Gap(4, 6, 32, 64)]


def test_bytes_between_two_pieces_count():
    assert gaps((0, 2, 0, 8), (0, 2, 16, 24)) == []


def test_tensors_of_one_size_have_no_gaps():
    assert gaps((0, 4, 0, 8), (3, 9, 0, 8)) == []


def test_nothing_alive_is_a_gap_without_a_window():
    assert gaps((0, 2, 0, 8), (5, 6, 0, 8)) == [Gap(2, 5)]


SPANS = st.lists(
    st.builds(
        lambda lower, steps, low, size: Span(lower, lower + steps, low, low + size),
        st.integers(0, 9), st.integers(1, 5), st.integers(0, 6), st.integers(0, 4),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@given(SPANS)
def test_at_each_step_the_window_is_what_is_alive(spans):
    size = max(span.high for span in spans)
    found = list(find_gaps(spans, size))
    for step in range(min(s.lower for s in spans), max(s.upper for s in spans)):
        alive = [s for s in spans if s.lower <= step < s.upper and s.low < s.high]
        wanted = (min(s.low for s in alive), max(s.high for s in alive)) if alive else (0, 0)
        windows = [(g.window_lower, g.window_upper) for g in found if g.lower <= step < g.upper]
        assert windows == ([] if wanted == (0, size) else [wanted])
    for one, two in pairwise(found):
        assert one.upper < two.lower or (one.window_lower, one.window_upper) != (two.window_lower, two.window_upper)
