"""Python's collector of cycles, which looks at all objects again and again while many are made."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Switch the collector off, and on again at the end where it was on: for stages that only make objects.

    They leave no cycles behind. A search runs outside, since other threads may make cycles while it lasts. Of two
    threads here at once, the one that came first switches it on again.
    """
    if not gc.isenabled():
        yield
        return
    try:
        gc.disable()  # inside, since Ctrl-C may come right behind it
        yield
    finally:
        gc.enable()
