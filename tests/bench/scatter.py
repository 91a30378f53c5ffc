"""Marks in a plane as SVG: a logarithmic axis to the right, a linear one from 1 upwards."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, TOP = 620, 420, 60, 20
HIGHEST = 1.5
"""Marks above it are drawn at the upper edge."""

COLOURS = ("#0072b2", "#56b4e9", "#009e73", "#f0e442", "#444444", "#8c564b")
OTHER_COLOURS = ("#d55e00", "#e69f00", "#cc79a7", "#b22222", "#7f7f7f", "#9467bd")
"""After the first six series."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """Marks of one colour; the one of the mean is larger."""

    label: str
    points: tuple[Point, ...]
    mean: Point


def scatter(series: Sequence[Series], across: str, up: str) -> str:
    """The picture, with the labels below it."""
    times = [x for one in series for x, _ in one.points]
    lowest = math.floor(math.log10(max(min(times), 1e-9)))
    highest = math.ceil(math.log10(max(times))) + (max(times) <= 10**lowest)

    def place(point: Point) -> Point:
        x = (math.log10(max(point[0], 10.0**lowest)) - lowest) / (highest - lowest)
        y = (min(point[1], HIGHEST) - 1) / (HIGHEST - 1)
        return round(LEFT + WIDTH * x, 1), round(TOP + HEIGHT * (1 - y), 1)

    lines = []
    for power in range(lowest, highest + 1):
        x = place((10.0**power, 1))[0]
        lines.append(f'<path d="M{x} {TOP}V{TOP + HEIGHT}" stroke="#ddd"/>')
        lines.append(_text(x, TOP + HEIGHT + 16, f"{10.0**power:g}", "middle"))
    for tenth in range(6):
        y = place((1, 1 + tenth / 10))[1]
        lines.append(f'<path d="M{LEFT} {y}H{LEFT + WIDTH}" stroke="#ddd"/>')
        lines.append(_text(LEFT - 6, y + 4, f"{1 + tenth / 10:.1f}", "end"))
    lines.append(_text(LEFT + WIDTH / 2, TOP + HEIGHT + 34, across, "middle"))
    middle = TOP + HEIGHT / 2
    lines.append(f'<g transform="rotate(-90 16 {middle})">{_text(16, middle, up, "middle")}</g>')
    colours = (*COLOURS, *OTHER_COLOURS)
    for number, one in enumerate(series):
        colour = colours[number % len(colours)]
        lines += [_mark(place(point), 2.5, colour, 0.45) for point in one.points]
    for number, one in enumerate(series):
        colour = colours[number % len(colours)]
        y = TOP + HEIGHT + 56 + 18 * number
        lines += [_mark(place(one.mean), 8, colour, 1), _mark((LEFT + 8, y - 4), 6, colour, 1)]
        lines.append(_text(LEFT + 22, y, one.label, "start"))
    size = f"{LEFT + WIDTH + 20} {TOP + HEIGHT + 56 + 18 * len(series)}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" font-family="sans-serif" font-size="12">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *lines, "</svg>\n"])


def _mark(at: Point, radius: float, colour: str, opacity: float) -> str:
    edge = ' stroke="black"' if opacity == 1 else f' opacity="{opacity}"'
    return f'<circle cx="{at[0]}" cy="{at[1]}" r="{radius:g}" fill="{colour}"{edge}/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'
