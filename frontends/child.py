"""The child process of an isolated call: it sets its limits, calls, and sends the result to its parent."""

import os
import pickle
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from tmpass.base.errors import ModelError, TmpassError
from tmpass.base.forked import end_with, silence

from .limits import Limits

START = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); from tmpass.frontends.child import serve; serve()"
)
"""The program of a spawned child. Its standard input brings the module search path, then the call."""

NO_MEMORY = 76
"""Exit code of a child that reached its memory limit."""


def run(
    function: Callable[..., Any], arguments: tuple[Any, ...], limits: Limits | None, writable: int, parent: int
) -> NoReturn:
    """Call `function`, send its result, and end this process without the clean-up of the parent.

    Args:
        function: the function to call.
        arguments: its arguments.
        limits: what this process may use; None for no limits.
        writable: the writable end of a pipe to the parent.
        parent: the id of the process whose end also ends this one; 0 if this process ends by other means.
    """
    code = 1
    try:
        silence(1, 2)
        if parent:
            end_with(parent)
        if limits is not None:
            limits.enforce()
        pipe = open(writable, "wb")  # noqa: SIM115  # left open: its end tells the parent that this process has ended
        pipe.write(_call(function, arguments))
        pipe.flush()
        code = 0
    except MemoryError:
        code = NO_MEMORY
    finally:
        os._exit(code)


def serve() -> NoReturn:
    """Run the call that arrives on standard input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal; the parent ends this one
    function, arguments, limits, linux = pickle.load(sys.stdin.buffer)
    from threading import Thread

    Thread(target=_end_with_input, daemon=True).start()
    run(function, arguments, limits, os.dup(1), os.getppid() if linux else 0)


def _call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> bytes:
    try:
        result = function(*arguments)
    except TmpassError as error:
        result = error
    except MemoryError:
        raise
    except Exception as error:
        text = str(error).partition("\n")[0]
        result = ModelError(f"reading the model failed: {type(error).__name__}: {text}", hint="please report it")
    return pickle.dumps(result, pickle.HIGHEST_PROTOCOL)


def _end_with_input() -> None:
    """End this process when standard input ends, since the parent has ended then."""
    while os.read(0, 1):
        pass
    os._exit(1)
