"""A call in a child process, since native code may crash, never end, take all memory or ignore Ctrl-C.

parent ── fork ──> child: sets its limits, then calls the function
   │                 │
   │ waits until the limit of time; receives Ctrl-C
   │                 │
   └─── pickle <─────┘  the result or the error

A child that exceeds the time is killed. A child also dies when its parent does.
"""

import os
import pickle
import signal
import sys
from collections.abc import Callable
from typing import NoReturn, TypeVar

from tmpass.base.errors import BudgetError, ModelError, TmpassError
from tmpass.base.forked import call_forked, end_with, silence
from tmpass.execution.limits import Limits

T = TypeVar("T")

POSSIBLE = sys.platform == "linux"
"""Whether a child process is used. On other systems a fork without an exec is not safe with the system's libraries."""

_HINTS: dict[int, str] = {
    signal.SIGFPE: "it may divide by 0: give other inputs with --inputs",
    signal.SIGABRT: "it may need more memory: raise --execute-bytes",
}

_IMPORTS = 256 * 2**20
"""Bytes that importing the engine and its packages takes, with a margin."""


def run_in_child(function: Callable[[], T], limits: Limits, files: int, engine: str) -> T:
    """The result of `function()`, called in a forked child where that is possible.

    Args:
        function: its result must be picklable.
        limits: those of time and memory are enforced here.
        files: bytes of the model's files; each weight is held up to four times.
        engine: names the native code in messages.

    Raises:
        BudgetError: the limit of time or memory was reached.
        ModelError: the child crashed.
        TmpassError: the function raised it.
    """
    if not POSSIBLE:
        return function()
    data, status = call_forked(
        lambda writable, parent: _run_and_exit(function, writable, parent, limits.bytes + 4 * files), limits.seconds
    )
    if data is None:
        what = f"executing it has not ended within {limits.seconds:g} seconds"
        raise BudgetError(what, hint="raise --execute-seconds")
    if status != 0:
        end = f"signal {-status}" if status < 0 else f"exit code {status}"
        hint = _HINTS.get(-status, "please report it to its makers")
        raise ModelError(f"{engine} itself crashed on this model ({end})", hint=hint)
    result: T | BaseException = pickle.loads(data)
    if isinstance(result, BaseException):
        raise result
    return result


def _run_and_exit(function: Callable[[], object], writable: int, parent: int, size: int) -> NoReturn:
    """Call `function`, send its result or error, and exit without the clean-up handlers, which are the parent's."""
    code = 1
    try:
        end_with(parent)
        silence(2)
        result: object
        try:
            _confine(size)
            result = function()
        except TmpassError as error:
            result = error
        except MemoryError:
            result = BudgetError("executing it takes more memory than allowed", hint="raise --execute-bytes")
        except BaseException as error:
            text = str(error).partition("\n")[0]
            result = RuntimeError(f"{type(error).__name__}: {text}")
        with open(writable, "wb") as pipe:
            pickle.dump(result, pipe, pickle.HIGHEST_PROTOCOL)
        code = 0
    finally:
        os._exit(code)


def _confine(size: int) -> None:
    """Limit the memory of this process to what it has, plus `size` bytes, plus what imports take."""
    import resource

    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # numpy starts threads, and their stacks count
    with open("/proc/self/status") as file:
        taken = next((int(line.split()[1]) * 1024 for line in file if line.startswith("VmData:")), 0)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = taken + size + _IMPORTS
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
