"""The curve of a model as rows and lines of text, which the terminal and the page share."""

from collections.abc import Sequence

from tmpass.explanation.curve_point import CurvePoint, saved_per_kib
from tmpass.report.text import clip, counted, one_line, short_size


def curve_rows(points: Sequence[CurvePoint]) -> tuple[list[str], list[list[str]]]:
    """The names of the columns, and a row of texts for each of `points`: size, fits, figures, remarks.

    A figure that is the same for all sizes has no column.
    """
    streamed, outside = any(one.streamed for one in points), any(one.outside for one in points)
    timed = any(one.seconds for one in points)
    moved = any(one.moved for one in points)
    costs = streamed or outside or moved
    heads = ["moved"] * moved + ["streamed"] * streamed + ["outside"] * outside + ["time"] * timed
    heads += ["saved per KiB"] * costs
    fitting = [one for one in points if one.fits]
    first = fitting[0] if fitting and (fitting[0] is not points[0] or not points[0].size) else None
    alone = next((one for one in fitting if not one.moved), None) if moved else None
    last = next((one for one in fitting if not one.streamed), None) if streamed else None
    rows = []
    for at, one in enumerate(points):
        cells = [str(one.moved)] * moved + [str(one.streamed)] * streamed + [str(one.outside)] * outside
        cells += [_time(one.seconds)] * timed + [f"{saved_per_kib(points, at):.0f}"] * costs
        if not one.fits:
            cells = ["-"] * len(cells)
        marks = ["least that fits"] * (one is first) + ["least without transfers"] * (one is alone)
        marks += ["all constants stay"] * (one is last)
        marks += ["knee"] * one.knee + ["this plan"] * one.own
        fits = "yes" if one.fits else "unknown" if one.status == "unknown" else "no"
        fits = "with transfers" if one.fits and one.moved else fits
        rows.append([f"{one.size} ({short_size(one.size)})", fits, *cells, ", ".join(marks)])
    return ["size", "fits", *heads, ""], rows


def curve_lines(points: Sequence[CurvePoint], memory: str) -> list[str]:
    """Lines that say what the columns count, or why there are no rows.

    Args:
        points: of the curve; none where the scratchpad has no limit.
        memory: the name of the scratchpad.
    """
    name = one_line(clip(memory, 60))
    if not points:
        return [f"curve: {name} has no limit, so nothing depends on its size; give a --budget"]
    found = [f"size: of {name}, as --budget"]
    if many := sum(bool(one.moved) for one in points):
        found.append(f"moved: bytes of spills and fetches in each run, in {counted(many, 'plan')} with transfers")
    if any(one.streamed for one in points):
        found.append("streamed: bytes of constants that each run loads")
    if any(one.outside for one in points):
        found.append("outside: bytes that operators touch in other memories in each run")
    if any(one.seconds for one in points):
        computing = any(one.computing for one in points)
        found.append(f"time: of one run by the speeds of the target{'' if computing else ', without computing'}")
    if any(one.cost for one in points):
        found.append(
            "saved per KiB: bytes of a run, on average up to the next row; knee: less than half as many from here"
        )
    if not has_shape(points):
        found.append("nothing but whether it fits depends on the size")
    return found


def has_shape(points: Sequence[CurvePoint]) -> bool:
    """Whether the cost of a run depends on the size."""
    return len({one.cost for one in points if one.fits}) > 1


def _time(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1e6:.1f} us" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"
