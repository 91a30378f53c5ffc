"""An executor on Ray: worker processes of this machine, or a cluster at an address."""

import os
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar, cast

from tmpass.base.errors import UsageError
from tmpass.base.packages import check_package
from tmpass.fleets.local_pool import processors

T = TypeVar("T")


def maker(address: str, workers: int | None) -> Callable[[], Executor]:
    """A function that makes the executor.

    Args:
        address: ray://HOST:PORT; empty for this machine.
        workers: processes of this machine; None for one for each processor.

    Raises:
        UsageError: Ray is not installed.
    """
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # Ray warns that no worker uses a GPU
    check_package("ray", "ray", "a cluster of Ray")
    return lambda: RayExecutor(address, workers)


class RayExecutor(Executor):
    """Calls as tasks of Ray, which repeats none by itself: the end of a worker is an error of the future."""

    def __init__(self, address: str, workers: int | None) -> None:
        import ray

        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "critical"}
        try:
            if address:
                with warnings.catch_warnings(action="ignore"):  # what it warns of is the error below
                    ray.init(address=address, **quiet)
            else:
                count = workers or processors()
                ray.init(num_cpus=count, include_dashboard=False, **quiet)
        except (OSError, ValueError, RuntimeError) as error:
            raise UsageError(f"no cluster answers: {error}", where=address or "ray", hint="check its address") from None
        self._call: Any = ray.remote(max_retries=0, num_cpus=1)(_call)

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        """The future of a task of Ray."""
        return cast("Future[T]", self._call.remote(fn, args, kwargs).future())

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the connection, and what was started for it on this machine."""
        del wait, cancel_futures
        import ray

        ray.shutdown()


def _call(fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
    return fn(*args, **kwargs)
