"""A call in a child process: the native code of other packages crashes on some models, and never ends on others.

parent ── fork, or spawn ──> child: limits, then the call
   │                           │
   └────────── pickle <────────┘   the result, or the error; a crash or a limit ends only the child
"""

import pickle
import signal
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from tmpass.base.errors import ModelError, TmpassError, UsageError
from tmpass.base.forked import call_forked

from . import child
from .limits import FACTOR, Limits, limits_for

T = TypeVar("T")

METHOD = "fork" if sys.platform == "linux" else "spawn"
"""A fork without an exec is not safe with the libraries of other systems; "none" is a call in this process."""

_CPU_SIGNALS = tuple(getattr(signal, name, None) for name in ("SIGPROF", "SIGXCPU"))
_MORE = f"report it with the model, or set {FACTOR}=10 to allow ten times as much"


def call_apart(function: Callable[..., T], *arguments: Any, package: str = "onnx", size: int | None = None) -> T:
    """`function(*arguments)` in a child process, which ends with this one.

    Args:
        function: one that pickle finds by its name; its result is one that pickle knows.
        arguments: where the system cannot fork, pickle must know them too.
        package: whose native code it is, for messages.
        size: bytes of the model, by which limits are set; by default those of all arguments that are bytes.

    Raises:
        ModelError: the child crashed or met a limit, or the call raised what is not a TmpassError.
        TmpassError: as the call raises it.
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
        raise UsageError(f"no process can be started: {error.strerror}", hint="end others, or try again") from None
    if data is None:
        assert limits is not None
        raise ModelError(f"{package} has not ended on this model within {limits.wall:.0f} s", hint=_MORE)
    if status != 0:
        raise _fault(package, status, limits)
    result: T | TmpassError = pickle.loads(data)
    if isinstance(result, TmpassError):
        raise result
    return result


def _fault(package: str, status: int, limits: Limits | None) -> ModelError:
    """What to say of a child that ended with `status`, the negative number of a signal or an exit code."""
    if limits is not None and -status in _CPU_SIGNALS:
        return ModelError(f"{package} takes more than {limits.seconds:.1f} s of processor time here", hint=_MORE)
    if limits is not None and status == child.NO_MEMORY:
        return ModelError(f"{package} takes more than {limits.memory >> 20} MiB of memory here", hint=_MORE)
    end = f"signal {-status}" if status < 0 else f"exit code {status}"
    return ModelError(f"{package} itself crashed on this model ({end})", hint="please report it to its makers")


def _fork(function: Callable[..., Any], arguments: tuple[Any, ...], limits: Limits | None) -> tuple[bytes | None, int]:
    """What the child sent, None where it took too long; and how it ended."""
    return call_forked(
        lambda writable, parent: child.run(function, arguments, limits, writable, parent),
        None if limits is None else limits.wall,
    )
