"""Memories of a problem as written on a command line: sram=512KiB, dram=1GiB@0x80000000."""

import re
from collections.abc import Sequence

from tmpass.base.errors import UsageError, brief
from tmpass.base.sizes import parse_size
from tmpass.packing.problem import Memory

_FORM = re.compile(r"(?P<name>[^=@,\"\s]+)=(?P<size>[^@]+?)(?:@(?P<offset>[^@]+))?")


def parse_memories(texts: Sequence[str], alignment: int = 1) -> tuple[Memory, ...]:
    """The memories that `texts` describe.

    Args:
        texts: NAME=SIZE or NAME=SIZE@OFFSET each. Without an offset, a memory begins at the end of the one before.
        alignment: such a beginning is rounded up to a multiple of it, in bytes.

    Raises:
        UsageError: a text has another form.
    """
    memories: list[Memory] = []
    end = 0
    for text in texts:
        match = _FORM.fullmatch(text)
        if match is None:
            raise UsageError(
                f"{brief(text)} is not a memory", where="--memory", hint="write NAME=SIZE or NAME=SIZE@OFFSET"
            )
        size = parse_size(match["size"], "--memory")
        offset = end + -end % alignment if match["offset"] is None else _address(match["offset"])
        memories.append(Memory(match["name"], offset, size))
        end = offset + size
    return tuple(memories)


def _address(text: str) -> int:
    return int(text, 16) if re.fullmatch(r"0[xX][0-9a-fA-F]{1,16}", text) else parse_size(text, "--memory")
