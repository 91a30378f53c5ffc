"""Limits on what a block may take, in any worker: wall time, and memory."""

import faulthandler
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path


@contextmanager
def timed(seconds: float | None) -> Iterator[None]:
    """End this process where the block takes longer than `seconds`, also inside a C function."""
    if seconds is None:
        yield
        return
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


@contextmanager
def bounded(size: int | None) -> Iterator[None]:
    """Let the block raise MemoryError where it takes `size` bytes more than this process has; on Linux only."""
    if size is None or sys.platform != "linux":
        yield
        return
    import resource

    for name in ("numpy", "onnx"):  # half an import, which a lack of memory leaves, would break the jobs that follow
        with suppress(ImportError):
            import_module(name)
    has = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = has + size if hard == resource.RLIM_INFINITY else min(has + size, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
