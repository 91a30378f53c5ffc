"""Fill: what groups of options can fill of a number of bytes, where each byte is worth the same."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from math import gcd, isqrt

import tmpass._core as _core
from tmpass.base.record import record

_MAX_BITS = 2**31
"""Of all bitsets together: 256 MiB."""

_CORE = 48
"""How many groups a quick fill looks at exactly: the smallest ones, which close nearly every hole."""


@record
class Option:
    """The bytes of an option, its worth, and the weights that stay with it."""

    size: int
    worth: int
    members: tuple[int, ...]


@record
class Filled:
    """Bytes that options fill: those taken before, and `rest` bytes of the groups in the bitset."""

    size: int
    taken: tuple[Option, ...]
    rest: int


class Fill:
    """The sums that one option of each group can make. Options of a group come by rising size.

    A quick one takes large items greedily, until the smallest groups can close what is left. It may miss the best sum,
    unless it fills everything.
    """

    def __init__(self, groups: Sequence[Sequence[Option]], capacity: int, *, quick: bool) -> None:
        self.forced = [group[0] for group in groups if len(group) == 1]
        single = [g for g in groups if quick and len(g) == 2 and g[0].size == 0]
        single.sort(key=lambda g: (g[1].size, g[1].members))
        self.large = [option for _, option in reversed(single[_CORE:])]
        self.small = [g for g in groups if len(g) > 1 and not (quick and len(g) == 2 and g[0].size == 0)]
        self.small += single[:_CORE]
        self.reserve = sum(g[0].size + g[-1].size for g in self.small) // 2
        self.sums = _sums(self.small, capacity)

    @property
    def exact(self) -> bool:
        """Whether no sum is missed."""
        return not self.large and self.sums is not None

    def best(self, limit: int) -> Filled | None:
        """The most bytes up to `limit` that it finds; None where the groups need more, or are too many for bitsets."""
        if self.sums is None:
            return None
        left, taken = limit - sum(option.size for option in self.forced), list(self.forced)
        for option in self.large:
            if option.size <= left - self.reserve:
                taken.append(option)
                left -= option.size
        rest = self.sums.largest(left)
        return None if rest < 0 else Filled(limit - left + rest, tuple(taken), rest)

    def members(self, filled: Filled) -> Iterator[int]:
        """The members of the options that fill these bytes."""
        for option in filled.taken:
            yield from option.members
        if self.sums is not None:
            for group, at in zip(self.small, self.sums.choose(filled.rest), strict=True):
                yield from group[at].members


def _sums(groups: Sequence[Sequence[Option]], capacity: int) -> _core.SubsetSums | None:
    """The bitsets of all groups, or None where they would be too large."""
    options = [option.size for group in groups for option in group]
    bits = min(capacity, sum(max(o.size for o in group) for group in groups)) // (gcd(*options) or 1)
    if bits * (2 * isqrt(len(groups)) + 3) > _MAX_BITS:
        return None
    return _core.SubsetSums(starts_of(groups), options, capacity)


def starts_of(groups: Iterable[Sequence[Option]]) -> list[int]:
    """The index of the first option of each group, and the number of all options."""
    return [0, *accumulate(map(len, groups))]
