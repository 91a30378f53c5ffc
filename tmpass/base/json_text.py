"""JSON that may be printed: names in it come from files, and must not steer a terminal."""

import json
from collections.abc import Callable
from typing import Any


def json_text(value: Any, *, indent: int | None = None, default: Callable[[Any], Any] | None = None) -> str:
    """`value` as JSON, letters of all scripts as they are, and as escapes what is invisible or steers a terminal:
    control characters, those that change the direction of a text, halves of surrogate pairs.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=default)
    if text.isascii() and "\x7f" not in text:
        return text
    # What is left outside of texts is ASCII; a raw line break is one of `indent`.
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
