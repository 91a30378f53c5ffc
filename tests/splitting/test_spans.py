"""Rows of parts, against every window counted out."""

import pytest

from tmpass.graph.layer import Padding, Window
from tmpass.splitting.rewrites.spans import Reading, Span, reading

WINDOWS = [Window(k, s, d) for k in (1, 2, 3, 5) for s in (1, 2, 3) for d in (1, 2)]


def taps(read: Reading, g: int) -> list[int | None]:
    """The rows of the whole that element g reads; None for those outside."""
    at = [g * read.window.stride - read.before + read.window.dilation * j for j in range(read.window.size)]
    return [row if 0 <= row < read.length else None for row in at]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("padding", list(Padding))
def test_rows_that_are_right_read_what_the_whole_reads(window, padding):
    for length in range(window.reach, 10):
        whole = reading(window, padding, length)
        for start in range(length):
            for stop in range(start + 1, length + 1):
                stored = Span(start, stop)
                run = whole.same if padding is Padding.SAME else whole.unpadded
                found = run(stored, stored)
                if found is None:
                    continue
                made, right = found
                part = reading(window, padding, len(stored))
                assert len(made) == part.count
                assert made.covers(right) or not len(right)
                for g in range(right.start, right.stop):
                    mine = [None if row is None else row + start for row in taps(part, g - made.start)]
                    assert mine == taps(whole, g)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_input_of_same_padding_makes_all_wanted_rows_right(window):
    for length in range(window.reach, 12):
        whole = reading(window, Padding.SAME, length)
        for first in range(whole.count):
            for last in range(first, whole.count):
                rows = Span(first, last + 1)
                stored = whole.same_input(rows)
                if stored is not None:
                    assert whole.same(stored, stored)[1].covers(rows)
        everything = whole.same_input(Span(0, whole.count))
        assert everything is not None
        assert whole.same(everything, everything)[0] == Span(0, whole.count)


def test_a_window_of_one_needs_what_it_makes():
    whole = reading(Window(), Padding.SAME, 9)
    assert whole.same_input(Span(3, 5)) == Span(3, 5)
    assert whole.same(Span(3, 5), Span(3, 4)) == (Span(3, 5), Span(3, 4))


def test_an_interior_part_of_three_rows_has_one_right_row():
    whole = reading(Window(3), Padding.SAME, 9)
    assert whole.same(Span(3, 6), Span(3, 6)) == (Span(3, 6), Span(4, 5))
    assert whole.same(Span(0, 3), Span(0, 3)) == (Span(0, 3), Span(0, 2))


def test_a_part_at_another_place_of_the_stride_is_refused():
    whole = reading(Window(3, 2), Padding.SAME, 8)
    assert whole.same(Span(2, 6), Span(2, 6)) == (Span(1, 3), Span(1, 2))
    assert whole.same(Span(3, 7), Span(3, 7)) is None
