"""The side of the child: it holds itself to its limits, calls, sends what came of it, and ends with its parent."""

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
"""What a spawned child runs: it is sent the path of modules, then the call."""

NO_MEMORY = 76
"""Exit code of a child that met its limit of memory."""


def run(
    function: Callable[..., Any], arguments: tuple[Any, ...], limits: Limits | None, writable: int, parent: int
) -> NoReturn:
    """Call, send what came of it, and end without any of the clean-up that is the parent's.

    Args:
        function: what to call.
        arguments: its arguments.
        limits: what this process may use.
        writable: the end of a pipe.
        parent: the process whose end ends this one; 0 where something else sees to that.
    """
    code = 1
    try:
        silence(1, 2)
        if parent:
            end_with(parent)
        if limits is not None:
            limits.enforce()
        pipe = open(writable, "wb")  # noqa: SIM115  # its end says to the parent that this process has ended
        pipe.write(_call(function, arguments))
        pipe.flush()
        code = 0
    except MemoryError:
        code = NO_MEMORY
    finally:
        os._exit(code)


def serve() -> NoReturn:
    """Run the call that comes on standard input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes of a terminal; the parent ends this one
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
        result = ModelError(f"reading it failed: {type(error).__name__}: {text}", hint="please report it")
    return pickle.dumps(result, pickle.HIGHEST_PROTOCOL)


def _end_with_input() -> None:
    """End this process at the end of standard input, which is when the parent has ended."""
    while os.read(0, 1):
        pass
    os._exit(1)
