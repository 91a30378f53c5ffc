"""Problems of compilers, as published with idealloc: peaks over the live bytes, and seconds of the processor."""

import time
from collections.abc import Iterator
from dataclasses import replace

from contenders import omnimalloc, present, supermalloc, tmpass
from race import race
from settings import Settings
from table import Cell, Table

from tmpass.packing.bounds import lower_bound

SEARCHES = ("hill_climb", "tabu_search")
SEARCHED_UP_TO = 3000
"""Buffers. On more, those that search do not keep to their seconds."""


def tables(settings: Settings) -> Iterator[Table]:
    """`auto`, `omni`, and the lowest of OmniMalloc's peaks: by `omni`, or by those that search."""
    rows: list[tuple[Cell, ...]] = []
    for name, given in settings.problems("compilers").items():
        problem = replace(given, capacity=None)
        live = lower_bound(problem).live_bytes
        attempts = {"auto": tmpass(problem), "omni": omnimalloc(problem, "omni")}
        if len(problem.buffers) <= SEARCHED_UP_TO:
            attempts["supermalloc"] = supermalloc(problem, settings.seconds, 1)
            attempts |= {peer: omnimalloc(problem, peer, timeout=settings.seconds) for peer in SEARCHES}
        results = race(problem, present(attempts), 1, clock=time.process_time)
        ours, omni = results.pop("auto"), results.get("omni")
        peaks = [peer.peak for peer in results.values() if peer.peak is not None]
        rows.append(
            (
                name,
                len(problem.buffers),
                _over(ours.peak, live),
                ours.seconds,
                _over(omni and omni.peak, live),
                omni and omni.seconds,
                _over(min(peaks, default=None), live),
            )
        )
    if rows:
        header = ("", "buffers", "`auto`", "s", "`omni`", "s", "best peer")
        yield Table("compilers", header, tuple(rows))


def _over(peak: int | None, live: int) -> str | None:
    """A peak over the live bytes."""
    return None if peak is None else f"{peak / live:.5f}"
