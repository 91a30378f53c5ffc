"""An executor on Dask: worker processes of this machine, or a cluster at an address."""

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any, cast

from tmpass.base.errors import UsageError
from tmpass.base.packages import check_package
from tmpass.fleets.local_pool import processors

PATIENCE = 20
"""Seconds for a scheduler to answer."""


def maker(address: str, workers: int | None) -> Callable[[], Executor]:
    """A function that makes the executor.

    Args:
        address: of the scheduler; empty for a cluster of this machine.
        workers: processes of such a cluster; None for one for each processor.

    Raises:
        UsageError: Dask is not installed.
    """
    check_package("distributed", "dask", "a cluster of Dask")
    return lambda: _make(address, workers)


def _make(address: str, workers: int | None) -> Executor:
    import dask
    from distributed import Client, LocalCluster

    # Once is enough to suspect a job: it then runs alone, and what kills its worker there is known for sure.
    dask.config.set({"distributed.scheduler.allowed-failures": 0, "distributed.logging.distributed": "critical"})
    cluster = None
    try:
        if not address:
            cluster = LocalCluster(
                n_workers=workers or processors(),
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                silence_logs=50,
            )
        client = Client(cluster or address, timeout=PATIENCE)
    except (OSError, ValueError) as error:  # a TimeoutError is an OSError
        raise UsageError(f"no cluster answers: {error}", where=address, hint="check its address") from None
    return _closing(client, cluster)


def _closing(client: Any, cluster: Any) -> Executor:
    """The client's executor; its end closes the client, and the cluster that was made for it."""
    executor: Any = client.get_executor(pure=False, retries=0)
    end = executor.shutdown

    def shutdown(*, wait: bool = True, cancel_futures: bool = False) -> None:
        with suppress(Exception):  # a scheduler that is gone has nothing left to end
            end(wait=wait and not cancel_futures)
        for one in (client, cluster):
            if one is not None:
                one.close()

    executor.shutdown = shutdown
    return cast(Executor, executor)
