"""A call in a forked child process, which does not outlive this one: what it writes into a pipe, and how it ends.

    parent ── fork ──> child: end_with(parent), its limits, the call
       │ waits, up to a limit of time; Ctrl-C comes here     │
       └─────────────────── pipe <───────────────────────────┘

For processes that Linux runs: a fork without an exec is not safe with the libraries of other systems.
"""

import faulthandler
import os
import select
import signal
import time
import warnings
from collections.abc import Callable

from tmpass.base import interrupts

_CHUNK = 1 << 20
_PR_SET_PDEATHSIG = 1


def call_forked(body: Callable[[int, int], object], seconds: float | None) -> tuple[bytes | None, int]:
    """What `body` wrote in a child process, None where its end did not come within `seconds`; and the exit code.

    Args:
        body: takes the end of a pipe to write to and the id of this process, and ends its own process.
        seconds: on the clock; None for as long as it takes.

    Returns:
        The bytes, and the exit code of the child or the negative number of the signal that ended it.

    Raises:
        BlockingIOError: the system starts no more processes.
    """
    readable, writable = os.pipe()
    parent = os.getpid()
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # and the child keeps it so: it ends with us
    try:
        with warnings.catch_warnings():
            # The child takes no lock that another thread could hold: it computes, writes and ends.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            try:
                os.close(readable)
                body(writable, parent)
            finally:
                os._exit(1)
        interrupts.children.add(child)
    except BaseException:
        os.close(readable)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        os.close(writable)
    data: bytes | None = None
    try:
        data = _receive(readable, None if seconds is None else time.monotonic() + seconds)
    finally:
        os.close(readable)
        if data is None:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        interrupts.children.discard(child)
    return data, os.waitstatus_to_exitcode(status)


def _receive(readable: int, end: float | None) -> bytes | None:
    """All that comes out of a pipe, None where its end does not come in time."""
    poll = select.poll()
    poll.register(readable)
    data = bytearray()
    while True:
        left = None if end is None else max(0.0, end - time.monotonic()) * 1000
        if not poll.poll(left):
            return None
        piece = os.read(readable, _CHUNK)
        if not piece:
            return bytes(data)
        data += piece


def silence(*streams: int) -> None:
    """Let nobody read from `streams` of this process what native code says before it crashes."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        os.dup2(nowhere, stream)
    faulthandler.disable()


def end_with(parent: int) -> None:
    """Let the system kill this process when `parent` ends, however that ends and whatever runs here."""
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it has ended before that
        os._exit(1)
