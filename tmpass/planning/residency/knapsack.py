"""A knapsack of groups: one option of each, worth the most within a capacity. Most items are worth what they weigh.

With a price for each byte (Lagrangian relaxation) every option has a regret: what it is worth less, price included,
than the best option of its group. A choice loses its regrets and the price of unused bytes against the upper bound:

    worth = bound - (sum of regrets) - price * (capacity - bytes)

Groups whose options all have the same worth per byte as the price have no regret: what they can fill is a subset sum.
The others are enumerated, as long as their regrets are below the loss of the best choice so far. That leaves few on
networks; where it leaves many, a table over bytes decides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import gcd, isqrt

import tmpass._core as _core
from tmpass.base.record import record
from tmpass.planning.residency.fill import Fill, Option, starts_of

_BEAM = 256
"""How many partial choices are kept. Networks have fewer; where some are left out, a table over bytes decides."""

_MAX_TABLE = 2**29
"""Bytes of a table."""

_MAX_NUMBER = 2**60
"""What the kernel takes as regrets."""


@record
class Chosen:
    """Members of the chosen options, and what they are worth."""

    members: tuple[int, ...]
    worth: int


Path = tuple[Option, "Path | None"]
"""A linked list of options."""

_States = dict[int, tuple[int, Path | None]]
"""Bytes -> the least regrets of a choice that takes them, and its options."""


@dataclass(frozen=True)
class Knapsack:
    """Groups of options, and a capacity in bytes. No group is empty; options of a group come by rising size."""

    groups: Sequence[Sequence[Option]]
    capacity: int

    @cached_property
    def price(self) -> Fraction:
        """The price of a byte that makes the bound the lowest: where the best options just fit."""
        steps = {(b.worth - a.worth, b.size - a.size) for group in self.groups for a, b in pairwise(group)}
        ratios = sorted({Fraction(worth, size) for worth, size in steps if worth > 0 and size > 0})
        if not ratios or self._smallest(Fraction(0)) <= self.capacity:
            return Fraction(0)
        low, high = 0, len(ratios) - 1
        while low < high:
            middle = (low + high) // 2
            if self._smallest(ratios[middle]) <= self.capacity:
                high = middle
            else:
                low = middle + 1
        return ratios[low]

    def _smallest(self, price: Fraction) -> int:
        """The bytes of the best options at a price, of equally good ones the smallest."""
        over, under = price.numerator, price.denominator
        return sum(min((over * o.size - under * o.worth, o.size) for o in group)[1] for group in self.groups)

    @cached_property
    def _scaled(self) -> int:
        """The upper bound times the denominator of the price."""
        over, under = self.price.numerator, self.price.denominator
        return sum(max(under * o.worth - over * o.size for o in g) for g in self.groups) + over * self.capacity

    @property
    def bound(self) -> int:
        """An upper bound on what a choice is worth."""
        return self._scaled // self.price.denominator

    def solve(self, beyond: int) -> tuple[Chosen | None, int]:
        """The best choice, if it is worth more than `beyond`; and an upper bound on all choices that were left out."""
        if self.price == 0:  # all best options fit, or each group has one option
            options = [min(group, key=lambda o: (-o.worth, o.size)) for group in self.groups]
            best = Chosen(tuple(n for option in options for n in option.members), self.bound)
            fits = sum(option.size for option in options) <= self.capacity
            return (best if fits and best.worth > beyond else None), 0
        level_groups = [group for group in self.groups if not any(self._regrets(group))]
        uneven = [group for group in self.groups if any(self._regrets(group))]
        found: Chosen | None = None
        left_out = self.bound
        for quick in (True, False):
            if self.bound <= beyond:
                return found, 0
            fill = Fill(level_groups, self.capacity, quick=quick)
            states, dropped = self._enumerate(uneven, self._most(beyond))
            found = self._complete(states, fill, beyond) or found
            beyond = found.worth if found else beyond
            if fill.exact:
                left_out = 0 if dropped is None else (self._scaled - dropped) // self.price.denominator
            if left_out <= beyond:
                return found, 0
        exact = self._with_table(beyond)
        return (found, left_out) if exact is None else (exact if exact.worth > beyond else found, 0)

    def _regrets(self, group: Sequence[Option]) -> list[int]:
        """What each option is worth less than the best one, times the denominator of the price."""
        over, under = self.price.numerator, self.price.denominator
        values = [under * o.worth - over * o.size for o in group]
        return [max(values) - value for value in values]

    def _most(self, beyond: int) -> int:
        """The most regrets, times the denominator of the price, with which a choice is worth more than `beyond`."""
        return self._scaled - self.price.denominator * (beyond + 1)

    def _enumerate(self, groups: Sequence[Sequence[Option]], most: int) -> tuple[_States, int | None]:
        """The choices with regrets up to `most`; and the least regrets of those that were left out, or None."""
        states: _States = {0: (0, None)}
        dropped: int | None = None
        for group in groups:
            options = list(zip(group, self._regrets(group), strict=True))
            after: _States = {}
            for size, (regret, path) in states.items():
                for option, worse in options:
                    total, regrets = size + option.size, regret + worse
                    if regrets > most or total > self.capacity:
                        continue
                    old = after.get(total)
                    if old is None or regrets < old[0]:
                        after[total] = regrets, (option, path) if option.members else path
            if len(after) > _BEAM:
                kept = sorted(after.items(), key=lambda one: (one[1][0], one[0]))
                least = kept[_BEAM][1][0]
                dropped = least if dropped is None else min(dropped, least)
                after = dict(kept[:_BEAM])
            states = after
        return states, dropped

    def _complete(self, states: _States, fill: Fill, beyond: int) -> Chosen | None:
        """The best of `states`, filled up, if it is worth more than `beyond`."""
        best = None
        over, under = self.price.numerator, self.price.denominator
        for size, (regret, path) in sorted(states.items(), key=lambda one: (one[1][0], one[0])):
            if regret > self._most(beyond):
                break
            filled = fill.best(self.capacity - size)
            if filled is None:
                continue
            worth = (self._scaled - regret - over * (self.capacity - size - filled.size)) // under
            if worth > beyond:
                best, beyond = (path, filled, worth), worth
        if best is None:
            return None
        path, filled, worth = best
        return Chosen((*_members(path), *fill.members(filled)), worth)

    def _with_table(self, beyond: int) -> Chosen | None:
        """The best choice, with worth `beyond` where none is better; None where the table would be too large."""
        most = self._most(beyond)
        groups, regrets, fixed, capacity = [], list[int](), list[Option](), self.capacity
        for group in self.groups:
            good = [(o, r) for o, r in zip(group, self._regrets(group), strict=True) if r <= most]
            if len(good) == 1:
                fixed.append(good[0][0])
                capacity -= good[0][0].size
            else:
                groups.append([option for option, _ in good])
                regrets += [regret for _, regret in good]
        sizes = [option.size for group in groups for option in group]
        cells = max(capacity, 0) // (gcd(*sizes) or 1)
        over, under = self.price.numerator, self.price.denominator
        table = 8 * cells * (2 * isqrt(len(groups)) + 3)
        if table > _MAX_TABLE or most > _MAX_NUMBER or over * self.capacity > _MAX_NUMBER:
            return None
        if capacity < 0:
            return Chosen((), beyond)
        # Regrets of the fixed options are 0, since one of each group is.
        loss, chosen = _core.least_loss((starts_of(groups), sizes, regrets), capacity, over, most)
        if loss < 0 or loss > most:
            return Chosen((), beyond)
        options = [*fixed, *(group[at] for group, at in zip(groups, chosen, strict=True))]
        return Chosen(tuple(n for option in options for n in option.members), (self._scaled - loss) // under)


def _members(path: Path | None) -> Iterator[int]:
    while path is not None:
        option, path = path
        yield from option.members
