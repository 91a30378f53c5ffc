"""The arena as text: time across, addresses up, a letter for each buffer."""

from tmpass.emit.text import short_size
from tmpass.fullest import in_use
from tmpass.plan import MemoryUse, Plan

WIDTH = 80
_MARGIN = 11
_ROWS = 20
_WIDEST_STEP = 5
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def letter(buffer: int) -> str:
    """The character that stands for buffer number `buffer`; they repeat after 62."""
    return _LETTERS[buffer % len(_LETTERS)]


def picture(plan: Plan, memory: MemoryUse | None = None) -> str:
    """One memory of `plan`, by default its first, in at most 80 columns; each cell shows what is in its middle.

    64 KiB|..........BBBBBBBBBB
          |AAAAAAAAAAAAAAAAAAAA        A lives through all of the run, B in its second half; a dot is free
         0+--------------------
          0                  3
    """
    memory = memory or plan.memories[0]
    buffers = [b for b in plan.buffers if b.memory == memory.name and b.size]
    steps, height = max((b.upper for b in buffers), default=1), max(memory.peak, 1)
    columns, rows = _columns(steps), min(_ROWS, height)
    cells = [["."] * columns for _ in range(rows)]
    for b in buffers:
        for lower, upper, low, high in in_use(b):
            across = _covered(lower, upper, columns, steps)
            for row in _covered(b.offset + low, b.offset + high, rows, height):
                cells[row][across.start : across.stop] = letter(b.id) * len(across)
    top, *others = reversed(cells)
    lines = [f"{short_size(memory.peak):>{_MARGIN}}|{''.join(top)}"]
    lines += [" " * _MARGIN + "|" + "".join(row) for row in others]
    last = str(steps - 1)
    axis = "0" + last.rjust(columns - 1) if steps > 1 and columns > len(last) else last
    return "\n".join([*lines, "0".rjust(_MARGIN) + "+" + "-" * columns, " " * (_MARGIN + 1) + axis]) + "\n"


def _columns(steps: int) -> int:
    """As wide as there is room for: several columns for each of a few steps, one for each, or one for several."""
    room = WIDTH - _MARGIN - 1
    return min(room, steps * max(1, min(room // steps, _WIDEST_STEP)))


def _covered(low: int, high: int, cells: int, extent: int) -> range:
    """The cells, of `cells` that divide `[0, extent)` evenly, whose middle is in `[low, high)`."""

    def first_from(place: int) -> int:
        # Cell i has its middle at (2 i + 1) * extent / (2 * cells).
        return min(max(-((extent - 2 * cells * place) // (2 * extent)), 0), cells)

    return range(first_from(low), first_from(high))
