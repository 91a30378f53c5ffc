"""Refuses results and stores of `tmpass fleet` that would overwrite one of its inputs."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress

from tmpass.base.errors import TmpassError
from tmpass.cli.inputs import refuse_inputs
from tmpass.fleets.job import Request
from tmpass.fleets.opened import is_url

Read = tuple[str, str | None]
"""What an input is, for an error, and its path or None."""


def refuse_overwriting(
    results: Sequence[str], store: str | None, requests: Sequence[Request], others: Sequence[Read]
) -> None:
    """Refuse a result or a store that is an input, and a result that is the store.

    Args:
        results: their paths; "-" for standard output.
        store: the file that keeps rows; None where nothing is kept.
        requests: name the models.
        others: the other inputs.

    Raises:
        UsageError: there is such a file.
    """
    models: list[Read] = [("a model", request.source.name) for request in requests]
    refuse_inputs([*results, store], [*models, *others])
    refuse_inputs(results, [("the store", store)])
    # A file with content is opened as a store only if it is one, so only an empty file could be harmed as such.
    there = [path for path in results if path != "-" and os.path.isfile(path)]
    there += [store] if store is not None and os.path.isfile(store) and not os.path.getsize(store) else []
    for _, model in models if there else ():
        if model and _may_hold(os.path.dirname(os.path.realpath(model)), there):
            refuse_inputs(there, [("a file with weights of a model", path) for path in _weights(model)])


def _may_hold(folder: str, files: Iterable[str]) -> bool:
    """Whether one of the files may be in `folder` or below it, under this or another name."""
    inside = os.path.join(folder, "")
    return any(os.path.realpath(file).startswith(inside) or os.stat(file).st_nlink > 1 for file in files)


def _weights(model: str) -> list[str]:
    """The files with weights beside a model; none where it cannot be read, which its row then says."""
    from tmpass.loading.load import other_files

    with suppress(TmpassError):
        if not is_url(model) and os.path.isfile(model):
            return [os.path.join(os.path.dirname(model), name) for name in other_files(model) if name]
    return []
