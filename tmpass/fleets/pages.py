"""The files that a fleet writes for its rows: pages and planned models, each with the key of its row in its name."""

import os
import re
from contextlib import suppress
from pathlib import Path

from tmpass.base.errors import UsageError

_KEY = 12
"""Digits of the key in a name: no two of a million rows are expected to have the same ones."""


def page_name(folder: str | os.PathLike[str] | None, model: str, target: str, key: str) -> str | None:
    """The path of the page for a row; None without a folder.

    A page that exists is that of the row: the key in its name stands for all that decides it.
    """
    if folder is None:
        return None
    return os.path.join(os.fspath(folder), f"{_words(_base(model), _name(target))}-{key[:_KEY]}.html")


def file_name(folder: str | os.PathLike[str] | None, model: str, target: str, key: str) -> str | None:
    """The path of the planned model for a row, as `page_name` has it: its suffix is that of the model."""
    if folder is None:
        return None
    stem, suffix = os.path.splitext(_base(model))
    return os.path.join(os.fspath(folder), f"{_words(stem, _name(target))}-{key[:_KEY]}{_words(suffix)}")


def _base(model: str) -> str:
    return os.path.basename(model.replace("\\", "/").rstrip("/"))


def _name(target: str) -> str:
    """The name or the file of a target, without the suffix of the file."""
    return target.removesuffix(".toml")


def _words(*parts: str) -> str:
    """The parts as a name that every file system takes."""
    return "-".join(re.sub(r"[^\w.]+", "_", os.path.basename(part), flags=re.ASCII)[:80] for part in parts)


def write_file(path: str, content: str | bytes) -> None:
    """Write a file whole, or not at all; text as UTF-8.

    Raises:
        UsageError: it cannot be written.
    """
    part = f"{path}.{os.getpid()}.part"
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        Path(part).write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(part, path)
    except OSError as error:
        raise UsageError(f"cannot write it: {error.strerror or error}", where=path, hint="check the path") from None
    finally:
        with suppress(OSError):  # it has its name now, or was not made
            os.unlink(part)
