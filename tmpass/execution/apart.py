"""An execution in a child process: native code may crash, never end, or take all memory, and hears no Ctrl-C.

parent ── fork ──> child: limits, then the run
   │ waits, up to the limit of time; Ctrl-C comes here
   └── pickle <──┘   the result or the error; a child that is late is killed, and it dies when the parent does
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
"""Elsewhere a fork without an exec is not safe with the libraries of the system."""

_HINTS: dict[int, str] = {
    signal.SIGFPE: "it may divide by 0: give other inputs with --inputs",
    signal.SIGABRT: "it may need more memory: raise --execute-bytes",
}

_IMPORTS = 256 * 2**20
"""What importing the engine and its packages takes, generously."""


def run_apart(function: Callable[[], T], limits: Limits, files: int, engine: str) -> T:
    """`function()` in a forked child where that is possible.

    Args:
        function: has a result that pickle knows.
        limits: of which those of time and memory are kept here.
        files: bytes that the files of the model have; each weight is held up to four times.
        engine: whose native code it runs, for messages.

    Raises:
        BudgetError: the time was over.
        ModelError: the child crashed.
        TmpassError: as the function raises it.
    """
    if not POSSIBLE:
        return function()
    data, status = call_forked(
        lambda writable, parent: _run(function, writable, parent, limits.bytes + 4 * files), limits.seconds
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


def _run(function: Callable[[], object], writable: int, parent: int, size: int) -> NoReturn:
    """Call, send what came of it, and end without any of the clean-up that is the parent's."""
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
            result = BudgetError("executing it takes more memory than it may", hint="raise --execute-bytes")
        except BaseException as error:
            text = str(error).partition("\n")[0]
            result = RuntimeError(f"{type(error).__name__}: {text}")
        with open(writable, "wb") as pipe:
            pickle.dump(result, pipe, pickle.HIGHEST_PROTOCOL)
        code = 0
    finally:
        os._exit(code)


def _confine(size: int) -> None:
    """Let this process take `size` more bytes of memory than it has, and what its imports take."""
    import resource

    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # numpy's; each thread has a stack, which counts
    with open("/proc/self/status") as file:
        taken = next((int(line.split()[1]) * 1024 for line in file if line.startswith("VmData:")), 0)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = taken + size + _IMPORTS
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
