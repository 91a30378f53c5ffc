"""Values of a model's inputs, read from a file."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from tmpass.base.errors import UsageError, brief
from tmpass.base.packages import import_package

_PART = re.compile(r"(.+)\[(\d+)\]", re.DOTALL)
"""The name that a file gives to a tensor of a sequence: "name[0]", "name[1]", ..."""


def read_all(file: str | None, single: Sequence[str]) -> dict[str, object] | str | None:
    """The values of inputs from an .npz file and from single .npy files.

    Args:
        file: the path of an .npz file, or None.
        single: texts "name=file.npy", which add to what `file` has. The name ends at the last "=" before a file that
            exists, so both may have one.

    Returns:
        The values by name; `file` itself where nothing else is given.

    Raises:
        UsageError: a file cannot be read, or a name is given twice.
    """
    if not single:
        return file
    found = read_inputs(file) if file is not None else {}
    for text in single:
        name, path = _divided(text)
        if not name or not path:
            raise UsageError(f"--input {brief(text)} has no name or no file", hint="write --input NAME=FILE.npy")
        if name in found:
            raise UsageError(f"input {brief(name)} is given twice", hint="give each input one value")
        found[name] = _read_array(path)
    return found


def _divided(text: str) -> tuple[str, str]:
    """The name and the path in `text`; a part is empty where it is missing."""
    places = [place for place, letter in enumerate(text) if letter == "="]
    files = [place for place in places if place and os.path.isfile(text[place + 1 :])]
    place = files[-1] if files else text.find("=")
    return (text[:place], text[place + 1 :]) if place >= 0 else (text, "")


def _read_array(where: str) -> object:
    """The array in the .npy file at `where`."""
    np = import_package("numpy", "execute", "reading values of inputs")

    hint = "give a file that numpy.save has written"
    if not Path(where).is_file():
        raise UsageError("there is no such file", where=where, hint=hint)
    try:
        array = np.load(where, allow_pickle=False)
    except MemoryError:
        raise
    except Exception as error:
        fault = str(error).partition("\n")[0].rstrip(".")
        raise UsageError(f"it cannot be read: {fault}", where=where, hint=hint) from None
    if not isinstance(array, np.ndarray):
        raise UsageError("it has several arrays", where=where, hint="give it with --inputs, or one array as .npy")
    return array


def read_inputs(path: str | os.PathLike[str]) -> dict[str, object]:
    """The arrays in the .npz file at `path` by their names; "x[0]" and "x[1]" are the list "x".

    Raises:
        UsageError: the file cannot be read, or is not an .npz file of named arrays.
    """
    import numpy as np

    where = str(os.fspath(path))
    hint = "give a file that numpy.savez has written, with one array per input, named like the input"
    if not Path(where).is_file():
        raise UsageError("there is no such file", where=where, hint=hint)
    try:
        loaded = np.load(where, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            raise UsageError("it is one array, without a name", where=where, hint=hint)
        with loaded as file:
            arrays: dict[str, object] = {name: file[name] for name in file.files}
    except (UsageError, MemoryError):
        raise
    except Exception as error:  # zip, numpy and zlib each raise their own
        fault = str(error).partition("\n")[0].rstrip(".")
        raise UsageError(f"it cannot be read: {fault}", where=where, hint=hint) from None
    found: dict[str, object] = {}
    lists: dict[str, dict[int, object]] = {}
    for name, array in arrays.items():
        part = _PART.fullmatch(name)
        if part is None:
            found[name] = array
        else:
            lists.setdefault(part[1], {})[int(part[2])] = array
    for name, parts in lists.items():
        if sorted(parts) != list(range(len(parts))) or name in found:
            raise UsageError(f"the tensors of {name!r} are not numbered from 0 without a hole", where=where, hint=hint)
        found[name] = [parts[index] for index in range(len(parts))]
    return found
