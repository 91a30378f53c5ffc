"""Deletion: buffers are left out of a set that does not fit, until each that remains is needed for that.

The method is known from minimal unsatisfiable subsets of constraints (deletion-based extraction).
"""

from collections.abc import Sequence

import tmpass._core as _core
from tmpass.packing.conflict.oracle import FIRST_NODES, FitOracle


def delete_unneeded(places: Sequence[int], oracle: FitOracle) -> tuple[list[int], bool]:
    """A subset of `places` that does not fit either, and whether each buffer of it is known to be needed.

    A buffer is needed if the others fit without it. Groups are tried before single buffers. Where a question ends its
    nodes, it is asked again with more.
    """
    contention = dict(zip(places, _core.contention(oracle.only(places).native), strict=True))
    size = {at: b.size for at, b in zip(places, oracle.only(places).buffers, strict=True)}
    todo = sorted(places, key=lambda at: (contention[at], size[at], at))
    needed: list[int] = []
    group = max(1, len(todo) // 4)
    limit = FIRST_NODES * len(todo)
    while todo and oracle.left > 0:
        at = 0
        while at < len(todo):
            fits = oracle.fits(sorted(needed + todo[:at] + todo[at + group :]), limit)
            if fits is False:
                del todo[at : at + group]
            elif fits and group == 1:
                needed.append(todo.pop(at))
            else:
                at += group
        if group == 1:
            if limit >= oracle.left:
                break
            limit *= 8
        group = max(1, group // 2)
    return sorted(needed + todo), not todo
