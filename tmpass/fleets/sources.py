"""The models that words name: files, folders, patterns and URLs, each once, in the same order on every system."""

import glob
import os
from collections import deque
from collections.abc import Iterable, Iterator

from tmpass.base.errors import UsageError, brief
from tmpass.fleets.job import Source
from tmpass.fleets.opened import file_system, is_url
from tmpass.loading.registry import frontends

_PATTERN = "*?["


def find_sources(models: object) -> tuple[Source, ...]:
    """The models that `models` names, in its order, those of a folder or pattern sorted; none comes twice.

    Args:
        models: a path, folder, pattern or URL; or several of them, and pairs of a name and the bytes of a file.

    Raises:
        UsageError: a folder or pattern has no model, or there is nothing at all.
        ModelError: a URL cannot be listed.
    """
    several: Iterable[object] = [models] if isinstance(models, str | os.PathLike) else models  # type: ignore[assignment]
    if isinstance(models, bytes) or not isinstance(several, Iterable):
        raise UsageError(f"{brief(models)} are not models", hint="give paths, or pairs of a name and bytes")
    found: dict[str, Source] = {}
    for one in several:
        for source in _named(one):
            key = source.name if source.data is not None or is_url(source.name) else os.path.abspath(source.name)
            if found.setdefault(key, source).data != source.data:
                raise UsageError(f"two models are named {brief(source.name)}", hint="name each once")
    if not found:
        raise UsageError("there is no model", hint="give files, folders, patterns, or - for a list on standard input")
    return tuple(found.values())


def _named(one: object) -> Iterator[Source]:
    if isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str) and isinstance(one[1], bytes):
        yield Source(*one)
        return
    if not isinstance(one, str | os.PathLike):
        raise UsageError(f"{brief(one)} is not a model", hint="give a path, or a pair of a name and bytes")
    name = os.fsdecode(one)
    if not name:
        raise UsageError("the path of a model is empty", hint="give a model file")
    for path in _urls(name) if is_url(name) else _paths(name):
        yield Source(path)


def _paths(name: str) -> Iterable[str]:
    if os.path.isdir(name):
        return _some([path for path in _files(name) if path.lower().endswith(_suffixes())], name, "folder")
    if any(mark in name for mark in _PATTERN) and not os.path.exists(name):
        return _some(
            [_plain(path) for path in glob.glob(name, recursive=True) if os.path.isfile(path)], name, "pattern"
        )
    return [_plain(name)]  # where it does not exist, its row says so


def _plain(path: str) -> str:
    """`path` without its empty and dotted parts, where that names the same file."""
    plain = os.path.normpath(path)
    try:
        return plain if os.path.realpath(plain) == os.path.realpath(path) else path
    except ValueError:  # the path contains a NUL; opening it says so
        return path


def _files(top: str) -> Iterator[str]:
    """The files in a folder and below it. Links are followed, after all else, to folders that were not met before."""
    met: set[tuple[int, int]] = set()
    waiting = deque([_plain(top)])
    while waiting:
        for folder, inner, files in os.walk(waiting.popleft()):
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in met:
                inner.clear()
                continue
            met.add((status.st_dev, status.st_ino))
            waiting.extend(path for name in sorted(inner) if os.path.islink(path := os.path.join(folder, name)))
            yield from (os.path.join(folder, file).removeprefix(os.path.join(os.curdir, "")) for file in files)


def _urls(url: str) -> Iterable[str]:
    if any(mark in url for mark in _PATTERN) and not url.startswith(("http://", "https://")):
        system, path = file_system(url)
        return _some([str(system.unstrip_protocol(one)) for one in system.glob(path)], url, "pattern")
    return [url]


def _suffixes() -> tuple[str, ...]:
    return tuple(suffix for frontend in frontends() for suffix in frontend.SUFFIXES)


def _some(found: list[str], name: str, kind: str) -> list[str]:
    if not found:
        hint = f"models end in {' or '.join(_suffixes())}" if kind == "folder" else "put it in quotes, and check it"
        raise UsageError(f"the {kind} has no model", where=name, hint=hint)
    return sorted(found)
