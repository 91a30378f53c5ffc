"""Finds a table of a project's file whose name is nearly that of this tool's table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tmpass.targets.key_lines import KeyPath

NAME = "tmpass"

_EACH_HAS_ONE = (b"tm", b"ss")
"""One edit of the name leaves one of these. Few lines of other tools have them, so most are not looked at closely."""

_KEY = 1000
"""Bytes of a line that are looked at for a key."""


def is_near(word: str) -> bool:
    """Whether `word` is the name of this tool, with at most one typing error.

    Errors are a letter too many, a missing one, a wrong one, and two neighbours exchanged. Capitals, hyphens,
    underscores and dots do not count. A second error is not tolerated: compass is another tool.
    """
    found, name = _plain(word), NAME
    while found and name and found[0] == name[0]:
        found, name = found[1:], name[1:]
    while found and name and found[-1] == name[-1]:
        found, name = found[:-1], name[:-1]
    return (len(found) <= 1 and len(name) <= 1) or (len(found) == 2 and found == name[::-1])


def has_near(line: bytes) -> bool:
    """Whether a word in `line` of a TOML file, before an equals sign, is nearly the name of this tool."""
    key = line.partition(b"=")[0][:_KEY].lower()
    if not any(part in key for part in _EACH_HAS_ONE):
        return False
    import re

    return any(map(is_near, re.findall(r"[\w-]+", key.decode("utf-8", "replace"))))


def misspelt_table(data: Mapping[str, Any], right: KeyPath, known: Iterable[str]) -> tuple[str, ...] | None:
    """The key of a table in `data` that seems to be the settings under a misspelt name; None if no table does.

    A name with another letter may be that of another tool: it counts if it is empty, or has a key that is nearly one of
    `known`.

    Args:
        data: of a settings file.
        right: the key of the settings; empty where they are the whole file.
        known: the keys of settings.
    """
    names = list(known)
    for key, table in _candidates(data):
        if key == right:
            continue
        same = _plain(key[-1]) == NAME
        if same or not table or any(_alike(name.lower().replace("_", "-"), names) for name in table):
            return key
    return None


def _alike(key: str, known: Sequence[str]) -> bool:
    """Whether `key` is one of `known` with a typing error at most: closer than a hint asks for."""
    import difflib

    return bool(difflib.get_close_matches(key[:60], known, n=1, cutoff=0.8))


def _candidates(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """The tables with nearly the name, at the top and in a table that may be meant as [tool]."""
    for name, table in data.items():
        if not isinstance(table, dict):
            continue
        if is_near(name):
            yield (name,), table
        if name.lower() in ("tool", "tools"):
            for inner, found in table.items():
                if isinstance(found, dict) and is_near(inner):
                    yield (name, inner), found


def _plain(word: str) -> str:
    return word.lower().replace("-", "").replace("_", "").replace(".", "")
