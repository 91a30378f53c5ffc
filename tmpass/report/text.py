"""Names and sizes as they stand in a line for a person."""

from tmpass.base.sizes import format_size


def one_line(text: str) -> str:
    """`text` with its control characters escaped: names come from files, and must not steer a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def clip(text: str, most: int = 1000) -> str:
    """`text` with the middle left out where it has more than `most` characters: names may be as long as a file."""
    if len(text) <= most:
        return text
    head = (most - 3) // 2
    return f"{text[:head]}...{text[head + 3 - most :]}"


def counted(count: int, word: str) -> str:
    """`count` and what is counted: "1 step", "2 steps"."""
    return f"{count} {word}{'s' * (count != 1)}"


def short_size(size: int) -> str:
    """`size` bytes in the largest fitting unit only, rounded: `996.1 KiB`."""
    exact, _, scaled = format_size(size).partition(" (")
    return scaled.removesuffix(")") or exact
