"""Does one job in a worker: reads a model once, and plans it for each target."""

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from tmpass.api.plan import plan
from tmpass.base import collector
from tmpass.base.errors import ChildError, ModelError
from tmpass.base.version import VERSION
from tmpass.fleets.job import Aim, Job, Outcome, outcome_of
from tmpass.fleets.job_limits import bounded, timed
from tmpass.fleets.opened import Opened, open_source
from tmpass.fleets.planned_files import planned_file
from tmpass.fleets.row import UNREAD, Row, foreign_note, row_of, row_of_error
from tmpass.graph.binding import check_bindings, foreign_bindings
from tmpass.loading.load import Model, load_opened

if TYPE_CHECKING:
    from tmpass.plans.plan import Plan

_ONE_AT_A_TIME = threading.Lock()
"""The time limit and the collector of cycles are those of the process. A worker of Dask may have several threads."""


def do_job(job: Job) -> Outcome:
    """The answer to `job`. Whatever is wrong with the model is a row; only a process that ends gives none."""
    with _ONE_AT_A_TIME, timed(job.seconds), bounded(job.memory), collector.paused():
        try:
            opened = open_source(job.source)
        except Exception as error:
            return _failed(job, _limited(job, error), lasting=False)
        if not job.aims:
            return Outcome(VERSION, opened.digest)
        try:
            loaded = _load(opened, job)
        except Exception as error:
            return _failed(job, _limited(job, error), lasting=_lasts(error), opened=opened)
        job, loaded, notes = _without_foreign(job, loaded)
        answers = [_planned(job, aim, loaded, opened, notes) for aim in job.aims]
    rows, pages, planned, lasting = zip(*answers, strict=True)
    return Outcome(VERSION, opened.digest, rows, pages if job.pages else (), planned if job.planned else (), lasting)


def _without_foreign(job: Job, loaded: Model) -> tuple[Job, Model, tuple[str, ...]]:
    """`job` and `loaded` without the bindings for other models of the fleet, and a note for each of them."""
    bindings = check_bindings(job.options.get("bind") or {})
    foreign = foreign_bindings(loaded.graph, bindings)
    if not foreign:
        return job, loaded, ()
    kept = {name: number for name, number in bindings.items() if name not in foreign}
    own = replace(job, options={**job.options, "bind": kept})
    return own, replace(loaded, bindings=kept), tuple(map(foreign_note, foreign))


def _load(opened: Opened, job: Job) -> Model:
    bindings = check_bindings(job.options.get("bind") or {})
    files = (opened.name, opened.data, opened.frontend)
    return load_opened(*files, bindings, batches=True, sha256=opened.sha256)


def _planned(
    job: Job, aim: Aim, loaded: Model, opened: Opened, notes: tuple[str, ...]
) -> tuple[Row, str | None, bytes | str | None, bool]:
    """The row for one target, its page and its planned model where these are wanted, and whether it lasts."""
    try:
        made = plan(loaded, aim.target, **job.options)
        row = row_of(made, job.source.name, aim.label, opened.sha256)
        row = replace(row, notes=(*row.notes, *notes)) if notes else row
        planned = planned_file(made, loaded, opened, aim, job.options) if job.planned else None
        return row, _page(made, loaded) if job.pages else None, planned, True
    except Exception as error:
        limited = _limited(job, error)
        row = row_of_error(limited, job.source.name, aim.label, opened.sha256)
        return replace(row, notes=notes), None, None, _lasts(error)


def _page(made: "Plan", loaded: Model) -> str:
    from tmpass.report.formats.html import emit
    from tmpass.report.model_facts import ModelFacts

    return emit(made, None, ModelFacts(loaded.graph))


def _failed(job: Job, error: Exception, *, lasting: bool, opened: Opened | None = None) -> Outcome:
    sha256, digest = ("", "") if opened is None else (opened.sha256, opened.digest)
    made = (row_of_error(error, job.source.name, aim.label, sha256) for aim in job.aims)
    notes = (UNREAD,) if job.options.get("bind") else ()
    rows = tuple(replace(row, notes=notes) for row in made)
    return outcome_of(job, rows, digest, lasting=lasting)


def _limited(job: Job, error: Exception) -> Exception:
    """A MemoryError in the place of what Python and packages raise where memory is limited."""
    return MemoryError() if job.memory is not None and isinstance(error, ImportError | OSError | SystemError) else error


def _lasts(error: Exception) -> bool:
    """Whether an error is the model's, and not one of the machine, of a missing package or of tmpass.

    A child process that crashed or reached a limit may have been killed for want of memory.
    """
    return isinstance(error, ModelError) and not isinstance(error, ChildError)
