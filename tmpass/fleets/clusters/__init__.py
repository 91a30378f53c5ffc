"""Clusters by name: local processes, Dask, or Ray."""

from collections.abc import Callable
from concurrent.futures import Executor

from tmpass.base.errors import UsageError, brief


def cluster_executor(name: str, workers: int | None) -> Callable[[], Executor] | None:
    """A function that makes the executor `name`; None for local processes.

    Args:
        name: "local"; "dask" or tcp://HOST:PORT; "ray" or ray://HOST:PORT.
        workers: their number on this machine; None for one for each processor.

    Raises:
        UsageError: the name is unknown, or the package is not installed.
    """
    if name == "local":
        return None
    if name == "dask" or name.startswith(("tcp://", "tls://")):
        from tmpass.fleets.clusters.dask_cluster import maker

        return maker("" if name == "dask" else name, workers)
    if name == "ray" or name.startswith("ray://"):
        from tmpass.fleets.clusters.ray_cluster import maker as ray_maker

        return ray_maker("" if name == "ray" else name, workers)
    raise UsageError(
        f"cluster {brief(name)} is unknown", hint="give local, dask, tcp://HOST:PORT, ray or ray://HOST:PORT"
    )
