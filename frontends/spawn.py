"""A child process on a system that cannot fork: a new interpreter, which receives the call."""

import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tmpass.base import interrupts

from . import child
from .limits import Limits

_LOOK = 0.1
"""Seconds between two checks of the child: on some systems Ctrl-C does not end a long wait."""


def spawn(function: Callable[..., Any], arguments: tuple[Any, ...], limits: Limits | None) -> tuple[bytes | None, int]:
    """Run the call in a new interpreter; return what it sent, or None where it took too long, and its exit status.

    The child's standard input stays open as long as this process lives: its end tells the child to end.
    """
    call = pickle.dumps((function, arguments, limits, sys.platform == "linux"), pickle.HIGHEST_PROTOCOL)
    process = subprocess.Popen(
        [sys.executable, "-c", child.START], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdin is not None
    assert process.stdout is not None
    interrupts.children.add(process.pid)
    read = process.stdout.read
    parts: list[bytes] = []
    reader = threading.Thread(target=lambda: parts.append(read()), daemon=True)
    ended = False
    try:
        reader.start()
        with suppress(BrokenPipeError):  # the child has ended already, and its exit status says how
            process.stdin.write(pickle.dumps(sys.path, pickle.HIGHEST_PROTOCOL) + call)
            process.stdin.flush()
        end = None if limits is None else time.monotonic() + limits.wall
        while reader.is_alive() and (end is None or time.monotonic() < end):
            reader.join(_LOOK)
        ended = not reader.is_alive()
    finally:
        if not ended:
            process.kill()
        reader.join()
        with suppress(OSError):
            process.stdin.close()
        status = process.wait()
        process.stdout.close()
        interrupts.children.discard(process.pid)
    return (b"".join(parts) if ended else None), status
