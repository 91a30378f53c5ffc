"""Writes results whole, and all of them or none; "-" is standard output."""

import errno
import os
import signal
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmpass.base import interrupts
from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.cli.files import reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PIECE = 1 << 20
"""Bytes to write between two checks for Ctrl-C."""


def write_whole(path: str, content: str | bytes) -> None:
    """Write `content` whole, or nothing on an error; text is written as UTF-8.

    Raises:
        UsageError: it cannot be written.
    """
    write_all([(path, content)])


def write_all(results: "Iterable[tuple[str, str | bytes]]") -> None:
    """Write each content to its path, or none of them on an error or Ctrl-C.

    First each file is written under a temporary name beside its path. Then standard output, pipes and devices are
    written, since that cannot be undone. Last the temporary files are renamed; if a rename fails, the files that were
    there before are restored. A reader of standard output that ends early, such as `head -1`, does not touch the files:
    they are written all the same.

    Raises:
        BrokenPipeError: the reader of standard output has ended; the files are written.
        UsageError: one of them cannot be written.
    """
    files, streams = list[_File](), list[tuple[str, bytes]]()
    for path, content in results:
        if not path:
            raise UsageError("the path to write to is empty", hint="give a file, or - for standard output")
        with _reported(path):
            data = content.encode() if isinstance(content, str) else content
            place = _place(path)
        if place is None:
            streams.append((path, data))
        else:
            files.append(_File(path, place, data, _beside(place)))
    with interrupts.held(), _held_back() as hold:
        try:
            for file in files:
                with _reported(file.path):
                    _make(file, hold)
            ended: BrokenPipeError | None = None
            for path, data in streams:
                try:
                    with _reported(path), hold.let_through():
                        _send(path, data)
                except BrokenPipeError as error:
                    ended = error
            _put(files)
            if ended is not None:
                raise ended
        finally:
            for file in files:
                with suppress(OSError):  # it or its folder does not exist
                    file.temporary.unlink()


@record
class _File:
    """A result for the file `place`, given by the user as `path`, written to `temporary` first."""

    path: str
    place: Path
    data: bytes
    temporary: Path


def is_standard_output(path: str) -> bool:
    """Whether `path` is `-` or a system name of standard output: /dev/stdout, /dev/fd/1, /proc/self/fd/1."""
    if path == "-":
        return True
    try:
        named = os.path.abspath(path).startswith(("/dev/", "/proc/"))
        return named and os.path.samestat(os.stat(path), os.fstat(1))
    except (OSError, ValueError):
        return False


def plain_name(path: str) -> str:
    """`-` for any name of standard output, and otherwise `path`."""
    return "-" if is_standard_output(path) else path


def _place(path: str) -> Path | None:
    """The file to create or replace, with links resolved; None for a pipe or device."""
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
    """An unused name in the folder of `place`."""
    return place.parent / f".tmpass-{os.urandom(8).hex()}"


def _make(file: _File, hold: "_Hold") -> None:
    """Write the temporary file, with the owner and permissions of the file that it replaces."""
    old = file.place.stat() if file.place.exists() else None
    handle = os.open(file.temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if old is None else 0o600)
    with os.fdopen(handle, "wb") as out:
        for start in range(0, len(file.data), _PIECE):
            hold.check()
            out.write(file.data[start : start + _PIECE])
    if old is not None:
        made = file.temporary.stat()
        if (made.st_uid, made.st_gid) != (old.st_uid, old.st_gid):
            with suppress(OSError):  # only root may change the owner
                os.chown(file.temporary, old.st_uid, old.st_gid)
        os.chmod(file.temporary, old.st_mode & 0o777)
    hold.check()


def _send(path: str, data: bytes) -> None:
    """Write to standard output, a pipe or a device."""
    if is_standard_output(path):
        click.echo(data, nl=False)  # bytes: independent of the terminal's encoding
        return
    with os.fdopen(os.open(path, os.O_WRONLY), "wb") as out:
        out.write(data)


def _put(files: list[_File]) -> None:
    """Rename every temporary file to its place; if one fails, restore all that were replaced."""
    done: list[tuple[Path, Path | None]] = []  # a replaced file, and its backup
    copies: list[Path] = []
    try:
        for file in files:
            with _reported(file.path):
                kept = _back_up(file.place) if len(files) > 1 else None
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


def _back_up(place: Path) -> Path | None:
    """A backup of the file `place`: a hard link, or a copy where there are none; None where no file exists."""
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
    """The signals that arrived while files are written; each would have ended the process."""

    def __init__(self) -> None:
        self.arrived: list[int] = []
        self._through = False

    def take(self, number: int, frame: object) -> None:
        """Handle a signal: remember it, or end the block of `let_through`."""
        del frame
        self.arrived.append(number)
        if self._through:
            raise KeyboardInterrupt

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal has arrived."""
        if self.arrived:
            raise KeyboardInterrupt

    @contextmanager
    def let_through(self) -> "Iterator[None]":
        """Let a signal end the block at once: it may wait for a reader without end."""
        self._through = True
        try:
            self.check()
            yield
        finally:
            self._through = False


@contextmanager
def _held_back() -> "Iterator[_Hold]":
    """Delay signals that would end the process until the block is done."""
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
        if hold.arrived:
            signal.raise_signal(hold.arrived[0])


def _hint(error: Exception, path: str) -> str:
    """What to do after a failed write: make room, make the folder, or name a file."""
    if isinstance(error, IsADirectoryError):
        return f"name a file in it: {os.path.join(path, 'NAME')}"
    folder = os.path.dirname(path)
    if isinstance(error, FileNotFoundError) and folder and not os.path.isdir(folder):
        return f"make the folder {folder}"
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "make room there, or name another place" if full else "check the path"


@contextmanager
def _reported(path: str) -> "Iterator[None]":
    """Turn errors of the block into a UsageError that `path` cannot be written."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: a cycle of links
        if path == "-":
            raise
        raise UsageError(f"cannot write it: {reason(error)}", where=path, hint=_hint(error, path)) from None
