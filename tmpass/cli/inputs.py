"""Refuses outputs that would overwrite an input, under any name."""

import os
import stat
from typing import TYPE_CHECKING

from tmpass.base.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

_STDIN, _STDOUT = 0, 1


def refuse_inputs(outputs: "Iterable[str | None]", inputs: "Iterable[tuple[str, str | None]]") -> None:
    """Refuse an output that is the same file as an input.

    Two paths are one file if they resolve to the same path or have the same device and inode: through links of either
    kind, in other letter case on file systems that ignore it, or as a descriptor such as /dev/fd/1.

    Args:
        outputs: paths; None for an output that was not asked for.
        inputs: what each file is, for the error, and its path or None.

    Raises:
        UsageError: an output is an input.
    """
    wanted = [path for path in outputs if path is not None]
    if not wanted:
        return
    read = [(what, _marks(path, _STDIN)) for what, path in inputs if path]
    for path in wanted:
        marks = _marks(path, _STDOUT)
        for what, known in read:
            if marks & known:
                name = "standard output" if path == "-" else path
                itself = "" if what.startswith("a ") else " itself"
                raise UsageError(f"{name} is {what}{itself}: name another file")


def target_file(target: str | None) -> str | None:
    """The path of a target that is a file; None for a built-in one."""
    if target is None or not (target.endswith(".toml") or "/" in target or "\\" in target):
        return None
    return target


def refuse_weights(outputs: "Iterable[str | None]", model: str) -> None:
    """Refuse an output that is a weight file of `model`.

    The model is read for that only where an output exists already.

    Raises:
        UsageError: an output is one of these files.
        TmpassError: the model cannot be read.
    """
    there = [path for path in outputs if path not in (None, "-") and os.path.isfile(path)]
    if not there or not os.path.isfile(model):  # a pipe can be read only once
        return
    from tmpass.loading.load import other_files

    folder = os.path.dirname(model)
    files = [os.path.join(folder, name) for name in other_files(model) if name]
    refuse_inputs(there, [("a file with weights of the model", path) for path in files])


def _marks(path: str, number: int) -> set[object]:
    """The identity of a file: its resolved path, and its device and inode; empty for a device or pipe."""
    try:
        status = os.fstat(number) if path == "-" else os.stat(path)
    except (OSError, ValueError):
        status = None
    if status is not None and not stat.S_ISREG(status.st_mode):
        return set()
    marks: set[object] = set() if status is None else {(status.st_dev, status.st_ino)}
    try:
        return marks if path == "-" else marks | {os.path.realpath(path)}
    except (OSError, ValueError):  # the path contains a NUL
        return marks
