"""Places of ExecuTorch's specs; `test_executorch_runs.py` runs ExecuTorch itself."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmpass.base.errors import ModelError
from tmpass.integrations.executorch import place_specs


@dataclass(eq=False)
class Spec:
    """A TensorSpec, as far as planning asks."""

    size: int
    lifetime: list
    mem_id: int | None = None
    storage_base: "Spec | None" = None
    storage_base_offset: int = 0
    alignment: int = 1

    @property
    def allocated_memory(self):
        return -(-self.size // self.alignment) * self.alignment

    def nbytes(self):
        return self.size

    def realign(self, new_alignment):
        self.alignment = new_alignment
        return self.allocated_memory


def place(*specs, alignment=16, reserved=(), padding=0):
    places, sizes = place_specs(alignment, specs, reserved, padding)
    return [(p.mem_id, p.offset) for p in places], sizes


def test_specs_that_live_apart_share_bytes():
    places, sizes = place(Spec(30, [0, 1]), Spec(40, [2, 3]), Spec(10, [1, 2]))
    assert sizes == [0, 64]
    assert {places[0], places[1]} != {(1, 0), (1, 48)}
    assert places[2][1] in (0, 48)


def test_a_lifetime_has_both_its_ends():
    assert place(Spec(16, [0, 1]), Spec(16, [1, 2]))[1] == [0, 32]
    assert place(Spec(16, [0, 1]), Spec(16, [2, 2]))[1] == [0, 16]


def test_each_memory_is_planned_by_itself():
    places, sizes = place(Spec(16, [0, 1]), Spec(32, [0, 1], mem_id=3), Spec(16, [0, 1], mem_id=3))
    assert sizes == [0, 16, 0, 48]
    assert places[0] == (1, 0)
    assert {mem_id for mem_id, _ in places[1:]} == {3}


def test_reserved_bytes_of_bodies_stay_below():
    places, sizes = place(Spec(16, [0, 1]), Spec(16, [2, 3]), reserved=[0, 40])
    assert places == [(1, 48), (1, 48)]
    assert sizes == [0, 64]
    assert place(reserved=[0, 40])[1] == [0, 40]


def test_padding_is_behind_each_memory_in_use():
    assert place(Spec(16, [0, 1]), Spec(16, [0, 1], mem_id=3), padding=64)[1] == [0, 80, 0, 80]
    assert place(padding=64)[1] == [0, 0]


def test_a_view_is_inside_its_storage_which_lives_as_long():
    base = Spec(64, [0, 1])
    view = Spec(16, [3, 4], storage_base=base, storage_base_offset=32)
    inner = Spec(8, [5, 6], storage_base=view)
    other = Spec(64, [5, 5])
    places, sizes = place(inner, view, other, base)
    assert sizes == [0, 128]
    start = places[3][1]
    assert [places[0], places[1]] == [(1, start + 32), (1, start + 32)]


def test_a_view_is_in_the_memory_of_its_storage():
    base = Spec(64, [0, 1], mem_id=2)
    places, sizes = place(base, Spec(16, [0, 1], storage_base=base))
    assert places[1] == (2, 0)
    assert sizes == [0, 0, 64]


def test_the_rounding_of_a_view_may_leave_its_storage():
    base = Spec(64, [0, 1])
    places, sizes = place(base, Spec(8, [0, 1], storage_base=base, storage_base_offset=56))
    assert (places[1][1] - places[0][1], sizes) == (56, [0, 64])


def test_views_that_cannot_be():
    base = Spec(64, [0, 1])
    with pytest.raises(ModelError, match="view 0 is in storage that is not placed"):
        place(Spec(16, [0, 1], storage_base=base))
    with pytest.raises(ModelError, match="view 1 is not inside its storage"):
        place(base, Spec(16, [0, 1], storage_base=base, storage_base_offset=56))
    circle = Spec(16, [0, 1])
    circle.storage_base = circle
    with pytest.raises(ModelError, match="view 0 is in storage that is not placed"):
        place(circle)
    with pytest.raises(ModelError, match="spec 0 has no lifetime"):
        place(Spec(16, [None, None]))


specs = st.builds(
    lambda size, start, length, mem_id: Spec(size, [start, start + length], mem_id),
    st.integers(0, 100),
    st.integers(0, 9),
    st.integers(0, 5),
    st.sampled_from([None, 1, 2]),
)


@given(st.lists(specs, max_size=12), st.sampled_from([1, 16, 24]), st.integers(0, 50), st.integers(0, 64))
def test_laws(drawn, alignment, reserved, padding):
    places, sizes = place_specs(alignment, drawn, [0, reserved], padding)
    for a, (spec, at) in enumerate(zip(drawn, places, strict=True)):
        assert at.offset % alignment == 0
        assert at.mem_id == (spec.mem_id or 1)
        assert at.offset + spec.allocated_memory + padding <= sizes[at.mem_id]
        if at.mem_id == 1:
            assert at.offset >= reserved
        for b in range(a):
            other, there = drawn[b], places[b]
            bytes_meet = (
                at.mem_id == there.mem_id
                and at.offset < there.offset + other.allocated_memory
                and there.offset < at.offset + spec.allocated_memory
            )
            if bytes_meet:
                assert at.group == there.group, "ExecuTorch's verifier wants one object for all that overlap"
                assert spec.lifetime[0] > other.lifetime[1] or other.lifetime[0] > spec.lifetime[1]
