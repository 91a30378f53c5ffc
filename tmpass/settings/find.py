"""Finds the settings file that is nearest to a folder, upwards."""

import os
from pathlib import Path

from tmpass.base.errors import UsageError
from tmpass.base.reading import read_bounded
from tmpass.settings.misspelt import has_near
from tmpass.settings.settings import Settings

OWN = "tmpass.toml"
PROJECT = "pyproject.toml"

MAX_FILE = 1 << 20
"""The most bytes of a settings file. A pyproject.toml may have the settings of many tools."""


def find_settings(folder: str | os.PathLike[str] = ".") -> Settings | None:
    """The settings of the nearest folder, from `folder` upwards, that has any; None where there are none.

    A folder has settings in tmpass.toml, or in the table [tool.tmpass] of pyproject.toml.

    Raises:
        UsageError: a file cannot be read or is wrong, the table has nearly this name, or the folder has both.
    """
    start = Path(os.path.abspath(folder))
    for place in (start, *start.parents):
        own, project = place / OWN, place / PROJECT
        text = _text(own)
        # Other tools fill most of these files: only one with the word in it, or nearly, is parsed and has to be right.
        other = _text(project) if _names_tmpass(project) else None
        shared = None if other is None else _read(other, project)
        if text is None:
            if shared is not None:
                return shared
            continue
        if shared is not None:
            what = f"{PROJECT} beside it has the table [tool.tmpass] as well"
            raise UsageError(what, where=str(own), hint="keep one of the two")
        return _read(text, own)
    return None


def _read(text: str, path: Path) -> Settings | None:
    from tmpass.settings.read import read_settings  # which needs a TOML parser

    return read_settings(text, str(path), ("tool", "tmpass") if path.name == PROJECT else ())


def _names_tmpass(path: Path) -> bool:
    """Whether the word tmpass or nearly that is in a file, of any size and encoding; also where it cannot be read."""
    if not os.path.isfile(path):
        return False
    try:
        with path.open("rb") as file:
            return any(b"tmpass" in line or has_near(line) for line in file)
    except OSError:
        return True


def _text(path: Path) -> str | None:
    """The text of a file; None where it does not exist."""
    try:
        return read_bounded(path, MAX_FILE).decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise UsageError(f"it is not UTF-8 text at byte {error.start}", where=str(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot read it: {reason}", where=str(path), hint="check its permissions") from None
