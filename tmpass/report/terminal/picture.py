"""The arena as text: steps from left to right, addresses upwards, a letter for each buffer, # and ~ for constants."""

from itertools import groupby

from tmpass.base.choices import ConstantUse
from tmpass.packing.problem import in_use
from tmpass.plans.peak_step import find_peak_step
from tmpass.plans.plan import MemoryUse, Plan, PlannedBuffer, PlannedConstant
from tmpass.report.drawn import constants_in, height_of
from tmpass.report.needs import usable, usable_name, used
from tmpass.report.text import short_size

WIDTH = 80
_MARGIN = 11
_ROWS = 20
_WIDEST_STEP = 5
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_HUES = (111, 215, 114, 210, 147, 79, 221, 218, 180, 149, 117)
"""Colour numbers of a 256-colour terminal on which dark letters are readable."""

_BLACK, _RED, _GREY = 16, "31", 250

_FREE, _STAYS, _STREAMED = -1, -2, -3
_SIGNS = {_FREE: ".", _STAYS: "#", _STREAMED: "~"}
"""Cells without a buffer: free, or a constant that is there in all steps or in one."""


def letter(buffer: int) -> str:
    """The character for buffer number `buffer`; characters repeat after 62 buffers."""
    return _LETTERS[buffer % len(_LETTERS)]


def hue(buffer: int) -> int:
    """The background colour of buffer number `buffer`, as a number of a 256-colour terminal."""
    return _HUES[buffer % len(_HUES)]


def picture(plan: Plan, memory: MemoryUse | None = None, *, colour: bool = False) -> str:
    """A drawing of one memory of `plan` in at most 80 columns; each cell shows the buffer at its centre.

    96 KiB|= capacity, 66.7 % u        a capacity above the peak is not to scale
    64 KiB|..........BBBBBBBBBB
          |AAAAAAAAAAAAAAAAAAAA        A is alive in all steps, B in the second half; a dot is free
         0+--------------------
          0                  3
                    ^ peak step 2, 64 KiB

    Args:
        plan: the plan.
        memory: the memory to draw, by default the first.
        colour: add the escape codes of a 256-colour terminal.
    """
    memory = memory or plan.memories[0]
    buffers = [b for b in plan.buffers_in(memory.name) if b.size]
    constants = constants_in(plan, memory)
    steps = max((row.upper for row in (*buffers, *constants)), default=1)
    height, capacity = max(height_of(plan, memory), 1), usable(memory)
    columns = _columns(steps)
    rows = [_painted(row) if colour else "".join(map(_sign, row))
            for row in _cells(buffers, constants, (columns, min(_ROWS, height)), (steps, height))]  # fmt: skip
    lines = [" " * _MARGIN + f"|{row}" for row in rows]
    lines[-1] = f"{short_size(height_of(plan, memory)):>{_MARGIN}}|{rows[-1]}"
    if capacity is not None:
        below = len(_covered(0, capacity, len(rows), height))
        line = f"{short_size(capacity):>{_MARGIN}}|{_capacity(memory, columns)}"
        lines.insert(below, f"\x1b[{_RED}m{line}\x1b[0m" if colour else line)
    last = str(steps - 1)
    axis = "0" + last.rjust(columns - 1) if steps > 1 and columns > len(last) else last
    under = ["0".rjust(_MARGIN) + "+" + "-" * columns, " " * (_MARGIN + 1) + axis]
    return "\n".join([*reversed(lines), *under, *_mark(plan, memory, columns, steps)]) + "\n"


def _sign(cell: int) -> str:
    return letter(cell) if cell >= 0 else _SIGNS[cell]


def _cells(
    buffers: list[PlannedBuffer], constants: list[PlannedConstant], size: tuple[int, int], extent: tuple[int, int]
) -> list[list[int]]:
    """The number of the buffer at the centre of each cell, or one of _SIGNS; the row of the lowest addresses is first.

    Args:
        buffers: of the memory.
        constants: in the memory.
        size: how many columns and rows there are.
        extent: how many steps and bytes these cover.
    """
    (columns, rows), (steps, height) = size, extent
    cells = [[_FREE] * columns for _ in range(rows)]
    for c in constants:
        across = _covered(c.lower, c.upper, columns, steps)
        sign = _STREAMED if c.use == ConstantUse.STREAMED else _STAYS
        for row in _covered(c.offset, c.offset + c.size, rows, height):
            cells[row][across.start : across.stop] = [sign] * len(across)
    for b in buffers:
        for lower, upper, low, high in in_use(b):
            across = _covered(lower, upper, columns, steps)
            for row in _covered(b.offset + low, b.offset + high, rows, height):
                number = b.id if b.first is None else b.first
                cells[row][across.start : across.stop] = [number] * len(across)
    return cells


def _painted(row: list[int]) -> str:
    """The letters of `row` with the escape codes of their background colours."""
    return "".join(
        f"\x1b[38;5;{_BLACK};48;5;{hue(i) if i >= 0 else _GREY}m{_sign(i) * len(list(run))}\x1b[0m"
        if i != _FREE
        else "." * len(list(run))
        for i, run in groupby(row)
    )


def _capacity(memory: MemoryUse, columns: int) -> str:
    """The line of the capacity, as wide as the picture, with the longest label that fits."""
    share, name = used(memory), usable_name(memory)
    percent = f", {share}" if share else ""
    words = next((w for w in (f"= {name}{percent} ", f"= {name} ", "= capacity ") if len(w) <= columns), "")
    return words.ljust(columns, "=")


def _mark(plan: Plan, memory: MemoryUse, columns: int, steps: int) -> list[str]:
    """A line that points at the peak step; none where nothing is stored."""
    peak_step = find_peak_step(plan, memory)
    if not peak_step.buffers or peak_step.at >= steps:
        return []
    column = min((2 * peak_step.at + 1) * columns // (2 * steps), columns - 1)
    words = f"peak step {peak_step.at}, {short_size(peak_step.live_bytes)}"
    begin = _MARGIN + 1 + column
    if begin + 2 + len(words) <= WIDTH:
        return [" " * begin + f"^ {words}"]
    return [" " * (begin - len(words) - 1) + f"{words} ^"]


def _columns(steps: int) -> int:
    """The width of the picture: up to _WIDEST_STEP columns for a step, or one column for several steps."""
    room = WIDTH - _MARGIN - 1
    return min(room, steps * max(1, min(room // steps, _WIDEST_STEP)))


def _covered(low: int, high: int, cells: int, extent: int) -> range:
    """The cells whose centre is in `[low, high)`, where `cells` equal cells cover `[0, extent)`."""

    def first_from(place: int) -> int:
        # Cell i has its centre at (2 i + 1) * extent / (2 * cells).
        return min(max(-((extent - 2 * cells * place) // (2 * extent)), 0), cells)

    return range(first_from(low), first_from(high))
