"""Places of ExecuTorch's specs; `test_executorch_runs.py` runs ExecuTorch itself."""

from dataclasses import dataclass
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmpass.base.choices import Status
from tmpass.base.errors import ModelError, TargetError, UsageError
from tmpass.integrations.executorch.banks import Banks, memories_of
from tmpass.integrations.executorch.place import Search, place_specs
from tmpass.integrations.executorch.specs import Around
from tmpass.packing.allocate import allocate
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Problem
from tmpass.planning.residency.banked_greedy import banked_greedy
from tmpass.planning.residency.candidates import Candidate
from tmpass.targets.load import load_target
from tmpass.targets.memory import Memory
from tmpass.targets.target import Target

TENSORS = ("activations", "variables", "inputs_outputs")


def memory(name, capacity, bandwidth=None, **more):
    return Memory(name, capacity, 16, more.pop("holds", TENSORS), bandwidth, **more)


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


def place(*specs, alignment=16, reserved=(), padding=0, banks=None):
    places, sizes = place_specs(alignment, specs, Around(tuple(reserved), padding), banks)
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
    assert place(Spec(16, [0, 1]), reserved=[0, 0, 40])[1] == [0, 16, 40]


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
    places, sizes = place_specs(alignment, drawn, Around((0, reserved), padding))
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


SRAM, PSRAM = memory("sram", 64, 100), memory("psram", None, 10)


def test_what_is_touched_most_is_in_the_fast_memory():
    hot, cold = Spec(48, [0, 3]), Spec(64, [0, 3])
    assert place(hot, cold, banks=Banks((SRAM, PSRAM), {0: 480, 1: 128})) == ([(1, 0), (2, 0)], [0, 48, 64])
    assert place(hot, cold, banks=Banks((SRAM, PSRAM), {0: 96, 1: 640})) == ([(2, 0), (1, 0)], [0, 64, 48])


def test_all_is_in_the_fast_memory_if_it_fits():
    assert place(Spec(32, [0, 1]), Spec(32, [1, 2]), banks=Banks((SRAM, PSRAM)))[1] == [0, 64]


def test_bodies_and_padding_take_room_of_a_memory():
    banks = Banks((SRAM, PSRAM))
    assert place(Spec(32, [0, 1]), reserved=[0, 24], banks=banks) == ([(1, 32)], [0, 64])
    assert place(Spec(32, [0, 1]), reserved=[0, 40], banks=banks) == ([(2, 0)], [0, 40, 32])
    assert place(Spec(32, [0, 1]), padding=40, banks=banks) == ([(2, 0)], [0, 0, 72])


def test_no_spec_enters_the_reserve_of_a_memory():
    banks = Banks((memory("sram", 64, 100, reserve=48), PSRAM))
    assert place(Spec(32, [0, 1]), Spec(16, [0, 1]), banks=banks)[0] == [(2, 0), (1, 0)]


def test_a_spec_that_names_a_memory_stays_there():
    pinned = Spec(48, [0, 1], mem_id=1)
    assert place(pinned, Spec(32, [0, 1]), banks=Banks((SRAM, PSRAM), {0: 1, 1: 900}))[0] == [(1, 0), (2, 0)]


def test_a_memory_that_the_target_does_not_have_is_left_alone():
    banks = Banks((SRAM, PSRAM))
    assert place(Spec(32, [0, 1], mem_id=4), Spec(64, [0, 1]), banks=banks) == ([(4, 0), (1, 0)], [0, 64, 0, 0, 32])


def test_views_go_where_their_storage_goes():
    base = Spec(80, [0, 1])
    view = Spec(16, [2, 3], storage_base=base, storage_base_offset=32)
    assert place(base, view, Spec(64, [3, 3]), banks=Banks((SRAM, PSRAM)))[0] == [(2, 0), (2, 32), (1, 0)]


def test_a_memory_holds_what_its_target_says():
    banks = Banks((memory("sram", 64, 100, holds=("activations",)), PSRAM), uses={1: "inputs_outputs"})
    assert place(Spec(16, [0, 1]), Spec(16, [0, 1]), banks=banks)[0] == [(1, 0), (2, 0)]
    with pytest.raises(ModelError, match="no memory holds variables; add them to the `holds` of a memory"):
        place(Spec(16, [0, 1]), banks=Banks((memory("sram", 64, holds=("activations",)),), uses={0: "variables"}))


def test_offsets_are_multiples_of_the_alignment_of_the_memory():
    wide = Memory("sram", 1024, 64, TENSORS, 100)
    places, sizes = place(Spec(16, [0, 1]), Spec(16, [0, 1]), reserved=[0, 16], banks=Banks((wide, PSRAM)))
    assert (places, sizes) == ([(1, 64), (1, 128)], [0, 144])


def test_what_does_not_fit_is_refused():
    small = memory("sram", 64), memory("tcm", 32)
    with pytest.raises(ModelError, match="do not fit into sram 64 B, tcm 32 B: 128 B are alive at node 2"):
        place(Spec(64, [0, 3]), Spec(64, [2, 3]), banks=Banks(small))


def test_banks_have_their_own_search():
    with pytest.raises(UsageError, match="only the allocator auto"):
        place_specs(16, [Spec(8, [0, 1])], Around(), Banks((SRAM,)), Search(allocator="first-fit"))


def test_the_memories_of_a_target_are_those_for_tensors():
    behind = memory("dram", None, compute=False)
    flash = memory("flash", None, holds=("weights",))
    assert memories_of(Target("board", "", "assumed", (SRAM, flash, PSRAM, behind))) == (SRAM, PSRAM)
    assert [one.name for one in memories_of(load_target("pixel6-tpu"))] == ["scratchpad"]
    with pytest.raises(TargetError, match="no memory that operators use directly holds tensors"):
        memories_of(Target("board", "", "assumed", (flash, behind)))


small_specs = st.builds(
    lambda blocks, start, length: Spec(16 * blocks, [start, start + length]),
    st.integers(0, 4),
    st.integers(0, 5),
    st.integers(0, 3),
)


def _cheapest(specs, sizes, traffic):
    """The least traffic in the second memory, over all divisions whose parts have packings; None if none has."""
    buffers = [Buffer(str(i), s.lifetime[0], s.lifetime[1] + 1, s.size) for i, s in enumerate(specs)]
    costs = []
    for chosen in product((0, 1), repeat=len(specs)):
        parts = [[b for b, m in zip(buffers, chosen, strict=True) if m == memory] for memory in (0, 1)]
        answers = [allocate(Problem(tuple(part), size, 16)) for part, size in zip(parts, sizes, strict=True)]
        if all(answer.status in (Status.OPTIMAL, Status.FEASIBLE) for answer in answers):
            costs.append(sum(traffic[i] for i, m in enumerate(chosen) if m == 1))
    return min(costs, default=None)


@given(st.lists(small_specs, max_size=5), st.integers(0, 8), st.integers(0, 8), st.lists(st.integers(0, 9), min_size=5))
def test_the_division_is_the_cheapest(drawn, fast, slow, weights):
    sizes, traffic = (16 * fast, 16 * slow), dict(enumerate(weights[: len(drawn)]))
    memories = memory("sram", sizes[0]), memory("psram", sizes[1])
    least = _cheapest(drawn, sizes, traffic)
    if least is None:
        with pytest.raises(ModelError, match="do not fit"):
            place(*drawn, banks=Banks(memories, traffic))
        return
    places, totals = place(*drawn, banks=Banks(memories, traffic))
    assert sum(traffic[i] for i, (mem_id, _) in enumerate(places) if mem_id == 2) == least
    assert all(total <= size for total, size in zip(totals[1:], sizes, strict=False))
    buffers = [Buffer(str(i), s.lifetime[0], s.lifetime[1] + 1, s.size) for i, s in enumerate(drawn)]
    for mem_id, size in enumerate(sizes, 1):
        inside = [i for i, at in enumerate(places) if at[0] == mem_id]
        problem = Problem(tuple(buffers[i] for i in inside), alignment=16)
        assert check_offsets(problem, [places[i][1] for i in inside], capacity=size) == []
    greedy = banked_greedy([Candidate(b, traffic[i], (0, 1)) for i, b in enumerate(buffers)], memories)
    assert greedy is None or least <= sum(traffic[i] for i, (m, _) in enumerate(greedy) if m == 1)
