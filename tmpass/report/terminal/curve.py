"""The curve of an explanation as text: what a run costs at each size of the scratchpad."""

from typing import TYPE_CHECKING

from tmpass.explanation.capacity_curve import saved_per_kib
from tmpass.explanation.facts import Explanation
from tmpass.report.terminal.tables import plain_table
from tmpass.report.text import clip, one_line, short_size

if TYPE_CHECKING:
    from rich.table import Table


def curve_table(known: Explanation) -> "Table | None":
    """A table with a row for each size; None where the scratchpad has no limit, or nothing was asked for."""
    points = known.curve
    if not points:
        return None
    streamed, outside = any(one.streamed for one in points), any(one.outside for one in points)
    timed = any(one.seconds for one in points)
    heads = [">streamed"] * streamed + [">outside"] * outside + [">time"] * timed
    heads += [">saved per KiB"] * (streamed or outside)
    table = plain_table(">size", "fits", *heads, "")
    fitting = [one for one in points if one.fits]
    first = fitting[0] if fitting and fitting[0] is not points[0] else None
    last = next((one for one in fitting if not one.streamed), None) if streamed else None
    for at, one in enumerate(points):
        cells = [str(one.streamed)] * streamed + [str(one.outside)] * outside
        cells += [_time(one.seconds)] * timed + [f"{saved_per_kib(points, at):.0f}"] * (streamed or outside)
        if not one.fits:
            cells = ["-"] * len(cells)
        marks = ["least that fits"] * (one is first) + ["all constants stay"] * (one is last)
        marks += ["knee"] * one.knee + ["this plan"] * one.own
        fits = "yes" if one.fits else "unknown" if one.status == "unknown" else "no"
        table.add_row(f"{one.size} ({short_size(one.size)})", fits, *cells, ", ".join(marks))
    return table


def curve_note(known: Explanation) -> str:
    """What the columns of the table count, or why there is no table; empty where nothing was asked for."""
    points, memory = known.curve, one_line(clip(known.plan.target.memory, 60))
    if points is None:
        return ""
    if not points:
        return f"curve: {memory} has no limit, so nothing depends on its size; give a --budget\n"
    found = [f"size: of {memory}, as --budget"]
    if any(one.streamed for one in points):
        found.append("streamed: bytes of constants that each run loads")
    if any(one.outside for one in points):
        found.append("outside: bytes that operators touch in other memories in each run")
    if any(one.seconds for one in points):
        found.append("time: these bytes by the bandwidth of their memory, without computing")
    if any(one.cost for one in points):
        found.append(
            "saved per KiB: bytes of a run, on average up to the next row; knee: less than half as many from here"
        )
    if len({one.cost for one in points if one.fits}) < 2:
        found.append("nothing but whether it fits depends on the size")
    return "".join(f"{line}\n" for line in found)


def _time(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1e6:.1f} us" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"
