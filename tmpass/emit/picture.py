"""The arena as text: time across, addresses up, a letter for each buffer."""

from tmpass.plan import Plan
from tmpass.sizes import format_size

WIDTH = 80
_MARGIN = 11
_ROWS = 20
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def letter(buffer: int) -> str:
    """The character that stands for buffer number `buffer`; they repeat after 62."""
    return _LETTERS[buffer % len(_LETTERS)]


def picture(plan: Plan) -> str:
    """`plan`'s first memory in at most 80 columns; each cell shows what is in its middle, a dot where it is free.

    64 KiB|....BBBB
          |AAAAAAAA        A lives through all of the run, B in its second half
         0+--------
          0       7
    """
    memory = plan.memories[0]
    buffers = [b for b in plan.buffers if b.memory == memory.name and b.size]
    steps = max((b.upper for b in buffers), default=1)
    columns, rows = min(WIDTH - _MARGIN - 1, steps), min(_ROWS, max(memory.peak, 1))
    cells = [["."] * columns for _ in range(rows)]
    for b in buffers:
        # Doubled, so that the middle of a cell is a whole number.
        across = _covered(b.lower, b.upper, columns, steps)
        for row in _covered(b.offset, b.offset + b.size, rows, max(memory.peak, 1)):
            cells[row][across.start : across.stop] = letter(b.id) * len(across)
    lines = [f"{_label(memory.peak * (row + 1) // rows if row + 1 == rows else None)}|{''.join(cells[row])}"
             for row in reversed(range(rows))]  # fmt: skip
    last = str(steps - 1)
    axis = "0" + last.rjust(columns - 1) if columns > len(last) else last
    return "\n".join([*lines, "0".rjust(_MARGIN) + "+" + "-" * columns, " " * (_MARGIN + 1) + axis]) + "\n"


def _label(address: int | None) -> str:
    if address is None:
        return " " * _MARGIN
    text = format_size(address)
    return text[text.index("(") + 1 : -1].rjust(_MARGIN) if "(" in text else text.rjust(_MARGIN)


def _covered(low: int, high: int, cells: int, extent: int) -> range:
    """The cells, of `cells` that divide `[0, extent)` evenly, whose middle is in `[low, high)`."""
    # Cell i has its middle at (2 i + 1) * extent / (2 * cells).
    first = max(-((extent - 2 * cells * low) // (2 * extent)), 0)
    last = max(-((extent - 2 * cells * high) // (2 * extent)), 0)
    return range(min(first, cells), min(last, cells))
