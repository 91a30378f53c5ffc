"""Plans many models for many targets: the public function, and the table that comes out."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from tmpass.api.arguments import ASSUMED_TARGET, doubt_unit, target_of
from tmpass.api.option_names import check_names
from tmpass.base.errors import UsageError, brief
from tmpass.base.record import record
from tmpass.fleets.asked import options_text
from tmpass.fleets.job import Aim, Job, Outcome, Request
from tmpass.fleets.local_pool import LocalPool, processors
from tmpass.fleets.pages import file_name, page_name, write_file
from tmpass.fleets.planned_files import check_folder, refuse_transfers
from tmpass.fleets.profile_digest import profile_digest
from tmpass.fleets.row import Row
from tmpass.fleets.run_jobs import Crew, Limits, run_jobs
from tmpass.fleets.sources import find_sources
from tmpass.fleets.store import Store, key_of
from tmpass.targets import Target

_AHEAD = 3
"""Jobs in flight for each worker, so that none waits for the next one."""

MOST_WINDOW = 4096

MOST_SECONDS = 10_000_000
"""The longest wall time for one model. Clocks of systems end somewhere above."""

Told = Callable[[int, int], object]
"""Is called with the number of rows that are done, and of all rows."""


@record
class Fleet:
    """The rows of a fleet: for each model in the order given, one for each of its targets.

    Fields:
        pages: for each row the path of its page; empty where no pages were wanted, None for a row without a plan.
        planned: how many of the rows were planned now; the others were in the store.
        files: for each row the path of its planned model; empty where none were wanted, None for a row without one.
        missing: for each row that fits and has no planned model, its model, its target, and why.
    """

    rows: tuple[Row, ...]
    pages: tuple[str | None, ...] = ()
    planned: int = 0
    files: tuple[str | None, ...] = ()
    missing: tuple[tuple[str, str, str], ...] = ()


@record
class Means:
    """How a fleet is planned. Of these only `retries`, `seconds` and `memory` may change a row, to an error.

    Fields:
        executor: any concurrent.futures.Executor, or a function that makes one, and again where one breaks; None for
            local processes.
        jobs: the number of workers; None for one for each processor of this process.
        store: the path of a file that keeps rows; None keeps nothing.
        pages: a folder for a page of each plan.
        planned: a folder for a planned model of each row that fits. It changes no row.
        retries: how many times a job runs again, alone, after the process that did it ended.
        seconds: the wall time after which a job ends its process; None for no limit.
        memory: the bytes that a job may take beside what its process has, on Linux; None for no limit.
        told: is told how far it is.
    """

    executor: Executor | Callable[[], Executor] | None = None
    jobs: int | None = None
    store: str | os.PathLike[str] | None = None
    pages: str | os.PathLike[str] | None = None
    retries: int = 2
    seconds: float | None = None
    memory: int | None = None
    told: Told | None = None
    planned: str | os.PathLike[str] | None = None


def fleet(
    models: object,
    targets: "str | os.PathLike[str] | Target | Sequence[str | os.PathLike[str] | Target] | None" = None,
    *,
    means: Means | None = None,
    **options: Any,
) -> Fleet:
    """Plan many models, each for many targets.

    Args:
        models: a path, folder, pattern such as "zoo/**/*.onnx", or URL that fsspec knows; or several of them, and pairs
            of a name and the bytes of a file.
        targets: one, or several, as `tmpass.plan` takes them. Without any, pixel6-tpu is assumed.
        means: the executor, the number of workers, the store of rows, and so on; see `Means`.
        options: those of `tmpass.plan`, for all models.

    Returns:
        The rows, in the order of `models` and `targets`. A model that cannot be planned is a row with an error.

    Raises:
        UsageError: an argument is wrong, or the workers have another version of tmpass.
        TargetError: a target is unknown or wrong.
        TypeError: an option is not one of `tmpass.plan`.
    """
    check_names("fleet", options)
    doubt_unit(options.get("budget"))
    aims = find_aims(targets)
    return plan_fleet([Request(source, aims, options) for source in find_sources(models)], means or Means())


def find_aims(targets: object, label_of: Callable[[str], str] = str) -> tuple[Aim, ...]:
    """The targets of a fleet, each once; the one that is assumed where there are none.

    Args:
        targets: one, or several, as `fleet` takes them.
        label_of: the name in the table for the name or path of a target.

    Raises:
        TargetError: one is unknown or wrong.
        UsageError: two targets have one name.
    """
    single = isinstance(targets, str | os.PathLike | Target)
    several: Any = [targets] if single else targets or ()
    found: dict[str, Aim] = {}
    for one in several:
        target = target_of(one)
        label = target.name if isinstance(one, Target) else label_of(os.fspath(one))
        aim = Aim(label, target, profile_digest(target))
        if found.setdefault(label, aim) != aim:
            raise UsageError(f"two targets are named {brief(label)}", hint="name each once")
    return tuple(found.values()) or (Aim(ASSUMED_TARGET, None, profile_digest(target_of(None))),)


def plan_fleet(requests: Sequence[Request], means: Means) -> Fleet:
    """The rows for all `requests`, each with targets and options of its own.

    Raises:
        UsageError: an argument is wrong, or the workers have another version of tmpass.
    """
    _check(means)
    if means.planned is not None:
        check_folder(means.planned, requests)
        refuse_transfers(requests)
    workers = means.jobs or processors()
    with ExitStack() as stack:
        store = None if means.store is None else stack.enter_context(Store(means.store))
        work = _Work(requests, means, store)
        executor, make = _executor(means, workers)
        crew = Crew(executor, make)
        ended = False
        stack.callback(lambda: crew.close(at_once=not ended))
        limits = Limits(min(_AHEAD * workers, MOST_WINDOW), means.retries)
        work.find_kept(crew, limits)
        run_jobs(work.jobs(), crew, limits, work.take)
        ended = True
    return work.result()


class _Work:
    """The rows of a fleet while they come."""

    def __init__(self, requests: Sequence[Request], means: Means, store: Store | None) -> None:
        self._requests, self._means, self._store = requests, means, store
        self._rows: list[list[Row | None]] = [[None] * len(request.aims) for request in requests]
        self._pages: list[list[str | None]] = [[None] * len(request.aims) for request in requests]
        self._all = sum(len(request.aims) for request in requests)
        self._files: list[list[str | None]] = [[None] * len(request.aims) for request in requests]
        self._missing: dict[tuple[int, int], str] = {}
        self._keys_wanted = store is not None or means.pages is not None or means.planned is not None
        self._done = self._kept = 0
        self._last: tuple[Mapping[str, Any], str] | None = None

    def find_kept(self, crew: Crew, limits: Limits) -> None:
        """Take the rows that the store has, by the digest of each model, which workers find."""
        if self._store is None or self._store.empty():
            return
        digests = (
            Job(number, request.source, (), {}, seconds=self._means.seconds)
            for number, request in enumerate(self._requests)
        )
        run_jobs(digests, crew, limits, lambda job, outcome: self._take_kept(job.number, outcome.digest))

    def _take_kept(self, number: int, digest: str) -> None:
        request = self._requests[number]
        for at, aim in enumerate(request.aims) if digest and self._store is not None else ():
            key = key_of(digest, request, aim)
            row = self._store.find(key, request.source.name, aim.label) if self._store is not None else None
            if row is None:
                continue
            page, file = self._places(row, aim, key)
            if all(path is None or os.path.isfile(path) for path in (page, file)):
                self._kept += 1
                self._set(number, at, row, page, file)

    def jobs(self) -> Iterator[Job]:
        """The jobs for all rows that are not there yet."""
        for number, request in enumerate(self._requests):
            aims = tuple(aim for aim, row in zip(request.aims, self._rows[number], strict=True) if row is None)
            if aims:
                limits = self._means.seconds, self._means.memory
                wanted = self._means.pages is not None, self._means.planned is not None
                yield Job(number, request.source, aims, request.options, wanted[0], *limits, wanted[1])

    def take(self, job: Job, outcome: Outcome) -> None:
        """Keep the rows of a job, and write its pages and planned models."""
        request = self._requests[job.number]
        keys = [key_of(outcome.digest, request, aim) for aim in job.aims] if self._keys_wanted else [""] * len(job.aims)
        if self._store is not None and outcome.digest:
            lasting = zip(keys, outcome.rows, outcome.lasting, strict=True)
            self._store.keep((key, row) for key, row, lasts in lasting if lasts)
        for number, (aim, row, key) in enumerate(zip(job.aims, outcome.rows, keys, strict=True)):
            at, (page, file) = request.aims.index(aim), self._places(row, aim, key)
            if page is not None:
                write_file(page, outcome.pages[number] or "")
            if file is not None and isinstance(data := outcome.planned[number], bytes):
                write_file(file, data)
            elif file is not None:
                self._missing[job.number, at], file = str(data), None
            self._set(job.number, at, row, page, file)

    def _places(self, row: Row, aim: Aim, key: str) -> tuple[str | None, str | None]:
        """The paths of the page and of the planned model of a row; None where it has none."""
        page = None if row.status is None else page_name(self._means.pages, row.model, aim.label, key)
        return page, file_name(self._means.planned, row.model, aim.label, key) if row.fits else None

    def _set(self, number: int, at: int, row: Row, page: str | None, file: str | None) -> None:
        request = self._requests[number]
        row = replace(row, options=self._options(request), profile=request.aims[at].digest, planned=file)
        self._rows[number][at], self._pages[number][at], self._files[number][at] = row, page, file
        self._done += 1
        if self._means.told is not None:
            self._means.told(self._done, self._all)

    def _options(self, request: Request) -> str:
        """The text of the options of a request; most requests of a fleet have the same ones."""
        if self._last is None or self._last[0] is not request.options:
            self._last = request.options, options_text(request.options)
        return self._last[1]

    def result(self) -> Fleet:
        """All rows."""
        rows = tuple(row for some in self._rows for row in some if row is not None)
        pages = tuple(page for some in self._pages for page in some) if self._means.pages is not None else ()
        files = tuple(file for some in self._files for file in some) if self._means.planned is not None else ()
        known = sorted(self._missing.items())
        missing = tuple(
            (self._requests[n].source.name, self._requests[n].aims[at].label, why) for (n, at), why in known
        )
        return Fleet(rows, pages, self._all - self._kept, files, missing)


def _executor(means: Means, workers: int) -> tuple[Executor | None, Callable[[], Executor] | None]:
    """The executor that is given, and the function that makes one."""
    if isinstance(means.executor, Executor):
        return means.executor, None
    return None, means.executor if means.executor is not None else lambda: LocalPool(workers)


def _check(means: Means) -> None:
    if means.jobs is not None and not 1 <= means.jobs <= MOST_WINDOW:
        raise UsageError(f"{means.jobs} is not a number of workers", hint=f"give 1 .. {MOST_WINDOW}")
    if means.retries < 0:
        raise UsageError(f"{means.retries} is not a number of retries", hint="give 0 or more")
    if means.memory is not None and means.memory < 1:
        raise UsageError(f"{means.memory} is not a number of bytes", hint="give more than 0, or leave it out")
    if means.seconds is not None and not 0 < means.seconds <= MOST_SECONDS:
        what = f"{means.seconds} is not a number of seconds in 0 .. {MOST_SECONDS}"
        raise UsageError(what, hint="give more than 0, or leave it out")
