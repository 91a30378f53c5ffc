"""Names, counts and sizes as text for one line."""

from tmpass.base.sizes import format_size


def one_line(text: str) -> str:
    """`text` with control characters escaped: names from files must not control a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def clip(text: str, most: int = 1000) -> str:
    """`text` with its middle replaced by dots where it has more than `most` characters.

    Names may be as long as a file.
    """
    if len(text) <= most:
        return text
    head = (most - 3) // 2
    return f"{text[:head]}...{text[head + 3 - most :]}"


def counted(count: int, word: str) -> str:
    """`count` with the singular or plural of `word`: "1 step", "2 steps"."""
    return f"{count} {word}{'s' * (count != 1)}"


def short_size(size: int) -> str:
    """`size` bytes, rounded, in the largest unit that fits: `996.1 KiB`."""
    exact, _, scaled = format_size(size).partition(" (")
    return scaled.removesuffix(")") or exact
