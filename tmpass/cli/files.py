"""Files that the commands read and write; "-" stands for standard input and output."""

import errno
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmpass.errors import UsageError

if TYPE_CHECKING:
    from tmpass.plan import Plan


def read_text(path: str) -> str:
    """The text of the file `path`.

    Raises:
        UsageError: it cannot be read, or is no UTF-8.
    """
    if not path:
        raise UsageError("the path of a file is empty", hint="give a file, or - for standard input")
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"it is no UTF-8 text at byte {error.start}", where=path) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read it: {_reason(error)}", where=path, hint="check the path") from None


def read_plan(path: str) -> "Plan":
    """The plan in the file `path`.

    Raises:
        UsageError: it cannot be read, or holds no plan.
    """
    from tmpass.plan_json import parse_plan

    return parse_plan(read_text(path), path)


def write_whole(path: str, content: str | bytes) -> None:
    """Write `content`, a text as UTF-8: all of it or, on an error, nothing.

    Raises:
        UsageError: it cannot be written.
    """
    if not path:
        raise UsageError("the path to write to is empty", hint="give a file, or - for standard output")
    data = content.encode() if isinstance(content, str) else content
    if path == "-":
        click.echo(data, nl=False)  # bytes, so that the terminal's encoding has no say
        return
    try:
        # What a link leads to is replaced, not the link.
        place = Path(path).resolve()
        if place.exists() and not place.is_file():  # a device or pipe: there is nothing to replace
            place.write_bytes(data)
        else:
            _replace(place, data)
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: links in a circle
        raise UsageError(f"cannot write it: {_reason(error)}", where=path, hint="check the path") from None


def _replace(place: Path, data: bytes) -> None:
    """Put a file with `data` in the place of the old one, whose permissions it keeps, in one step."""
    handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=".tmpass-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, place.stat().st_mode & 0o777 if place.exists() else 0o666 & ~_umask())
        os.replace(temporary, place)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EBADF:
        return "it is closed"
    return getattr(error, "strerror", None) or str(error)
