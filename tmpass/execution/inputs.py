"""Values of a model's inputs, read from a file."""

import os
import re
from pathlib import Path

from tmpass.base.errors import UsageError

_PART = re.compile(r"(.+)\[(\d+)\]", re.DOTALL)
"""The name that a file gives to a tensor of a sequence: "name[0]", "name[1]", ..."""


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
