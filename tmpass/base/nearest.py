"""The name that a misspelt word may stand for."""

from collections.abc import Iterable


def nearest(word: str, names: Iterable[str], most: int = 1) -> str:
    """The names most similar to `word`, in quotes; "" if none is similar."""
    import difflib

    return " or ".join(repr(str(name)) for name in difflib.get_close_matches(word[:60], names, n=most))


def hint_of(word: object, names: Iterable[str]) -> str:
    """What to write instead of `word`: the nearest of `names`, in any case of letters, and all of them."""
    known = [str(name) for name in names]
    near = nearest(word.lower(), known) if isinstance(word, str) else ""
    return (f"did you mean {near}? " if near else "") + f"choose one of {', '.join(known)}"
