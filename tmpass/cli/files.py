"""Files that the commands read and write; "-" stands for standard input and output."""

import errno
import os
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmpass import interrupts
from tmpass.errors import UsageError
from tmpass.reading import MOST_TEXT, read_bounded, read_stream

_PIECE = 1 << 20

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tmpass.plan import Plan


def read_text(path: str) -> str:
    """The text of the file `path`.

    Raises:
        UsageError: it cannot be read, or is no UTF-8.
    """
    if not path:
        raise UsageError("the path of a file is empty", hint="give a file, or - for standard input")
    try:
        data = read_stream(sys.stdin.buffer, MOST_TEXT) if path == "-" else read_bounded(path, MOST_TEXT)
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
    write_all([(path, content)])


def write_all(results: "Iterable[tuple[str, str | bytes]]") -> None:
    """Write each content to its path, or on an error none of them.

    Files are made beside their places first, and put there when all of them are made; devices, pipes and standard
    output come last.

    Raises:
        UsageError: one cannot be written.
    """
    later, moves = [], []
    with ExitStack() as drop:
        for path, content in results:
            if not path:
                raise UsageError("the path to write to is empty", hint="give a file, or - for standard output")
            data = content.encode() if isinstance(content, str) else content
            with _told(path):
                place = None if path == "-" else Path(path).resolve()  # what a link leads to is replaced, not the link
                if place is not None and place.is_dir():
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
                if place is None or (place.exists() and not place.is_file()):
                    later.append((path, place, data))
                    continue
                temporary = _make_beside(place, data)
                drop.callback(temporary.unlink, missing_ok=True)
                moves.append((path, temporary, place))
        with interrupts.held():
            for path, temporary, place in moves:
                with _told(path):
                    os.replace(temporary, place)
    for path, place, data in later:
        with _told(path):
            if place is None:
                click.echo(data, nl=False)  # bytes, so that the terminal's encoding has no say
            else:
                place.write_bytes(data)


@contextmanager
def _told(path: str) -> "Iterator[None]":
    """Say of an error that `path` cannot be written."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: links in a circle
        if path == "-":
            raise
        raise UsageError(f"cannot write it: {_reason(error)}", where=path, hint="check the path") from None


def _make_beside(place: Path, data: bytes) -> Path:
    """A file with `data` in the folder of `place`, with the permissions that are for it there."""
    with interrupts.held():
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=".tmpass-")
        interrupts.unfinished.add(name)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            for begin in range(0, len(data), _PIECE):  # Ctrl-C is seen between two of them
                file.write(data[begin : begin + _PIECE])
        os.chmod(temporary, place.stat().st_mode & 0o777 if place.exists() else 0o666 & ~_umask())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EBADF:
        return "it is closed"
    return getattr(error, "strerror", None) or str(error)
