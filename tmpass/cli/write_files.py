"""Writes results: each of them whole, and all of them or none; "-" stands for standard output."""

import errno
import os
import signal
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmpass.base import interrupts
from tmpass.base.errors import UsageError
from tmpass.cli.files import reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PIECE = 1 << 20
"""Bytes that are written before Ctrl-C is looked at again."""


def write_whole(path: str, content: str | bytes) -> None:
    """Write `content`, a text as UTF-8: all of it or, on an error, nothing.

    Raises:
        UsageError: it cannot be written.
    """
    write_all([(path, content)])


def write_all(results: "Iterable[tuple[str, str | bytes]]") -> None:
    """Write each content to its path, or on an error or Ctrl-C none of them.

    Files are made beside their places; then standard output, pipes and devices get theirs, which cannot be taken back;
    and when nothing is left that can fail, the files are put in their places. What was there before comes back where
    that fails after all.

    Raises:
        UsageError: one cannot be written.
    """
    files, streams = list[_File](), list[tuple[str, bytes]]()
    for path, content in results:
        if not path:
            raise UsageError("the path to write to is empty", hint="give a file, or - for standard output")
        with _told(path):
            data = content.encode() if isinstance(content, str) else content
            place = _place(path)
        if place is None:
            streams.append((path, data))
        else:
            files.append(_File(path, place, data, _beside(place)))
    with interrupts.held(), _held_back() as hold:
        try:
            for file in files:
                with _told(file.path):
                    _make(file, hold)
            for path, data in streams:
                with _told(path), hold.let_through():
                    _send(path, data)
            _put(files)
        finally:
            for file in files:
                with suppress(OSError):  # there is none, or no such folder
                    file.temporary.unlink()


@dataclass(frozen=True, slots=True)
class _File:
    """A result for the file `place`, which the user calls `path`; it is made in `temporary` first."""

    path: str
    place: Path
    data: bytes
    temporary: Path


def is_standard_output(path: str) -> bool:
    """Whether `path` is `-`, or a name that the system has for the same: /dev/stdout, /dev/fd/1, /proc/self/fd/1."""
    if path == "-":
        return True
    try:
        named = os.path.abspath(path).startswith(("/dev/", "/proc/"))
        return named and os.path.samestat(os.stat(path), os.fstat(1))
    except (OSError, ValueError):
        return False


def plain_name(path: str) -> str:
    """`-` for any name of standard output, and else `path`."""
    return "-" if is_standard_output(path) else path


def _place(path: str) -> Path | None:
    """The file that is to be replaced or made, what a link leads to; None for what is not a file: a pipe, a device."""
    if is_standard_output(path):
        return None
    old = Path(path)
    if old.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if old.exists():
        if old.is_block_device():
            raise OSError(errno.EINVAL, "it is a disk")
        if not old.is_file():
            return None
        if not os.access(old, os.W_OK):
            raise PermissionError(errno.EACCES, "it is read-only")
    return old.resolve()


def _beside(place: Path) -> Path:
    """A name in the folder of `place` that nobody has."""
    return place.parent / f".tmpass-{os.urandom(8).hex()}"


def _make(file: _File, hold: "_Hold") -> None:
    """Write the data into the temporary file, with the owner and permissions that its place has, or a new file gets."""
    old = file.place.stat() if file.place.exists() else None
    handle = os.open(file.temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if old is None else 0o600)
    with os.fdopen(handle, "wb") as out:
        for start in range(0, len(file.data), _PIECE):
            hold.check()
            out.write(file.data[start : start + _PIECE])
    if old is not None:
        made = file.temporary.stat()
        if (made.st_uid, made.st_gid) != (old.st_uid, old.st_gid):
            with suppress(OSError):  # only root may give a file away
                os.chown(file.temporary, old.st_uid, old.st_gid)
        os.chmod(file.temporary, old.st_mode & 0o777)
    hold.check()


def _send(path: str, data: bytes) -> None:
    """Write to standard output, a pipe or a device."""
    if is_standard_output(path):
        click.echo(data, nl=False)  # bytes, so that the terminal's encoding has no say
        return
    with os.fdopen(os.open(path, os.O_WRONLY), "wb") as out:
        out.write(data)


def _put(files: list[_File]) -> None:
    """Put every file in its place; where one cannot be, each place gets back what it had."""
    done: list[tuple[Path, Path | None]] = []  # a place, and what keeps what was there
    copies: list[Path] = []
    try:
        for file in files:
            with _told(file.path):
                kept = _keep(file.place) if len(files) > 1 else None
                copies += [] if kept is None else [kept]
                os.replace(file.temporary, file.place)
            done.append((file.place, kept))
    except UsageError:
        for place, kept in reversed(done):
            if kept is None:
                place.unlink(missing_ok=True)
            else:
                os.replace(kept, place)
        raise
    finally:
        for kept in copies:
            kept.unlink(missing_ok=True)


def _keep(place: Path) -> Path | None:
    """A second name for the file in `place`, or a copy where the file system has no such names; None for no file."""
    if not place.exists():
        return None
    kept = _beside(place)
    try:
        os.link(place, kept)
    except OSError:
        import shutil

        try:
            shutil.copy2(place, kept)
        except BaseException:
            kept.unlink(missing_ok=True)
            raise
    return kept


class _Hold:
    """What became of the signals that would end the process: `asked` are those that came."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self._through = False

    def take(self, number: int, frame: object) -> None:
        """The handler of these signals."""
        del frame
        self.asked.append(number)
        if self._through:
            raise KeyboardInterrupt

    def check(self) -> None:
        """End the work if a signal came."""
        if self.asked:
            raise KeyboardInterrupt

    @contextmanager
    def let_through(self) -> "Iterator[None]":
        """A signal ends the block at once: it may wait for a reader for ever."""
        self._through = True
        try:
            self.check()
            yield
        finally:
            self._through = False


@contextmanager
def _held_back() -> "Iterator[_Hold]":
    """Signals that would end the process do so after the block, which leaves nothing half done."""
    hold = _Hold()
    if threading.current_thread() is not threading.main_thread():
        yield hold
        return
    wanted = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: old for number in wanted if (old := signal.getsignal(number)) not in (None, signal.SIG_IGN)}
    try:
        for number in before:
            signal.signal(number, hold.take)
        yield hold
    finally:
        for number, old in before.items():
            signal.signal(number, old)
        if hold.asked:
            signal.raise_signal(hold.asked[0])


def _mend(error: Exception) -> str:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "make room there, or name another place" if full else "check the path"


@contextmanager
def _told(path: str) -> "Iterator[None]":
    """Say of an error that `path` cannot be written."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: links in a circle
        if path == "-":
            raise
        raise UsageError(f"cannot write it: {reason(error)}", where=path, hint=_mend(error)) from None
