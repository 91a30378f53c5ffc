"""What a worker is asked, and what it answers."""

from collections.abc import Mapping
from typing import Any

from tmpass.base.record import record
from tmpass.base.version import VERSION
from tmpass.fleets.row import Row
from tmpass.targets import Target


@record
class Source:
    """A model: its name in the table, and its bytes where these are sent along; else the name is a path or a URL."""

    name: str
    data: bytes | None = None


@record
class Aim:
    """A target of a fleet.

    Fields:
        label: its name in the table.
        target: None for the one that is assumed.
        digest: of its profile, by content.
    """

    label: str
    target: Target | None
    digest: str


@record
class Request:
    """One model of a fleet, its targets, and the options of tmpass.plan for it."""

    source: Source
    aims: tuple[Aim, ...]
    options: Mapping[str, Any]


@record
class Job:
    """What one worker does at a time: one model for some targets.

    Fields:
        number: of the request.
        aims: targets to plan for; empty to find the digest of the model only.
        pages: whether the pages of the plans are wanted.
        planned: whether the planned models are.
        seconds: wall time after which the worker ends itself, which is a failure of the job; None for no limit.
        memory: the bytes that the job may take beside what its process has; None for no limit.
    """

    number: int
    source: Source
    aims: tuple[Aim, ...]
    options: Mapping[str, Any]
    pages: bool = False
    seconds: float | None = None
    memory: int | None = None
    planned: bool = False


@record
class Outcome:
    """The answer to a job.

    Fields:
        version: of tmpass in the worker.
        digest: of the model with its files of weights; empty where it could not be read.
        rows: one for each target of the job.
        pages: one for each row where pages were wanted; None for a row without a plan.
        planned: with planned models, one for each row: the file, or the reason that it is missing; None for a row
            without a plan that fits.
        lasting: whether each row would come out again: not where a file or a package is missing.
    """

    version: str
    digest: str = ""
    rows: tuple[Row, ...] = ()
    pages: tuple[str | None, ...] = ()
    planned: tuple[bytes | str | None, ...] = ()
    lasting: tuple[bool, ...] = ()


def outcome_of(job: Job, rows: tuple[Row, ...], digest: str = "", *, lasting: bool = False) -> Outcome:
    """The outcome of a job none of whose rows has a plan."""
    none = (None,) * len(rows)
    pages, planned = none if job.pages else (), none if job.planned else ()
    return Outcome(VERSION, digest, rows, pages, planned, (lasting,) * len(rows))
