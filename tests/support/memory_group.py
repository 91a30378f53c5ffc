"""A control group of Linux with little memory: the kernel ends a process in it that needs more."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_ROOTS = {"memory": "memory.limit_in_bytes", "": "memory.max"}
"""Where groups are made, below /sys/fs/cgroup, and the file of the limit: in version 1, and in version 2."""


@contextmanager
def memory_group(size: int) -> Iterator[Path]:
    """A group with `size` bytes; the test is skipped where none can be made."""
    for root, limit in _ROOTS.items():
        group = Path("/sys/fs/cgroup") / root / f"tmpass-test-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / limit).write_text(str(size))
            with suppress(OSError):  # without an account of swap there is nothing to switch off
                (group / "memory.swap.max").write_text("0")
            yield group
        except OSError as error:
            pytest.skip(f"a group has no limit of memory: {error}")
        finally:
            group.rmdir()
        return
    pytest.skip("no control group can be made")
