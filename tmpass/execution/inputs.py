"""Values for the inputs of a model, from a file."""

import os
import re
from pathlib import Path

from tmpass.base.errors import UsageError

_PART = re.compile(r"(.+)\[(\d+)\]", re.DOTALL)
"""How a file names one of the tensors of a sequence: "name[0]", "name[1]", ..."""


def read_inputs(path: str | os.PathLike[str]) -> dict[str, object]:
    """The arrays in the .npz file at `path` by their names; "x[0]" and "x[1]" are the list "x".

    Raises:
        UsageError: it cannot be read, or is not such a file.
    """
    import numpy as np

    where = str(os.fspath(path))
    hint = "give a file that numpy.savez has written, with an array per input, by its name"
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
    except Exception as error:  # zip, numpy and zlib each have their own
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
            raise UsageError(f"the tensors of {name!r} are not numbered from 0 on", where=where, hint=hint)
        found[name] = [parts[index] for index in range(len(parts))]
    return found
