import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmpass import _core
from tmpass.packing import collisions as module
from tmpass.packing.check import check_offsets
from tmpass.packing.collisions import Collision, Rectangle, find_collisions
from tmpass.packing.problem import Buffer, Problem

small = st.integers(0, 6)
rectangles = st.lists(
    st.builds(lambda t, d, a, s, o: Rectangle(t, t + d, a, a + s, o), small, small, small, small, small), max_size=12
)


def cells(r: Rectangle) -> set[tuple[int, int]]:
    return {(step, byte) for step in range(r.lower, r.upper) for byte in range(r.low, r.high)}


def naive(given: list[Rectangle]) -> set[frozenset[int]]:
    return {
        frozenset((a.owner, b.owner))
        for i, a in enumerate(given)
        for b in given[:i]
        if a.owner != b.owner and cells(a) & cells(b)
    }


@given(rectangles)
def test_every_pair_that_overlaps_is_found(given):
    found = find_collisions(given)
    assert {frozenset((c.first, c.second)) for c in found} == naive(given)


@given(rectangles)
def test_the_core_is_sure_exactly_where_no_two_overlap_whoever_owns_them(given):
    owned = [r._replace(owner=i) for i, r in enumerate(given)]
    assert _core.rectangles_apart(tuple(given)) == (not naive(owned))


@pytest.mark.parametrize("wrong", [2**63, -(2**63) - 1, 1.0, None, True])
def test_the_core_is_not_sure_of_what_is_not_a_number_of_64_bits(wrong):
    plain = Rectangle(0, 5, 0, 8, 1)
    assert _core.rectangles_apart((plain, Rectangle(5, 2**63 - 1, -(2**63), 8, 2)))
    for field in ("lower", "upper", "low", "high"):
        assert not _core.rectangles_apart((plain, Rectangle(5, 9, 0, 8, 2)._replace(**{field: wrong})))
    assert not _core.rectangles_apart((plain, (1, 2, 3)))
    assert not _core.rectangles_apart((plain, [1, 2, 3, 4, 5]))


class Longer(tuple):
    """A tuple that claims to be longer than it is."""

    def __len__(self):
        return 5


def test_the_core_asks_a_tuple_itself_for_its_length():
    assert not _core.rectangles_apart((Longer((1, 2)),))
    assert not _core.rectangles_apart((Longer(),))
    assert _core.rectangles_apart((Longer((1, 2, 3, 4)),))


def test_sizes_beyond_64_bits_are_compared_all_the_same():
    far = Rectangle(0, 5, 2**64, 2**64 + 8, 1)
    assert find_collisions([far, far._replace(owner=2)]) == [Collision(1, 2, 0, 2**64, 2**64 + 8)]
    assert find_collisions([far, far._replace(owner=2, lower=5, upper=6)]) == []


@given(rectangles)
def test_the_sweep_finds_some_pair_exactly_when_there_is_one(given):
    ordered = sorted(r for r in given if cells(r))
    apart = [r._replace(owner=i) for i, r in enumerate(ordered)]
    found = module._sweep(apart)
    pairs = naive(apart)
    assert bool(found) == bool(pairs)
    assert {frozenset((c.first, c.second)) for c in found} <= pairs


@given(rectangles)
def test_among_many_pairs_every_one_is_found_too(given):
    apart = [r._replace(owner=i) for i, r in enumerate(given)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_FEW_PAIRS", 0)
        found = find_collisions(apart)
    assert {frozenset((c.first, c.second)) for c in found} == naive(apart)


def test_a_collision_says_where():
    assert find_collisions([Rectangle(0, 5, 0, 8, 1), Rectangle(3, 9, 6, 10, 2)]) == [Collision(1, 2, 3, 6, 8)]


def test_rectangles_that_touch_do_not_overlap():
    assert find_collisions([Rectangle(0, 5, 0, 8, 1), Rectangle(5, 9, 0, 8, 2), Rectangle(0, 9, 8, 9, 3)]) == []


def test_a_hundred_thousand_that_are_all_alive_take_no_quadratic_time():
    stack = [Rectangle(0, 1, i, i + 1, i) for i in range(100_000)]
    assert find_collisions(stack) == []
    assert find_collisions([*stack, Rectangle(0, 1, 500, 501, -1)]) != []


def test_offsets_are_checked_for_each_law():
    problem = Problem((Buffer("a", 0, 2, 4), Buffer("b", 1, 3, 4, alignment=4), Buffer("c", 5, 6, 1, offset=2)))
    assert check_offsets(problem, (0, 4, 2)) == []
    assert [v.kind for v in check_offsets(problem, (0, 4))] == ["missing"]
    assert [v.kind for v in check_offsets(problem, (-1, 4, 2))] == ["offset"]
    assert [v.kind for v in check_offsets(problem, (0, 4, 0))] == ["offset"]
    assert [v.kind for v in check_offsets(problem, (0, 5, 2))] == ["alignment"]
    assert [v.kind for v in check_offsets(problem, (0, 4, 2), capacity=7)] == ["capacity"]
    overlap = check_offsets(problem, (2, 4, 2))[0]
    assert overlap.message == "a and b share bytes 4..5 at step 1"
