"""Reading of files, pipes and JSON within bounds. A device may never end, and a file may be too large to hold."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

MOST_TEXT = 128 << 20
"""The most bytes of a plan or a problem. Those of a million buffers have 100 MB."""

MOST_PIPED = 256 << 20
"""The most bytes of a model that is read from a pipe. A file may have more."""


def read_bounded(path: str | os.PathLike[str], most: int) -> bytes:
    """The bytes of the file, pipe or device `path`.

    Raises:
        OSError: it cannot be read.
        ValueError: it has more than `most` bytes, or the path is not valid.
    """
    with Path(path).open("rb") as file:
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode) and status.st_size > most:
            raise ValueError(_too_large(most))
        return read_stream(file, most)


def read_stream(stream: BinaryIO, most: int) -> bytes:
    """All bytes of `stream`.

    Raises:
        OSError: it cannot be read.
        ValueError: there are more than `most`.
    """
    chunks, size = [], 0
    while chunk := stream.read(1 << 20):
        chunks.append(chunk)
        size += len(chunk)
        if size > most:
            raise ValueError(_too_large(most))
    return b"".join(chunks)


def lone_surrogate(text: str | bytes, value: object) -> bool:
    """Whether `value` has a text with half of a surrogate pair, which cannot be written as UTF-8.

    Args:
        text: the JSON that `value` was read from. Without such an escape in it, `value` is not searched.
        value: lists, objects and texts.
    """
    if isinstance(text, str) and "\\ud" not in text and "\\uD" not in text:
        return False
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            todo += one
            todo += one.values()
        elif isinstance(one, list):
            todo += one
        elif isinstance(one, str) and any("\ud800" <= c <= "\udfff" for c in one):
            return True
    return False


def _too_large(most: int) -> str:
    return f"it has more than {most >> 20} MiB"
