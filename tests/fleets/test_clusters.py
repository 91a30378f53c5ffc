"""Dask and Ray give the rows of local processes, whichever of their workers end."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress

import pytest
from support.processes import processes_of

import tmpass
from tmpass.base.errors import UsageError
from tmpass.base.packages import install_command
from tmpass.fleets.clusters import cluster_executor
from tmpass.fleets.fleet import Means

pytestmark = [pytest.mark.runtime, pytest.mark.filterwarnings("ignore")]

PACKAGES = {"dask": "distributed", "ray": "ray"}
TARGETS = ["tflm", "ethos-u65"]


@pytest.fixture(params=PACKAGES)
def cluster(request):
    """The name of a cluster of two processes."""
    pytest.importorskip(PACKAGES[request.param], reason=f"{request.param} is not installed")
    before = set(processes_of(os.getpid()))
    yield request.param
    until = time.monotonic() + 15
    while (left := _workers(before)) and time.monotonic() < until:
        time.sleep(0.2)
    assert not left


def _workers(before):
    """The processes below this one that are not among those of `before`.

    One that lists processes does not count, nor does the one that multiprocessing keeps for its resources.
    """
    found = {}
    for process in set(processes_of(os.getpid())) - before:
        with suppress(OSError), open(f"/proc/{process}/cmdline") as file:
            found[process] = file.read()
    return [process for process, line in found.items() if "resource_tracker" not in line and not line.startswith("ps")]


def means(cluster, **fields):
    return Means(executor=cluster_executor(cluster, 2), jobs=2, **fields)


def test_the_rows_are_those_of_local_processes(cluster, zoo, tmp_path):
    models = [zoo, ("sent.tflite", (zoo / "a.tflite").read_bytes()), f"file://{zoo}/b.tflite"]
    expected = tmpass.fleet(models, TARGETS, means=Means(jobs=2, store=tmp_path / "local.db"))
    store = tmp_path / "rows.db"
    assert tmpass.fleet(models, TARGETS, means=means(cluster, store=store)) == expected
    assert tmpass.fleet(models, TARGETS, means=Means(jobs=1, store=store)).planned == 0


def test_workers_that_end_lose_and_double_nothing(cluster, zoo, harmful, tmp_path):
    began, once, log = tmp_path / "began", tmp_path / "once", tmp_path / "log"
    models = [
        harmful("slow", "slow", began, 2),
        harmful("once", "once", once),
        harmful("kill", "kill"),
        zoo,
        harmful("hang", "hang"),
        *(harmful(f"m{at}", "log", log) for at in range(8)),
    ]

    def kill():  # the worker that plans the first model, while it does
        until = time.monotonic() + 60
        while not began.exists() and time.monotonic() < until:
            time.sleep(0.01)
        with suppress(OSError, ValueError):
            os.kill(int(began.read_text()), signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    told = []
    limits = {"retries": 1, "seconds": 15, "told": lambda *so_far: told.append(so_far)}
    rows = tmpass.fleet(models, "tflm", means=means(cluster, **limits)).rows
    thread.join()
    names = [os.path.basename(row.model).partition(".")[0] for row in rows]
    assert names == ["slow", "once", "kill", "a", "b", "broken", "large", "hang", *(f"m{at}" for at in range(8))]
    codes = dict(zip(names, (row.code for row in rows), strict=True))
    assert {name for name, code in codes.items() if code == 70} == {"kill", "hang"}
    assert codes["broken"] == 3
    assert all(code == 0 for name, code in codes.items() if name not in ("kill", "hang", "broken"))
    assert told == [(at, 16) for at in range(1, 17)]
    assert rows[2].error.startswith("the process that planned it ended 2 times without an answer")


def test_the_scheduler_of_dask_may_run_already(zoo):
    distributed = pytest.importorskip("distributed", reason="dask is not installed")
    expected = tmpass.fleet(zoo, TARGETS, means=Means(jobs=2)).rows
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, dashboard_address=None, silence_logs=50
    ) as running:
        found = tmpass.fleet(zoo, TARGETS, means=means(running.scheduler_address)).rows
        assert found == expected
        assert len(running.workers) == 2  # it goes on


@pytest.fixture
def ray_head(tmp_path):
    """The address of a head of Ray with a server for clients, which runs in a session of its own."""
    pytest.importorskip("ray", reason="ray is not installed")
    pytest.importorskip("grpc", reason="the server for clients needs ray[client]")
    with socket.socket() as free, socket.socket() as other:
        for one in (free, other):
            one.bind(("127.0.0.1", 0))
        port, clients = free.getsockname()[1], other.getsockname()[1]
    folder = tempfile.mkdtemp(prefix="ray")  # the path of a socket below it may have 107 bytes
    command = ["start", "--head", "--block", f"--port={port}", f"--ray-client-server-port={clients}", "--num-cpus=2"]
    command += ["--include-dashboard=false", "--disable-usage-stats", f"--temp-dir={folder}"]
    log = tmp_path / "ray.log"
    with log.open("wb") as out:
        head = subprocess.Popen(
            [sys.executable, "-m", "ray.scripts.scripts", *command], stdout=out, stderr=out, start_new_session=True
        )
    until = time.monotonic() + 90
    while b"Ray runtime started" not in log.read_bytes() and head.poll() is None and time.monotonic() < until:
        time.sleep(0.2)
    time.sleep(3)  # its agents start after it says so
    yield f"ray://127.0.0.1:{clients}"
    started = [head.pid, *processes_of(head.pid)]
    head.terminate()  # it ends what it started
    with suppress(subprocess.TimeoutExpired):
        head.wait(20)
    for process in started:
        with suppress(OSError):
            os.kill(process, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_a_cluster_of_ray_may_run_already(zoo, ray_head):
    expected = tmpass.fleet(zoo, TARGETS, means=Means(jobs=2)).rows
    assert tmpass.fleet(zoo, TARGETS, means=means(ray_head)).rows == expected


def test_a_scheduler_that_does_not_answer_is_an_error(zoo, monkeypatch):
    pytest.importorskip("distributed", reason="dask is not installed")
    monkeypatch.setattr("tmpass.fleets.clusters.dask_cluster.PATIENCE", 1)
    with pytest.raises(UsageError, match=r"tcp://127\.0\.0\.1:1: no cluster answers"):
        tmpass.fleet(zoo, "tflm", means=means("tcp://127.0.0.1:1"))


@pytest.mark.parametrize(("name", "package"), PACKAGES.items())
def test_a_missing_package_is_an_error_with_the_command_that_installs_it(name, package, monkeypatch):
    monkeypatch.delitem(sys.modules, package, raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda found: None if found == package else True)
    with pytest.raises(
        UsageError, match=rf"needs {package}, which is not installed; .*pip.* install '{package}>="
    ) as error:
        cluster_executor(name, 2)
    assert error.value.hint == install_command(name)
