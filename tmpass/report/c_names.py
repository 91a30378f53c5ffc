"""Names and comments of C and C++, made from names that may hold anything."""

import re
from collections import Counter
from collections.abc import Iterable
from string import ascii_letters, digits

from tmpass.report.text import clip, one_line

_PLAIN = frozenset(ascii_letters + digits + " _.:-/")
"""The characters that mean themselves in a literal; two question marks may begin a trigraph."""

LONGEST = 60
"""The number of characters of a name that an identifier has."""


def file_prefix(file: str) -> str:
    """The begin of the names in a header for the model in `file`: upper case, not a digit first, never empty."""
    prefix = upper_name(file.rpartition(".")[0] or file)
    return prefix if prefix and not prefix[0].isdigit() else f"MODEL_{prefix}".rstrip("_")


def upper_name(name: str) -> str:
    """`name` as part of a macro name, without the characters that macros cannot have; may be empty."""
    return re.sub(r"[^A-Z0-9]+", "_", name[:LONGEST].upper()).strip("_")


def comment(text: str) -> str:
    """`text` in one line, without the marks that end or begin a comment."""
    return one_line(clip(text)).replace("*/", "* /").replace("/*", "/ *")


def literal(text: str) -> str:
    """`text` as a string literal of UTF-8; all but letters, digits, spaces and a few signs as octal escapes."""
    return '"' + "".join(chr(c) if chr(c) in _PLAIN else f"\\{c:03o}" for c in clip(text).encode()) + '"'


def distinct(preferred: Iterable[str], numbers: Iterable[str]) -> list[str]:
    """Distinct names: the preferred one where it is unique, and otherwise with its number."""
    pairs = list(zip(preferred, numbers, strict=True))
    counts = Counter(name for name, _ in pairs)
    taken = {name for name, count in counts.items() if name and count == 1}
    names = []
    for name, number in pairs:
        if not name or counts[name] > 1:
            name = f"{name}_{number}" if name else number
            while name in taken:
                name += "_"
            taken.add(name)
        names.append(name)
    return names
