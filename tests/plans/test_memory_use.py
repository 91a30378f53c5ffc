"""What a memory needs at least, against all ways to put its rows one above the other."""

from hypothesis import given
from hypothesis import strategies as st

from tmpass.plans.plan import MemoryUse


@given(
    st.sampled_from([1, 4, 16]),
    st.integers(0, 40),
    st.lists(st.integers(1, 40), min_size=1, max_size=4),
    st.integers(0, 150),
)
def test_proved_shortfall_holds_for_every_place_of_the_constants(
    alignment: int, peak: int, constants: list[int], capacity: int
) -> None:
    rounded = [-(-size // alignment) * alignment for size in constants]
    use = MemoryUse("ram", capacity, alignment, peak, peak, peak, constants=sum(rounded))
    ends = -(-peak // alignment) * alignment
    best = min(
        [sum(rounded) + peak]  # the buffers on top
        + [ends + sum(rounded) - padded + size for padded, size in zip(rounded, constants, strict=True)]
    )
    assert use.needed_at_least(peak) <= best <= use.needed
    assert not use.proved_shortfall or best > capacity
    assert use.needed - use.needed_at_least(peak) < alignment
    assert use.fixed_shortfall <= use.proved_shortfall <= use.shortfall
    alone = sum(rounded) - max(padded - size for padded, size in zip(rounded, constants, strict=True))
    assert not use.fixed_shortfall or alone > capacity
