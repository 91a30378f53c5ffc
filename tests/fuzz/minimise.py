"""The smallest input that ends as another one does."""

from fuzz.once import End, try_one
from fuzz.targets import Target


def minimise(target: Target, data: bytes, seed: int = 0, number: int = 0) -> bytes:
    """A part of `data`, with zeros in it, that ends with the same outcome in the same place."""
    wanted = _place(try_one(target, data, seed, number))

    def same(part: bytes) -> bool:
        return _place(try_one(target, part, seed, number)) == wanted

    size = len(data)
    while size >= 1:
        at = 0
        while at < len(data):
            shorter = data[:at] + data[at + size :]
            zeros = data[:at] + bytes(len(data[at : at + size])) + data[at + size :]
            if same(shorter):
                data = shorter
                continue
            if zeros != data and same(zeros):
                data = zeros
            at += size
        size //= 2
    return data


def _place(end: End) -> tuple[str, str]:
    """What an input ends with, and where: the last place of the traceback."""
    lines = [line for line in end.trace.splitlines() if line.startswith("  File ")]
    return end.outcome, lines[-1] if lines else ""
