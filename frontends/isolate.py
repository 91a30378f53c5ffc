"""A call in a child process: the native code of other packages crashes on some models.

parent ── fork ──> child: run the call
   │                 │
   └── pickle <──────┘   the result, or the error; a crash ends only the child
"""

import faulthandler
import os
import pickle
import sys
import warnings
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from tmpass.errors import ModelError, TmpassError

T = TypeVar("T")

POSSIBLE = sys.platform == "linux"
"""Elsewhere a fork without an exec is not safe with the libraries of the system."""


def call_apart(function: Callable[..., T], *arguments: Any, package: str = "onnx") -> T:
    """`function(*arguments)`, in a forked child where that is possible; the result must be one that pickle knows.
    `package` is whose native code it is.

    Raises:
        ModelError: the child crashed.
        TmpassError: as the call raises it. Any other exception of the call arrives as a ModelError.
    """
    if not POSSIBLE:
        return function(*arguments)
    readable, writable = os.pipe()
    with warnings.catch_warnings():
        # The child takes no lock that another thread could hold: it computes, writes and ends.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.close(readable)
        _run(function, arguments, writable)
    os.close(writable)
    try:
        with open(readable, "rb") as pipe:
            data = pipe.read()
    except BaseException:
        os.kill(child, 9)
        os.waitpid(child, 0)
        raise
    _, status = os.waitpid(child, 0)
    if status != 0:
        end = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit code {status >> 8}"
        raise ModelError(f"{package} itself crashed on this model ({end})", hint="please report it to its makers")
    result: T | TmpassError = pickle.loads(data)
    if isinstance(result, TmpassError):
        raise result
    return result


def _run(function: Callable[..., Any], arguments: tuple[Any, ...], writable: int) -> NoReturn:
    """Call, send what came of it, and end without any of the clean-up that is the parent's."""
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what native code has to say before it crashes
        faulthandler.disable()
        try:
            result = function(*arguments)
        except TmpassError as error:
            result = error
        except Exception as error:
            text = str(error).partition("\n")[0]
            result = ModelError(f"reading it failed: {type(error).__name__}: {text}", hint="please report it")
        with open(writable, "wb") as pipe:
            pickle.dump(result, pipe, pickle.HIGHEST_PROTOCOL)
        code = 0
    finally:
        os._exit(code)
