"""Calls in a child process, since native code of other packages crashes or never ends on some models.

parent ── fork, or spawn ──> child: limits, then the call
   │                           │
   └────────── pickle <────────┘   the result, or the error; a crash or a limit ends only the child
"""

import pickle
import signal
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from tmpass.base.errors import ChildError, TmpassError, UsageError
from tmpass.base.forked import call_forked

from . import child
from .limits import FACTOR, Limits, limits_for

T = TypeVar("T")

METHOD = "fork" if sys.platform == "linux" else "spawn"
"""How the child starts: "fork", "spawn", or "none" for a call in this process.

Only on Linux is a fork without an exec safe: libraries of other systems do not support it.
"""

_CPU_SIGNALS = tuple(getattr(signal, name, None) for name in ("SIGPROF", "SIGXCPU"))
_MORE = f"report it with the model, or set {FACTOR}=10 to allow ten times as much"


def call_apart(function: Callable[..., T], *arguments: Any, package: str = "onnx", size: int | None = None) -> T:
    """Return `function(*arguments)`, called in a child process, which ends with this one.

    Args:
        function: pickle must find it by its name, and be able to write its result.
        arguments: where the system cannot fork, pickle must be able to write them too.
        package: the package that has the native code, for messages.
        size: bytes of the model, which decide the limits; by default, the total of all arguments that are bytes.

    Raises:
        ChildError: the child crashed or reached a limit.
        TmpassError: the call raised it, or as a ModelError something other than a TmpassError.
        UsageError: the system cannot start another process.
    """
    if METHOD == "none" or (METHOD == "spawn" and not sys.executable):
        return function(*arguments)
    if size is None:
        size = sum(len(argument) for argument in arguments if isinstance(argument, bytes))
    limits = limits_for(size)
    if METHOD == "fork":
        run = _fork
    else:
        from .spawn import spawn as run
    try:
        data, status = run(function, arguments, limits)
    except BlockingIOError as error:
        raise UsageError(f"no process can be started: {error.strerror}", hint="end other ones, or try again") from None
    if data is None:
        assert limits is not None
        raise ChildError(f"{package} did not finish this model within {limits.wall:.0f} s", hint=_MORE)
    if status != 0:
        raise _fault(package, status, limits)
    result: T | TmpassError = pickle.loads(data)
    if isinstance(result, TmpassError):
        raise result
    return result


def _fault(package: str, status: int, limits: Limits | None) -> ChildError:
    """The error for a child that ended with `status`: an exit code, or a signal as a negative number."""
    if limits is not None and -status in _CPU_SIGNALS:
        return ChildError(f"{package} needs more than {limits.seconds:.1f} s of processor time here", hint=_MORE)
    if limits is not None and status == child.NO_MEMORY:
        return ChildError(f"{package} needs more than {limits.memory >> 20} MiB of memory here", hint=_MORE)
    end = f"signal {-status}" if status < 0 else f"exit code {status}"
    return ChildError(f"{package} itself crashed on this model ({end})", hint="please report it to its developers")


def _fork(function: Callable[..., Any], arguments: tuple[Any, ...], limits: Limits | None) -> tuple[bytes | None, int]:
    """Run the call in a forked child; return what it sent, or None where it took too long, and its exit status."""
    return call_forked(
        lambda writable, parent: child.run(function, arguments, limits, writable, parent),
        None if limits is None else limits.wall,
    )
