"""Buffers left out of a set that does not fit, until each that remains is needed for that."""

from collections.abc import Sequence

import tmpass._core as _core
from tmpass.packing.conflict.oracle import FIRST_NODES, Questions


def drop(places: Sequence[int], questions: Questions) -> tuple[list[int], bool]:
    """Those of `places` without which the others fit, and whether that is known of each.

    Groups are tried before single ones; who is not known to be needed is tried again with more nodes.
    """
    crowd = _core.contention(questions.only(places).native)
    size = {at: b.size for at, b in zip(places, questions.only(places).buffers, strict=True)}
    around = dict(zip(places, crowd, strict=True))
    todo = sorted(places, key=lambda at: (around[at], size[at], at))
    needed: list[int] = []
    group = max(1, len(todo) // 4)
    limit = FIRST_NODES * len(todo)
    while todo and questions.left > 0:
        at = 0
        while at < len(todo):
            fits = questions.fits(sorted(needed + todo[:at] + todo[at + group :]), limit)
            if fits is False:
                del todo[at : at + group]
            elif fits and group == 1:
                needed.append(todo.pop(at))
            else:
                at += group
        if group == 1:
            if limit >= questions.left:
                break
            limit *= 8
        group = max(1, group // 2)
    return sorted(needed + todo), not todo
