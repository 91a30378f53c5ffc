"""Keeps the rows of fleets in one file, so that no work is done twice. It is a database of SQLite."""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tmpass.base.errors import UsageError
from tmpass.base.version import VERSION
from tmpass.fleets.asked import plain_options
from tmpass.fleets.canonical import digest as digest_of
from tmpass.fleets.job import Aim, Request
from tmpass.fleets.row import Row, row_from

_FORM = 1
"""The version of the tables."""


def key_of(digest: str, request: Request, aim: Aim) -> str:
    """What decides a row: the files of the model and its name, the target, the options, and versions of packages.

    The name counts, since errors and pages have it.
    """
    name = request.source.name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    options = {name: _content(value) for name, value in plain_options(request.options).items()}
    limits = os.environ.get("TMPASS_CHILD_LIMITS", "")  # they decide which models cannot be read
    return digest_of((VERSION, _versions(), digest, name, aim.digest, aim.target is None, options, limits))


@cache
def _versions() -> tuple[str, ...]:
    """The versions of packages that decide what a model means, and what a search finds; empty for one not installed."""
    return tuple(map(_version, ("onnx", "ortools")))


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _content(value: object) -> object:
    """An option; of a file, its content."""
    if isinstance(value, str | os.PathLike) and os.path.isfile(value):
        with suppress(OSError):
            return Path(value).read_bytes()
    return value


class Store:
    """The rows of earlier runs, by key. Several processes may use one file at the same time.

    Raises:
        UsageError: the file cannot be opened, or is not a store.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        import sqlite3

        self.path = os.fspath(path)
        self._errors = sqlite3.Error
        try:
            os.makedirs(os.path.dirname(os.path.abspath(self.path)), exist_ok=True)
            self._base: sqlite3.Connection = sqlite3.connect(self.path, timeout=60, isolation_level=None)
            # A row that is lost in a failure of power is planned again; waiting for the disk takes longer than a plan.
            self._base.execute("pragma synchronous = off")
            (form,) = self._base.execute("pragma user_version").fetchone()
            if form not in (0, _FORM):
                raise self._fault(f"it is a store of form {form}", "name another file, or remove this one")
            self._base.execute("create table if not exists rows (key text primary key, row text) without rowid")
            self._base.execute(f"pragma user_version = {_FORM}")
        except (OSError, sqlite3.Error) as error:
            raise self._fault(
                f"the store cannot be opened: {error}", "name another with --store, or give --no-store"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, error, trace
        self._base.close()

    def empty(self) -> bool:
        """Whether it has no row."""
        return self._ask("select 1 from rows limit 1") is None

    def find(self, key: str, model: str, target: str) -> Row | None:
        """The row of `key`, under these names; None where it is not kept, or cannot be read."""
        found = self._ask("select row from rows where key = ?", key)
        if found is None:
            return None
        try:
            row = row_from(json.loads(found[0]), self.path)
        except (ValueError, UsageError):
            return None
        return replace(row, model=model, target=target)

    def keep(self, rows: Iterable[tuple[str, Row]]) -> None:
        """Keep rows by their keys, at once: they are still there if this process is killed.

        Raises:
            UsageError: they cannot be written.
        """
        texts = [(key, row.to_json()) for key, row in rows]
        if not texts:
            return
        try:
            self._base.execute("begin")
            self._base.executemany("insert or replace into rows values (?, ?)", texts)
            self._base.execute("commit")
        except self._errors as error:
            raise self._fault(f"the store cannot be used: {error}", "name another with --store") from None

    def _ask(self, text: str, *values: str) -> Any:
        try:
            return self._base.execute(text, values).fetchone()
        except self._errors as error:
            raise self._fault(f"the store cannot be used: {error}", "name another with --store") from None

    def _fault(self, what: str, hint: str) -> UsageError:
        return UsageError(what, where=self.path, hint=hint)
