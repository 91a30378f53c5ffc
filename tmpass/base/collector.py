"""Python's collector of cycles, which looks at all objects again and again while many are made."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Let the collector not run by itself: for stages that only make objects, and leave no cycles behind.

    A search runs outside, since other threads may make cycles while it lasts. Of two threads here at once, the one that
    came first ends the pause. It is a threshold of 0, and not `gc.disable`, so that what another thread disables or
    enables, or which thresholds it sets, stays so.
    """
    before = gc.get_threshold()
    if not before[0]:
        yield
        return
    try:
        gc.set_threshold(0)  # inside, since Ctrl-C may come right behind it
        yield
    finally:
        if not gc.get_threshold()[0]:
            gc.set_threshold(*before)
