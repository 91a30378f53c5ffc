"""The bytes of a model, and the frontend that reads them."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

from tmpass.base.errors import ModelError, UsageError
from tmpass.base.nearest import read_hint
from tmpass.base.reading import MOST_PIPED, read_bounded
from tmpass.loading.contract import Frontend
from tmpass.loading.registry import frontends


def open_model(source: object) -> tuple[str, bytes, Frontend]:
    """The name of the model `source`, the bytes of its file, and its frontend, found by suffix and content.

    Raises:
        UsageError: `source` is of another type than `load` takes.
        ModelError: it cannot be read, or no frontend knows it.
    """
    if isinstance(source, str | os.PathLike):
        if not os.fspath(source):
            raise UsageError("the path of the model is empty", hint="give a model file")
        path = Path(os.fsdecode(source))
        data, name = _read(path), _printable(path.name)
        return name, data, frontend_of(name, data)
    if isinstance(source, bytes | bytearray | memoryview):
        source = bytes(source)
    frontend = _first(lambda f: f.accepts(source))
    if frontend is None:
        if isinstance(source, bytes):
            raise ModelError("these bytes are not a model", where="<memory>", hint=f"formats: {_names()}")
        raise UsageError(f"{type(source).__name__} is not a model", hint=f"give a path, bytes or a model of {_names()}")
    return nameless(frontend), frontend.to_bytes(source), frontend


def frontend_of(name: str, data: bytes) -> Frontend:
    """The frontend for the file `name` with these bytes.

    Raises:
        ModelError: no frontend knows it.
    """
    head = data[:200]  # a copy of a whole model takes milliseconds
    if head.lstrip()[:1] == b"{" and b'"tmpass.plan/' in head:
        raise ModelError("it is a plan, not a model", where=name, hint="tmpass show reads plans")
    suffix = Path(name).suffix.lower()
    frontend = (
        _first(lambda f: suffix in f.SUFFIXES and f.accepts(data))
        or _first(lambda f: f.accepts(data))
        or _first(lambda f: suffix in f.SUFFIXES)  # its error says what is wrong with the file
    )
    if frontend is None:
        what = "it is not a model that tmpass reads" if data else "the file is empty"
        other = {".toml": "; --target takes a profile", ".csv": "; tmpass allocate takes a CSV of buffers"}
        raise ModelError(what, where=name, hint=f"formats: {_names()}{other.get(suffix, '')}")
    return frontend


def nameless(frontend: Frontend) -> str:
    """The name of a model that has no file."""
    return f"<memory>.{frontend.NAME}"


def _read(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        # A pipe ends when its writer does. A device such as /dev/zero may have no end, and is refused.
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
            what = "a directory" if stat.S_ISDIR(mode) else "a device"
            raise ModelError(f"it is {what}", where=str(path), hint="give a model file")
        return path.read_bytes() if stat.S_ISREG(mode) else read_bounded(path, MOST_PIPED)
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise ModelError(f"cannot read it: {reason}", where=str(path), hint=read_hint(error, str(path))) from None


def _printable(name: str) -> str:
    """`name` as text that can be written as UTF-8, with other bytes escaped."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _first(claims: Callable[[Frontend], bool]) -> Frontend | None:
    return next((f for f in frontends() if claims(f)), None)


def _names() -> str:
    return ", ".join(f.NAME for f in frontends())
