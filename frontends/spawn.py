"""The child of a system that cannot fork: an interpreter of its own, which is sent the call."""

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
"""Seconds between two looks: not every system ends a long wait on Ctrl-C."""


def spawn(function: Callable[..., Any], arguments: tuple[Any, ...], limits: Limits | None) -> tuple[bytes | None, int]:
    """What the child sent, None where it took too long; and how it ended.

    Its standard input stays open as long as this process lives, and its end ends the child.
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
        with suppress(BrokenPipeError):  # it has ended already, and its status says how
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
