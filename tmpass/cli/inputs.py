"""No result may take the place of what a command reads, by whatever name it is called."""

import os
import stat
from typing import TYPE_CHECKING

from tmpass.base.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

_STDIN, _STDOUT = 0, 1


def refuse_inputs(outputs: "Iterable[str | None]", inputs: "Iterable[tuple[str, str | None]]") -> None:
    """Refuse an output that is one of the `inputs`, each with words for what it is; a path that is None is not given.

    Two paths are one file if they lead to the same place, or to the same bytes: through links of either kind, in
    another case where the file system does not tell, or by a number that a process has for it.

    Raises:
        UsageError: there is one.
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
    """Refuse an output that is one of the files in which weights of `model` are.

    The model is read once more for that only where an output is there already.

    Raises:
        UsageError: there is one.
        TmpassError: the model cannot be read.
    """
    there = [path for path in outputs if path not in (None, "-") and os.path.isfile(path)]
    if not there or not os.path.isfile(model):  # a pipe is read once
        return
    from tmpass.loading.load import other_files

    folder = os.path.dirname(model)
    files = [os.path.join(folder, name) for name in other_files(model) if name]
    refuse_inputs(there, [("a file with weights of the model", path) for path in files])


def _marks(path: str, number: int) -> set[object]:
    """What tells one file from others: its place, and its number in the file system. A device has neither."""
    try:
        status = os.fstat(number) if path == "-" else os.stat(path)
    except (OSError, ValueError):
        status = None
    if status is not None and not stat.S_ISREG(status.st_mode):
        return set()
    marks: set[object] = set() if status is None else {(status.st_dev, status.st_ino)}
    try:
        return marks if path == "-" else marks | {os.path.realpath(path)}
    except (OSError, ValueError):  # the path holds a NUL
        return marks
