"""The union of rectangles: every byte at every step that one owner holds, once."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tmpass.packing.collisions import Rectangle
from tmpass.packing.rectangle_union import union_by_class

SPANS = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(sorted)
RECTANGLES = st.builds(lambda steps, held, owner: Rectangle(*steps, *held, owner), SPANS, SPANS, st.integers(0, 3))


def cells(rectangles, classes):
    return Counter(
        (classes[r.owner], step, byte)
        for r in rectangles
        for step in range(r.lower, r.upper)
        for byte in range(r.low, r.high)
    )


@given(st.lists(RECTANGLES, max_size=8), st.sampled_from([(0, 0, 0, 0), (0, 0, 2, 2), (0, 1, 0, 3)]))
def test_each_byte_of_the_union_is_held_once(rectangles, classes):
    found = cells(union_by_class(rectangles, classes), classes)
    assert found.keys() == cells(rectangles, classes).keys()
    assert set(found.values()) <= {1}


def test_a_union_that_does_not_change_is_one_rectangle():
    many = [Rectangle(0, 10, 0, 8, i) for i in range(100)]
    assert union_by_class(many, [0] * 100) == [Rectangle(0, 10, 0, 8, 0)]
