"""The page of a split: the arena before and after, side by side, and what was changed. And the plot of trade-offs."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape

from tmpass.api.split import Split, TradeOff
from tmpass.base.sizes import format_size
from tmpass.report.drawn import height_of
from tmpass.report.formats import svg
from tmpass.report.terminal.split import PROVED, split_summary, stage_text
from tmpass.report.text import one_line, short_size

_STYLE = """
body { font: 15px system-ui, sans-serif; margin: 24px; color: #1a1d21; background: #fff }
.pair { display: flex; flex-wrap: wrap; gap: 24px } figure { flex: 1 1 480px; margin: 0 }
svg { width: 100%; height: auto }
pre { overflow-x: auto } table { border-collapse: collapse } td, th { padding: 2px 12px; text-align: right }
@media (prefers-color-scheme: dark) { body { color: #e6e9ed; background: #14171c } }
"""

_WIDTH, _HEIGHT, _MARGIN, _RIGHT = 820, 420, 84, 40


def split_page(made: Split) -> str:
    """The page of a split: pictures of both plans, and the summary."""
    after, before = made.needed
    file = f"{made.before.model.file} (split)"  # it was made in memory, and has no name
    split = replace(made.plan, model=replace(made.plan.model, file=file))
    pairs = (("before", made.before, before), ("after", split, after))
    least = max(height_of(plan, plan.memories[0]) for _, plan, _ in pairs)  # one scale for both
    figures = "".join(
        f"<figure><figcaption>{name}: {escape(format_size(needed))}</figcaption>{svg.drawn(plan, least)}</figure>"
        for name, plan, needed in pairs
    )
    title = f"{made.before.model.file}, split"
    return _page(title, f'<pre>{escape(split_summary(made))}</pre><div class="pair">{figures}</div>')


def frontier_page(points: Sequence[TradeOff], name: str) -> str:
    """The page of trade-offs: a plot of bytes against additional MACs, and the table.

    Args:
        points: at least one, those with the least work first.
        name: of the model.
    """
    first = points[0]
    rows = "".join(
        f"<tr><td>{one.needed}</td><td>{_more(one, first):+.2f} %</td><td>{one.operators}</td>"
        f'<td style="text-align:left">{escape("; ".join(map(stage_text, one.stages)) or "in one piece")}</td></tr>'
        for one in points
    )
    head = "<tr><th>bytes</th><th>MACs</th><th>operators</th><th>split</th></tr>"
    return _page(
        f"{name}: bytes against work", f"{frontier_plot(points)}<table>{head}{rows}</table><p>{escape(PROVED)}</p>"
    )


def frontier_plot(points: Sequence[TradeOff]) -> str:
    """The trade-offs as an SVG picture: additional MACs from left to right, bytes upwards."""
    first = points[0]
    most = max(*(_more(one, first) for one in points), 1.0)
    top = max(1, *(one.needed for one in points))
    wide, high = _WIDTH - _MARGIN - _RIGHT, _HEIGHT - 2 * 40

    def place(one: TradeOff) -> tuple[float, float]:
        return _MARGIN + wide * _more(one, first) / most, 40 + high * (1 - one.needed / top)

    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, points))
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{one.needed} B, {one.operators} operators</title></circle>'
        for one, (x, y) in zip(points, map(place, points), strict=True)
    )
    ticks = "".join(
        f'<text x="{_MARGIN - 8}" y="{44 + high * (1 - n / 4):.1f}" text-anchor="end">'
        f"{short_size(top * n // 4)}</text>"
        f'<text x="{_MARGIN + wide * n / 4:.1f}" y="{_HEIGHT - 16}" text-anchor="middle">{most * n / 4:+.1f} %</text>'
        for n in range(5)
    )
    frame = f'<path d="M{_MARGIN} 40V{40 + high}H{_MARGIN + wide}" fill="none" stroke="currentColor"/>'
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" fill="currentColor" font-size="12" role="img" '
        f'aria-label="bytes against additional MACs">{frame}{ticks}'
        f'<polyline points="{line}" fill="none" stroke="#0b57d0" stroke-width="2"/>{dots}</svg>'
    )


def _more(one: TradeOff, first: TradeOff) -> float:
    """The MACs in addition to those of the first, in per cent."""
    return 100 * (one.macs - first.macs) / max(1, first.macs)


def _page(title: str, body: str) -> str:
    name = escape(one_line(title))
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{name}</title><style>{_STYLE}</style>'
        f"<body><h1>{name}</h1>{body}</body></html>\n"
    )
