"""JSON that is safe to print. Names in it come from files and must not control a terminal."""

import json
from collections.abc import Callable
from typing import Any


def json_text(value: Any, *, indent: int | None = None, default: Callable[[Any], Any] | None = None) -> str:
    """`value` as JSON in which every character is printable.

    Letters of all scripts stay as they are. Control characters, those that change the direction of a text, and halves
    of surrogate pairs are escaped.

    Args:
        value: what `json.dumps` takes.
        indent: spaces per level, or None for one line.
        default: converts what JSON has no form for.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=default)
    if text.isascii() and "\x7f" not in text:
        return text
    # Outside of strings all is ASCII, and the only raw line breaks are those of `indent`.
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
