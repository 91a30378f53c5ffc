"""An executor of local processes, of which each may end at any time without harm to the others.

concurrent.futures.ProcessPoolExecutor gives up all work where one process ends, and does not say which call ended it.
Here each process has a thread that hands it one call at a time, and knows how it ended.
"""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from queue import SimpleQueue
from typing import IO, Any, TypeVar, cast

from tmpass.base import interrupts

T = TypeVar("T")

_Task = tuple[Future[Any], tuple[Any, ...]]


def processors() -> int:
    """The number of processors that this process may use, or of all where the system does not tell."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class WorkerEnded(Exception):
    """The process ended during a call: it was killed, or crashed, or could not even start."""


class LocalPool(Executor):
    """At most `workers` processes, started when they are needed."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._waiting = 0
        self._closed = self._killed = False
        self._lock = threading.Lock()

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """A future of `fn(*args, **kwargs)`, computed in another process.

        Raises:
            RuntimeError: the pool is shut down.
        """
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the pool is shut down")
            self._waiting += 1
            if self._waiting > len(self._threads) and len(self._threads) < self.workers:
                thread = threading.Thread(target=self._serve, daemon=True)
                self._threads.append(thread)
                thread.start()
            self._tasks.put((future, (fn, args, kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: after their work, or with `cancel_futures` at once."""
        with self._lock:
            first, self._closed = not self._closed, True
            self._killed |= cancel_futures  # from here on none starts, so the loop below finds all
        if cancel_futures:
            with suppress(Exception):
                while task := self._tasks.get_nowait():
                    task[0].cancel()
            for process in tuple(self._processes):
                process.kill()
        for _ in self._threads if first or cancel_futures else ():
            self._tasks.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The ids of the processes that run, sorted."""
        return tuple(sorted(process.pid for process in tuple(self._processes)))

    def _serve(self) -> None:
        """Hand calls to one process, and start another where it ends."""
        process: subprocess.Popen[bytes] | None = None
        while (task := self._tasks.get()) is not None:
            future, call = task
            if future.set_running_or_notify_cancel():
                process = self._ask(process, future, call)
            with self._lock:
                self._waiting -= 1
        if process is not None:
            with suppress(OSError):
                cast(IO[bytes], process.stdin).close()
            self._end(process)

    def _ask(
        self, process: "subprocess.Popen[bytes] | None", future: Future[Any], call: tuple[Any, ...]
    ) -> "subprocess.Popen[bytes] | None":
        """Settle `future` with the answer of `process`, or of a new one for None; return it, or None where it ended."""
        try:
            text = pickle.dumps(call, pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            future.set_exception(error)
            return process
        try:
            process = process or self._start()
        except (OSError, WorkerEnded) as error:
            future.set_exception(WorkerEnded(f"it cannot start: {error}"))
            return None
        try:
            stdin, stdout = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
            stdin.write(text)
            stdin.flush()
            right, answer = pickle.load(stdout)
        except Exception:  # the pipe ended, anywhere in the answer
            process.kill()
            future.set_exception(WorkerEnded(f"exit code {self._end(process)}"))
            return None
        if right:
            future.set_result(answer)
        else:
            future.set_exception(answer)
        return process

    def _start(self) -> "subprocess.Popen[bytes]":
        # With -P a file in the current folder, such as queue.py, is not taken for a module.
        command = [sys.executable, "-P", "-m", "tmpass.fleets.worker", str(os.getpid())]
        with self._lock:
            if self._killed:
                raise WorkerEnded("the pool is shut down")
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=os.name == "posix",
            )
            self._processes.add(process)
            interrupts.children.add(process.pid)
        return process

    def _end(self, process: "subprocess.Popen[bytes]") -> int:
        code = process.wait()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):
                cast(IO[bytes], stream).close()
        self._processes.discard(process)
        interrupts.children.discard(process.pid)
        return code
