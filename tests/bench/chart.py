"""A chart as SVG: panels side by side, each with a line for each series.

+-- panel --+  +-- panel --+
| \\___       |  |  \\__        |
+-----------+  +------------+   a legend below
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

COLOURS = ("#1b6ca8", "#d1495b", "#66a182", "#8d6a9f", "#b8860b", "#555555", "#2aa198", "#cb4b16")
DASHES = ("", "6 3", "2 2", "8 3 2 3", "", "6 3", "2 2", "8 3 2 3")
WIDTH, HEIGHT = 300, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 26, 34
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Fields:
        title: above it.
        across, up: what the axes are, with the unit.
        lines: name of a series -> its points (x, y).
    """

    title: str
    across: str
    up: str
    lines: dict[str, tuple[tuple[float, float], ...]]


def chart(panels: Sequence[Panel], columns: int = 3) -> str:
    """The SVG of all panels, `columns` in a row, and the legend of all series."""
    names = list(dict.fromkeys(name for panel in panels for name in panel.lines))
    rows = -(-len(panels) // columns)
    wide, high = columns * WIDTH, rows * HEIGHT + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="11">',
        f'<rect width="{wide}" height="{high}" fill="#fff"/>',
    ]
    for number, panel in enumerate(panels):
        place = f"{number % columns * WIDTH} {number // columns * HEIGHT}"
        parts += [f'<g transform="translate({place})">', *_panel(panel, names), "</g>"]
    x = _LEFT
    for name in names:
        parts.append(f'<path d="M{x} {high - 12}h22" {_stroke(names, name)}/>')
        parts.append(f'<text x="{x + 27}" y="{high - 8}">{escape(name)}</text>')
        x += 45 + round(6.2 * len(name))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: Panel, names: list[str]) -> list[str]:
    points = [point for line in panel.lines.values() for point in line]
    low, high = min(x for x, _ in points), max(x for x, _ in points)
    most = max(y for _, y in points) or 1

    def x_of(x: float) -> str:
        return f"{_LEFT + (WIDTH - _LEFT - _RIGHT) * (x - low) / ((high - low) or 1):.1f}"

    def y_of(y: float) -> str:
        return f"{HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * y / most:.1f}"

    parts = [f'<text x="{_LEFT}" y="16" font-weight="bold">{escape(panel.title)}</text>']
    for tick in range(_TICKS + 1):
        y = y_of(most * tick / _TICKS)
        parts.append(f'<path d="M{_LEFT} {y}H{WIDTH - _RIGHT}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{_LEFT - 4}" y="{float(y) + 4:.1f}" text-anchor="end">{most * tick / _TICKS:.4g}</text>'
        )
    for tick in range(3):
        value = low + (high - low) * tick / 2
        anchor = ("start", "middle", "end")[tick]
        parts.append(f'<text x="{x_of(value)}" y="{HEIGHT - 20}" text-anchor="{anchor}">{value:.4g}</text>')
    parts.append(
        f'<text x="{(WIDTH + _LEFT) // 2}" y="{HEIGHT - 7}" text-anchor="middle">{escape(panel.across)}</text>'
    )
    turned = f'transform="rotate(-90 10 {HEIGHT // 2})"'
    parts.append(f'<text x="10" y="{HEIGHT // 2}" text-anchor="middle" {turned}>{escape(panel.up)}</text>')
    for name, line in panel.lines.items():
        path = "L".join(f"{x_of(x)} {y_of(y)}" for x, y in line)
        parts.append(f'<path d="M{path}" {_stroke(names, name)}><title>{escape(name)}</title></path>')
    return parts


def _stroke(names: list[str], name: str) -> str:
    at = names.index(name) % len(COLOURS)
    dash = f' stroke-dasharray="{DASHES[at]}"' if DASHES[at] else ""
    return f'fill="none" stroke="{COLOURS[at]}" stroke-width="1.8"{dash}'
