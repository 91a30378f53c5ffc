"""The pages of the plans of a fleet: a file for each, whose name has the key of its row."""

import os
import re
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
    parts = (os.path.basename(model.replace("\\", "/").rstrip("/")), os.path.basename(target))
    name = "-".join(re.sub(r"[^\w.]+", "_", part, flags=re.ASCII)[:80] for part in parts)
    return os.path.join(os.fspath(folder), f"{name}-{key[:_KEY]}.html")


def write_page(path: str, text: str) -> None:
    """Write a page whole, or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    part = f"{path}.{os.getpid()}.part"
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        Path(part).write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        raise UsageError(f"cannot write it: {error.strerror or error}", where=path, hint="check the path") from None
