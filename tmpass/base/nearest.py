"""The name that a misspelt word may stand for."""

import os
from collections.abc import Iterable

_MOST_NAMES = 10_000
"""Files of a folder that a missing one is compared with."""


def nearest(word: str, names: Iterable[str], most: int = 1) -> str:
    """The names most similar to `word`, in quotes; "" if none is similar."""
    import difflib

    return " or ".join(repr(str(name)) for name in difflib.get_close_matches(word[:60], names, n=most))


def hint_of(word: object, names: Iterable[str]) -> str:
    """What to write instead of `word`: the nearest of `names`, in any case of letters, and all of them."""
    known = [str(name) for name in names]
    near = nearest(word.lower(), known) if isinstance(word, str) else ""
    return (f"did you mean {near}? " if near else "") + f"choose one of {', '.join(known)}"


def read_hint(error: Exception, path: str) -> str:
    """What to do about a file that `error` says cannot be read."""
    return path_hint(path) if isinstance(error, FileNotFoundError) else "check the path"


def path_hint(path: str) -> str:
    """What to do about a missing file: a file beside it with nearly the same name, if there is one.

    The name without its suffix is compared, since suffixes make all models alike. Of several files that differ
    in the suffix only, the one with the most similar suffix is proposed, or up to three if no suffix was typed. Folders
    are never proposed.
    """
    import difflib

    folder, name = os.path.split(path)
    stem, suffix = os.path.splitext(name)
    try:
        beside = {one: os.path.splitext(one) for one in sorted(os.listdir(folder or os.curdir))[:_MOST_NAMES]}
    except (OSError, ValueError):
        return "check the path"
    alike = {other: one for one, (other, ending) in beside.items() if ending == suffix and one.isprintable()}
    close = difflib.get_close_matches(stem[:60], alike, n=1)
    near = alike[close[0]] if close else None
    same = {ending: one for one, (other, ending) in beside.items() if stem and other == stem and one.isprintable()}
    same.pop("", None)  # a folder, most likely
    endings = difflib.get_close_matches(suffix, same, n=1) if suffix and len(same) > 1 else list(same)[:3]
    found = [same[ending] for ending in endings] or ([near] if near else [])
    names = " or ".join(os.path.join(folder, one) for one in found)
    return f"did you mean {names}?" if names else "check the path"
