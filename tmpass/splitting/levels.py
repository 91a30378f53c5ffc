"""Searches with little work first, then with more: what both find, and the trade-offs between bytes and work.

A search that may add much work has far more stages to choose from, and its budgets end earlier. So it does not always
find what a search with a narrow limit finds.
"""

from collections.abc import Collection

from tmpass.splitting.limit import Limit
from tmpass.splitting.search import Found, Search
from tmpass.splitting.stage import Stage

NARROW = 0.05
"""The part of additional multiply-accumulate operations that the first search may have."""

NARROW_TIME = 0.07
"""The part of additional time that the first search may have, where the times of the runtime are known. In TensorFlow
Lite Micro, splits of five models take up to 0.9 percentage points more than is estimated, so less than 8 %.
"""

BUDGETS = 24
"""The most budgets between all bytes and the fewest that `trade_offs` asks for."""


def levels(search: Search, part: float, time_part: float | None) -> tuple[Limit, ...]:
    """Limits on additional work, the narrow one first.

    Args:
        search: of the model.
        part: the highest limit on multiply-accumulate operations, as a part of the original's.
        time_part: the highest limit on time, as a part of the original's; None for any time.
    """
    macs, time = search.prices.macs, search.prices.time
    narrow = NARROW_TIME if time_part is None else min(time_part, NARROW_TIME)
    wide = None if time_part is None or not time else int(time * time_part)
    limits = (
        Limit(int(macs * min(part, NARROW)), int(time * narrow) if time else None),
        Limit(int(macs * part), wide),
    )
    return tuple(dict.fromkeys(limits))


def least(search: Search, limits: Collection[Limit]) -> Found:
    """The model with the fewest bytes that a search within any of the limits finds."""
    return min((search.least(limit) for limit in limits), key=lambda one: one.rank)


def within(
    search: Search, capacity: int, limits: Collection[Limit], tried: Collection[tuple[Stage, ...]] = ()
) -> Found | None:
    """The model within `capacity` that the first search finds which finds one; None where none does.

    The arguments are those of `Search.within`.
    """
    for limit in limits:
        found = search.within(capacity, limit, tried)
        if found is not None:
            return found
    return None


def trade_offs(search: Search, limits: Collection[Limit]) -> list[Found]:
    """The models with the least work for fewer and fewer bytes.

    Capacities fall from the bytes of the unsplit model to the fewest that are found, and each is asked for as `within`
    is. Of the answers those are kept that need fewer bytes than all with less work. The first is the unsplit model.
    """
    assert search.whole is not None
    fewest = least(search, limits)
    step = max(1, -(-(search.whole.needed - fewest.needed) // BUDGETS))
    found, capacity = [search.whole, fewest], search.whole.needed - 1
    while capacity > fewest.needed:
        one = within(search, capacity, limits)
        if one is None:
            break
        found.append(one)
        capacity = min(capacity - step, one.needed - 1)
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: one.work):
        if all(one.needed < other.needed for other in kept):
            kept.append(one)
    return kept
