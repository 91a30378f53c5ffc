"""Loading of target profiles, by name or from files."""

from functools import cache
from pathlib import Path

from tmpass.base.errors import TargetError
from tmpass.base.nearest import nearest, read_hint
from tmpass.targets.parse import parse_target
from tmpass.targets.target import Target
from tmpass.targets.values import show

MAX_FILE = 64 * 1024
"""The most bytes of a profile."""

_PROFILES = Path(__file__).parent / "profiles"


def target_names() -> tuple[str, ...]:
    """The names of the built-in profiles, sorted."""
    return tuple(sorted(path.stem for path in _PROFILES.glob("*.toml")))


def load_target(name_or_path: str) -> Target:
    """The built-in profile of that name, or the one in that file.

    Args:
        name_or_path: a path if it has a separator or ends in .toml; else a name.

    Raises:
        TargetError: no profile has that name, or the file cannot be read or is wrong.
    """
    if name_or_path.endswith(".toml") or "/" in name_or_path or "\\" in name_or_path:
        return parse_target(_read(Path(name_or_path)), name_or_path)
    return _built_in(name_or_path)


@cache
def _built_in(name: str) -> Target:
    """The built-in profile of that name, which is read once."""
    names = target_names()
    if name not in names:
        if _is_file(name):
            what = f"{show(name)} is not the name of a target, but a file"
            raise TargetError(what, hint="profiles are files that end in .toml; a model is given without --target")
        inside = [repr(known) for known in names if len(name) > 2 and name.lower() in known][:3]
        near = nearest(name.lower(), names, most=3) or " or ".join(inside)
        hint = (f"did you mean {near}? " if near else "") + "tmpass targets lists them all"
        if "." in name:
            hint += "; the name of a profile's file ends in .toml"
        raise TargetError(f"no target is named {show(name)}", hint=hint)
    return parse_target(_read(_PROFILES / f"{name}.toml"), f"{name}.toml")


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except OSError:  # too long for a path
        return False


def _read(path: Path) -> str:
    """The text of a profile."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            what = f"it has more than {MAX_FILE} bytes"
            raise TargetError(what, where=str(path), hint="is it a target profile?")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"it is not UTF-8 text at byte {error.start}"
        raise TargetError(what, where=str(path), hint="save it as UTF-8") from None
    except (OSError, ValueError) as error:  # ValueError: the path holds a NUL
        reason = getattr(error, "strerror", None) or error
        hint = read_hint(error, str(path)) + ("; the built-in one has no .toml" if path.stem in target_names() else "")
        raise TargetError(f"cannot read it: {reason}", where=str(path), hint=hint) from None
