"""Runs jobs on an executor, whose workers may end at any time.

    jobs ── all together, a window of them in flight ──> outcomes
              │ the worker of a job ended
              └──> at the end, each target of that job alone, with nothing else in flight ──> outcome, or a row
                   that says how many times the worker ended

What runs alone cannot end the work of another job. A worker that was killed from outside ends no job for good, and a
model that kills its worker is known for sure.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import suppress
from dataclasses import replace
from queue import SimpleQueue

from tmpass.base.errors import TmpassError, UsageError, brief_text
from tmpass.base.record import record
from tmpass.base.version import VERSION
from tmpass.fleets.do_job import do_job
from tmpass.fleets.job import Job, Outcome, outcome_of
from tmpass.fleets.row import INTERNAL_ERROR, Row

Take = Callable[[Job, Outcome], object]

_Submitted = tuple["Future[Outcome]", Executor | None]
"""The future of a job, and the executor that it is of."""


@record
class Limits:
    """What a job may take.

    Fields:
        window: how many jobs are in flight at most.
        retries: how many times a job runs again, alone, after its worker ended.
    """

    window: int
    retries: int = 2


class Crew:
    """An executor that is made again where it breaks.

    Args:
        make: makes one; None where `executor` cannot be replaced.
    """

    def __init__(self, executor: Executor | None, make: Callable[[], Executor] | None) -> None:
        self._executor, self._make = executor, make

    def submit(self, job: Job) -> "_Submitted":
        """The future of a job. An executor that is broken gives one that has failed."""
        try:
            executor = self._current()
            return executor.submit(do_job, job), executor
        except (BrokenExecutor, RuntimeError) as error:
            if not isinstance(error, BrokenExecutor) and "shut" not in str(error):
                raise
            broken = self._executor
            self.renew(broken)
            future: Future[Outcome] = Future()
            future.set_exception(BrokenExecutor(str(error)))
            return future, broken

    def renew(self, broken: Executor | None) -> None:
        """Make another executor in the place of `broken`, where that can be done and was not done yet.

        All futures of an executor that broke say so, and only the first one may end it.
        """
        if self._make is not None and self._executor is not None and self._executor is broken:
            with suppress(Exception):
                self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    def close(self, *, at_once: bool) -> None:
        """End the executor, if it was made here."""
        if self._make is not None and self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=at_once)

    def _current(self) -> Executor:
        if self._executor is None and self._make is not None:
            self._executor = self._make()
        if self._executor is None:
            raise BrokenExecutor("there is no executor")
        return self._executor


def run_jobs(jobs: Iterable[Job], crew: Crew, limits: Limits, take: Take) -> None:
    """Run `jobs`, and hand each outcome to `take` as it comes, in this thread.

    Raises:
        UsageError: the workers have no tmpass, or another version.
    """
    suspects = []
    for job, outcome in _outcomes(jobs, crew, limits.window):
        if outcome is None:
            suspects += [replace(job, aims=(aim,)) for aim in job.aims] or [job]
        else:
            take(job, outcome)
    for job in sorted(suspects, key=lambda job: job.number):
        take(job, _alone(job, crew, limits.retries))


def _alone(job: Job, crew: Crew, retries: int) -> Outcome:
    for _ in range(retries):
        for _, outcome in _outcomes([job], crew, 1):
            if outcome is not None:
                return outcome
    times = retries + 1
    ended = f"the process that planned it ended {times} times without an answer" if times > 1 else "its process ended"
    limit = "" if job.seconds is None else f", each within {job.seconds:g} s"
    fault = f"{ended}{limit}; plan it alone to see more: tmpass plan {brief_text(job.source.name, 200)}"
    rows = tuple(Row(job.source.name, aim.label, error=fault, code=INTERNAL_ERROR) for aim in job.aims)
    return outcome_of(job, rows)


def _outcomes(jobs: Iterable[Job], crew: Crew, window: int) -> Iterator[tuple[Job, Outcome | None]]:
    """Each job with its outcome as it comes; None where its worker ended. At most `window` jobs are in flight."""
    done: SimpleQueue[Future[Outcome]] = SimpleQueue()
    flying: dict[Future[Outcome], tuple[Job, Executor | None]] = {}
    coming, more = iter(jobs), True
    try:
        while more or flying:
            while more and len(flying) < window:
                if (job := next(coming, None)) is None:
                    more = False
                    break
                future, executor = crew.submit(job)
                flying[future] = job, executor
                future.add_done_callback(done.put)
            if flying:
                future = done.get()
                job, executor = flying.pop(future)
                yield job, _answer(future, executor, crew)
    finally:
        for future in flying:
            future.cancel()


def _answer(future: "Future[Outcome]", executor: Executor | None, crew: Crew) -> Outcome | None:
    """The outcome of a job of `executor`; None where its worker ended.

    Raises:
        UsageError: the worker has no tmpass, or another version.
    """
    try:
        outcome = future.result()
    except (ImportError, AttributeError, pickle.PickleError) as error:
        what = f"a worker cannot run tmpass: {brief_text(str(error), 200)}"
        raise UsageError(what, hint=f"install tmpass {VERSION} where the workers run") from None
    except BrokenExecutor:
        crew.renew(executor)
        return None
    except TmpassError:
        raise
    except (Exception, CancelledError):  # an executor's own: the worker is gone, and the answer with it
        return None
    if not isinstance(outcome, Outcome) or outcome.version != VERSION:
        other = getattr(outcome, "version", "another version")
        raise UsageError(f"a worker has tmpass {other}, and here is {VERSION}", hint="install the same on both")
    return outcome
