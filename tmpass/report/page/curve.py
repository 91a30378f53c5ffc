"""The curve of the page: an inline SVG picture of what a run costs against the size of the scratchpad, and its table.

bytes of a run |*
|               \\   64 KiB: 9.1 KiB streamed       a label for each knee, and for the plan
|                *--o---+
|  does not fit  |      *---
+----------------+----------> size
"""

from collections.abc import Iterator, Sequence
from html import escape

from tmpass.base.record import record
from tmpass.explanation.curve_point import CurvePoint
from tmpass.report.curve import curve_lines, curve_rows, has_shape
from tmpass.report.text import clip, one_line, short_size

_WIDTH, _LEFT, _RIGHT = 820, 76, 220
"""The width of the picture, and of its margins: for the bytes of the grid on the left, for labels on the right."""

_PLOT, _FOOT, _HEAD = 220, 40, 22
_LINE, _CHARACTER = 14, 6.2
"""The height of a line of text, and the approximate width of a character."""

_TICKS = 6


@record
class _Scale:
    """Sizes `[low, high]` from left to right, costs from 0 up to `most`; in pixels, with the plot's top at 0."""

    low: int
    high: int
    most: int

    def x(self, size: int) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (min(size, self.high) - self.low) / (self.high - self.low)

    def y(self, cost: int) -> float:
        return _PLOT * (1 - cost / self.most)


def curve_section(points: Sequence[CurvePoint] | None, memory: str) -> str:
    """The section of the page with the curve, as HTML; empty where nobody asked for it.

    Args:
        points: of the curve; none where the scratchpad has no limit.
        memory: the name of the scratchpad.
    """
    if points is None:
        return ""
    name = escape(one_line(clip(memory, 60)))
    lines = "".join(f'<p class="hint">{escape(line)}</p>' for line in curve_lines(points, memory))
    picture = _picture(points, name) if has_shape(points) else ""
    table = _table(points, open_=not picture) if points else ""
    return f'<section id="curve"><h2>What more or less of {name} costs a run</h2>{picture}{table}{lines}</section>'


def _table(points: Sequence[CurvePoint], *, open_: bool) -> str:
    heads, rows = curve_rows(points)
    kinds = ["number", "name", *["number"] * (len(heads) - 3), "name"]
    head = "".join(f'<th scope="col" class="{kind}">{escape(one)}</th>' for one, kind in zip(heads, kinds, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f'<td class="{kind}">{escape(one)}</td>' for one, kind in zip(row, kinds, strict=True))
        + "</tr>"
        for row in rows
    )
    table = f'<table class="rows"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f"<details{' open' * open_}><summary>The curve as a table</summary>{table}</details>"


def _picture(points: Sequence[CurvePoint], name: str) -> str:
    fitting = [one for one in points if one.fits]
    full = next(one.size for one in fitting if one.cost == fitting[-1].cost)
    low, most = points[0].size, fitting[0].cost
    scale = _Scale(low, full + max(1, (full - low) // 20), most)
    labels = _labels(points, scale)
    top = min([0.0, *(y - _LINE for _, _, y, _ in labels)]) - _HEAD
    box = f"0 {top:.0f} {_WIDTH} {_PLOT + _FOOT - top:.0f}"
    parts = [
        f'<svg role="img" aria-labelledby="curve-title curve-text" viewBox="{box}">',
        f'<title id="curve-title">Bytes that each run moves, against the size of {name}</title>',
        f'<desc id="curve-text">{escape(_in_words(points))}</desc>',
        *_grid(scale, name, top),
        *_line(points, fitting, scale),
        *_legend(),
        *(_label(points[at], scale, x, y, text) for at, x, y, text in labels),
        "</svg>",
    ]
    return "\n".join(parts)


def _grid(scale: _Scale, name: str, top: float) -> Iterator[str]:
    right = _WIDTH - _RIGHT
    what = "bytes of a run"
    yield f'<text x="{_LEFT}" y="{top + _LINE:.0f}">{what}</text>'
    yield f'<text x="{right}" y="{_PLOT + _FOOT - 6}" text-anchor="end">size of {name}</text>'
    for cost in _ticks(0, scale.most):
        y = scale.y(cost)
        yield f'<path class="rule" d="M{_LEFT} {y:.1f}H{right}"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{short_size(cost)}</text>'
    for size in _ticks(scale.low, scale.high):
        yield f'<text x="{scale.x(size):.1f}" y="{_PLOT + _LINE + 2}" text-anchor="middle">{short_size(size)}</text>'
        yield f'<path class="rule" d="M{scale.x(size):.1f} {_PLOT}v4"/>'


def _line(points: Sequence[CurvePoint], fitting: Sequence[CurvePoint], scale: _Scale) -> Iterator[str]:
    """The sizes that do not fit as a shade, and the cost of the others as a line."""
    least = scale.x(fitting[0].size)
    if least > _LEFT:
        proved = all(one.status == "infeasible" for one in points if not one.fits)
        text = "does not fit" if proved else "not found to fit"
        yield f'<rect class="unfit" x="{_LEFT}" y="0" width="{least - _LEFT:.1f}" height="{_PLOT}"/>'
        if least - _LEFT > _CHARACTER * len(text) + 8:
            yield f'<text x="{(_LEFT + least) / 2:.1f}" y="{_PLOT - 6}" text-anchor="middle">{text}</text>'
    alone = next((one for one in fitting if not one.moved), fitting[-1])
    if alone is not fitting[0]:
        left, right = scale.x(fitting[0].size), min(float(_WIDTH - _RIGHT), scale.x(alone.size))
        yield f'<rect class="moves" x="{left:.1f}" y="0" width="{right - left:.1f}" height="{_PLOT}"/>'
        if right - left > _CHARACTER * len("with transfers") + 8:
            yield f'<text x="{(left + right) / 2:.1f}" y="{_PLOT - 6}" text-anchor="middle">with transfers</text>'
    places = [(scale.x(one.size), scale.y(one.cost)) for one in fitting if one.size <= scale.high]
    places.append((float(_WIDTH - _RIGHT), places[-1][1]))
    yield f'<path class="line" d="M{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>'


def _legend() -> Iterator[str]:
    x = float(_LEFT)
    for kind, text in (("knee", "knee"), ("least", "least that fits"), ("own", "this plan")):
        yield f'<circle class="{kind}" cx="{x + 4:.1f}" cy="{_PLOT + _FOOT - 10}" r="4"/>'
        yield f'<text x="{x + 13:.1f}" y="{_PLOT + _FOOT - 6}">{text}</text>'
        x += 24 + _CHARACTER * len(text)


def _labels(points: Sequence[CurvePoint], scale: _Scale) -> list[tuple[int, float, float, str]]:
    """The labels of the knees, of the least size and of the plan: the number of a point, the place, the text.

    They stand above and to the right of their points, where a falling line leaves room. A label in whose place another
    one is goes up.
    """
    least = next(at for at, one in enumerate(points) if one.fits)
    outside = all(not one.streamed for one in points)
    found: list[tuple[int, float, float, str]] = []
    for at in reversed(range(len(points))):
        one = points[at]
        if not (one.knee or one.own or at == least):
            continue
        text = (
            _what(one, outside=outside) + " (this plan)" * one.own + " \N{RIGHTWARDS ARROW}" * (one.size > scale.high)
        )
        x, y = scale.x(one.size) + 8, scale.y(one.cost) - 6
        while any(
            abs(y - other) < _LINE and low < x + _CHARACTER * len(text) and x < low + _CHARACTER * len(their)
            for _, low, other, their in found
        ):
            y -= _LINE / 2
        found.append((at, x, y, text))
    return found


def _what(one: CurvePoint, *, outside: bool) -> str:
    """The size of a point, and what a run with it costs; nothing is named as bytes `outside`, or as bytes streamed."""
    costs = [f"{short_size(one.moved)} moved"] * bool(one.moved)
    costs += [f"{short_size(one.streamed)} streamed"] * bool(one.streamed or not (one.outside or outside or one.moved))
    costs += [f"{short_size(one.outside)} outside"] * bool(one.outside or not costs)
    missed = "does not fit" if one.status == "infeasible" else "not found to fit"
    return f"{short_size(one.size)}: {', '.join(costs) if one.fits else missed}"


def _label(one: CurvePoint, scale: _Scale, x: float, y: float, text: str) -> str:
    kind = "own" if one.own else "knee" if one.knee else "least"
    px, py = scale.x(one.size), scale.y(one.cost)
    lead = f'<path class="lead" d="M{px:.1f} {py:.1f}L{x - 2:.1f} {y - 3:.1f}"/>'
    dot = f'<circle class="{kind}" cx="{px:.1f}" cy="{py:.1f}" r="4"/>'
    return f'{lead}{dot}<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _in_words(points: Sequence[CurvePoint]) -> str:
    """What the picture shows, for those who do not see it."""
    fitting = [one for one in points if one.fits]
    outside = all(not one.streamed for one in points)
    texts = {one.size: _what(one, outside=outside) for one in points}
    words = [f"The least size that fits is {texts[fitting[0].size]}."]
    if knees := [texts[one.size] for one in points if one.knee]:
        words.append(f"Knees, beyond which a byte saves less than half as much: {'; '.join(knees)}.")
    words += [f"This plan has {texts[one.size]}." for one in points if one.own]
    full = next(one.size for one in fitting if one.cost == fitting[-1].cost)
    words.append(f"Beyond {short_size(full)} nothing is saved.")
    return " ".join(words)


def _ticks(low: int, high: int) -> Iterator[int]:
    """Multiples of a power of two within `[low, high]`, at most `_TICKS` and one."""
    step = 1 << max(0, (high - low) // _TICKS).bit_length()
    return iter(range(-(-low // step) * step, high + 1, step))
