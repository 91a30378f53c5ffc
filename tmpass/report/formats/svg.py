"""A plan as an SVG picture without a script: steps from left to right, addresses upwards.

Buffers and constants are rectangles. An arrow up is a copy out of the bytes that it begins in, one down a copy into
those that it ends in.

capacity - - - - - - - - - - -        dashed, only where it is near the peak
         | b         |                the bar marks the peak step
         | a   |  c  |
live     ___/-----\\___
"""

from collections.abc import Iterator
from dataclasses import replace
from html import escape

from tmpass.base.record import record
from tmpass.packing.problem import in_use
from tmpass.plans.peak_step import PeakStep, find_peak_step, live_bytes
from tmpass.plans.plan import MemoryUse, Plan, PlannedBuffer, PlannedConstant, Residence
from tmpass.plans.tensor_places import absent_tensors
from tmpass.plans.transfers import BufferCopy, buffer_copies
from tmpass.report.drawn import constant_kind, constant_name, constants_in, height_of
from tmpass.report.hues import colours_of, kind_of
from tmpass.report.labels import short_labels, shortened
from tmpass.report.needs import usable, usable_name
from tmpass.report.text import clip, one_line, short_size
from tmpass.report.transfers import about

NAME = "svg"
SUFFIX = ".svg"
SUMMARY = "a picture of the arena for documents"

WIDTH = 960
_LEFT, _RIGHT, _TOP = 84, WIDTH - 20, 44
_ARENA, _CURVE, _BETWEEN = 360, 80, 18
_FOOT, _LINE = 34, 20
_NEAR = 1.4
"""A capacity above this multiple of the peak is not drawn: it would flatten the picture."""

_CHARACTER = 6.2
"""The approximate width of a character, in pixels."""

_ARROW = 'fill="none" stroke="#7b1fa2" stroke-width="2"'
"""The look of a spill or fetch."""

_STYLE = """
text { font: 11px system-ui, sans-serif; fill: #5b636e }
.title { font-size: 14px; font-weight: 600; fill: #1a1d21 }
.name { fill: #14171c }
.box { stroke: #14171c; stroke-opacity: .45 }
.rule { stroke: #d9dde3 } .full { fill: #0b57d0; fill-opacity: .16 } .most { fill: #0b57d0 }
.limit { stroke: #c5221f; stroke-width: 2; stroke-dasharray: 7 4 } .over { fill: #c5221f }
.curve { fill: #7a8594; fill-opacity: .3; stroke: #7a8594; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
text { fill: #a0a8b3 } .title { fill: #e6e9ed } .name { fill: #14171c }
.ground { fill: #14171c } .rule { stroke: #363c45 } .full { fill: #8ab4f8; fill-opacity: .24 } .most { fill: #8ab4f8 }
.limit { stroke: #ff8a80 } .over { fill: #ff8a80 }
}
"""


def emit(plan: Plan) -> str:
    """The pictures of the memories with buffers, one below the other, with a legend of the colours."""
    return drawn(plan)


def drawn(plan: Plan, least: int = 0) -> str:
    """The pictures of `plan`; that of the first memory shows at least `least` bytes, to be compared with another."""
    colours = colours_of((plan,))
    parts: list[str] = []
    top = 0
    for memory in plan.arenas:
        parts += _memory(plan, memory, colours, top, 0 if parts else least)
        top += _TOP + _ARENA + _BETWEEN + _CURVE + _FOOT
    legend, height = _legend(colours, top)
    parts += legend
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    title = f"<title>{_text(f'{plan.model.file} on {plan.target.name}')}</title>"
    ground = f'<rect class="ground" width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    return "\n".join([head, title, f"<style>{_STYLE}</style>", ground, *parts, "</svg>"]) + "\n"


@record
class _Frame:
    """The coordinates of one memory's picture: below pixel `top`, with `steps` steps and `height` bytes."""

    top: int
    steps: int
    height: int

    @property
    def wide(self) -> float:
        """The width of a step in pixels."""
        return (_RIGHT - _LEFT) / self.steps

    @property
    def bottom(self) -> int:
        """The y coordinate of zero live bytes."""
        return self.top + _TOP + _ARENA + _BETWEEN + _CURVE

    def x(self, step: int) -> str:
        return _number(_LEFT + step * self.wide)

    def y(self, address: float) -> str:
        return _number(self.top + _TOP + _ARENA - address * _ARENA / self.height)


def _memory(plan: Plan, memory: MemoryUse, colours: dict[str, str], top: int, least: int) -> Iterator[str]:
    peak_step = find_peak_step(plan, memory)
    buffers = [b for b in plan.buffers if b.memory == memory.name and b.size]
    constants = constants_in(plan, memory)
    steps = max([len(plan.schedule), 1, *(b.upper for b in buffers), *(c.upper for c in constants)])
    capacity, height = usable(memory), max(least, height_of(plan, memory))
    near = capacity is not None and capacity <= _NEAR * height
    frame = _Frame(top, steps, max(height, capacity or 0 if near else 0, 1))
    yield f'<text class="title" x="{_LEFT}" y="{top + 18}">{_text(_title(plan, memory))}</text>'
    for part in range(5):
        address = frame.height * part // 4
        yield f'<path class="rule" d="M{_LEFT} {frame.y(address)}H{_RIGHT}"/>'
        yield _label(frame.y(address), short_size(address))
    if peak_step.buffers:
        yield from _peak_bar(peak_step, frame)
    rows, absent = plan.tensors_by_key(), absent_tensors(plan)
    labels = short_labels(row.name for row in plan.tensors)
    for b in buffers:
        kind = kind_of(plan, b, rows)
        b = replace(b, tensors=tuple([key for key in b.tensors if (b.id, key) not in absent])) if absent else b
        name = next((rows[key].name for key in b.tensors if key in rows), kind)
        what = about(plan, b)
        yield f"<g><title>{_text(_note(b, name, kind) + (f'; {what}' if what else ''))}</title>"
        yield from _buffer(b, labels.get(name, name), colours[kind], frame)
        yield "</g>"
    for copy in buffer_copies(plan):
        yield from _arrow(copy, memory, frame)
    for c in constants:
        kind, name = constant_kind(c), constant_name(c, rows)
        yield f"<g><title>{_text(_note(c, name, kind))}</title>"
        yield from _rectangle(c, (c.lower, c.upper, 0, c.size), labels.get(name, name), colours[kind], frame)
        yield "</g>"
    if near and capacity is not None:
        label = _text(usable_name(memory, size=True))
        yield f'<path class="limit" d="M{_LEFT} {frame.y(capacity)}H{_RIGHT}"/>'
        yield f'<text class="over" x="{_RIGHT}" y="{frame.y(capacity)}" dy="-5" text-anchor="end">{label}</text>'
    yield from _curve(plan, memory, peak_step, frame)


def _buffer(b: PlannedBuffer, name: str, colour: str, frame: _Frame) -> Iterator[str]:
    """The rectangles of the bytes in use of `b`, with its name where there is room."""
    for lower, upper, low, high in in_use(b):
        if low < high:
            yield from _rectangle(b, (lower, upper, low, high), name, colour, frame)


def _rectangle(
    place: Residence, part: tuple[int, int, int, int], name: str, colour: str, frame: _Frame
) -> Iterator[str]:
    """The rectangle of a part of `place`: its steps, and its bytes counted from the offset; with a name."""
    lower, upper, low, high = part
    across, up = (upper - lower) * frame.wide, (high - low) * _ARENA / frame.height
    edge = ' class="box"' if across > 3 and up > 3 else ""
    # A rectangle narrower than this would be invisible.
    size = f'width="{_number(max(across, 0.7))}" height="{_number(max(up, 0.7))}"'
    yield f'<rect{edge} x="{frame.x(lower)}" y="{frame.y(place.offset + high)}" {size} fill="{colour}"/>'
    if up > 12 and (short := shortened(name, int((across - 8) / _CHARACTER))):
        middle = frame.y(place.offset + (low + high) / 2)
        yield f'<text class="name" x="{frame.x(lower)}" y="{middle}" dx="4" dy="4">{_text(short)}</text>'


def _arrow(copy: BufferCopy, memory: MemoryUse, frame: _Frame) -> Iterator[str]:
    """The arrow of a copy in the picture of `memory`: up where it reads bytes there, down where it writes them."""
    for row, path in ((copy.source, "v-12m-4 4l4 -4l4 4"), (copy.target, "m0 -12v12m-4 -4l4 4l4 -4")):
        if row is not None and row.memory == memory.name:
            place = f"M{frame.x(copy.step)} {frame.y(row.offset + row.size / 2)}"
            title = f"{copy.direction} of {copy.bytes} B before step {copy.step}"
            yield f'<path d="{place}{path}" {_ARROW}><title>{_text(title)}</title></path>'


def _peak_bar(peak_step: PeakStep, frame: _Frame) -> Iterator[str]:
    """The bar behind the peak step, and its label."""
    top = frame.top + _TOP
    size = f'width="{_number(max(frame.wide, 2))}" height="{frame.bottom - top}"'
    yield f'<rect class="full" x="{frame.x(peak_step.at)}" y="{top}" {size}/>'
    # The label of the capacity may be at the right end of this line.
    middle = min(max(_LEFT + (peak_step.at + 0.5) * frame.wide, _LEFT + 70), _RIGHT - 200)
    label = _text(f"peak step {peak_step.at}, {short_size(peak_step.live_bytes)}")
    yield f'<text class="most" x="{_number(middle)}" y="{top - 6}" text-anchor="middle">{label}</text>'


def _curve(plan: Plan, memory: MemoryUse, peak_step: PeakStep, frame: _Frame) -> Iterator[str]:
    """The curve of live bytes, and the axis of steps."""
    most, bottom = max(peak_step.live_bytes, 1), frame.bottom
    path = [f"M{_LEFT} {bottom}"]
    for step, live in live_bytes(plan, memory):
        path.append(f"H{frame.x(step)}V{_number(bottom - live * _CURVE / most)}")
    yield f'<path class="curve" d="{"".join(path)}V{bottom}Z"/>'
    yield _label(str(bottom - _CURVE), short_size(peak_step.live_bytes))
    yield _label(str(bottom - _CURVE // 2), "live bytes")
    yield f'<text x="{_LEFT}" y="{bottom + 16}">step 0</text>'
    if frame.steps > 1:
        yield f'<text x="{_RIGHT}" y="{bottom + 16}" text-anchor="end">{frame.steps - 1}</text>'


def _label(y: str, text: str) -> str:
    return f'<text x="{_LEFT - 6}" y="{y}" dy="4" text-anchor="end">{_text(text)}</text>'


def _legend(colours: dict[str, str], top: int) -> tuple[list[str], int]:
    """The elements of the legend, in lines from pixel `top` on, and the pixel below the last."""
    parts, at = [], _LEFT
    for kind, colour in colours.items():
        name = shortened(kind, 60)
        room = 34 + int(len(name) * 7)
        if at > _LEFT and at + room > _RIGHT:
            at, top = _LEFT, top + _LINE
        parts.append(f'<rect x="{at}" y="{top}" width="12" height="12" rx="3" fill="{colour}"/>')
        parts.append(f'<text x="{at + 18}" y="{top + 10}">{_text(name)}</text>')
        at += room
    return parts, top + (_LINE + 8 if parts else 8)


def _title(plan: Plan, memory: MemoryUse) -> str:
    words = f"{plan.model.file} on {plan.target.name}, {memory.name}: {short_size(memory.needed)}"
    if memory.capacity is None:
        return words
    missing = f", {short_size(memory.shortfall)} missing" if memory.shortfall else ""
    return f"{words} of {short_size(memory.capacity)}{missing}"


def _note(place: PlannedBuffer | PlannedConstant, name: str, kind: str) -> str:
    more = f" and {len(place.tensors) - 1} more" if len(place.tensors) > 1 else ""
    return f"{name}{more}: {kind}, {place.size} B at {place.offset}, steps {place.lower} to {place.upper - 1}"


def _text(text: str) -> str:
    """`text` escaped for XML."""
    return escape(one_line(clip(text, 400)))


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
