"""Each process of the pool may end without harm to the calls of the others."""

import os
import signal
import threading
import time
from concurrent.futures import wait
from pathlib import Path

import pytest
from support.fleets_calls import answer, die, refuse

from tmpass.fleets import clusters
from tmpass.fleets.local_pool import LocalPool, WorkerEnded, processors


@pytest.fixture
def pool(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(os.path.abspath(__file__)) + "/..")
    with LocalPool(2) as made:
        yield made


def test_calls_are_computed_in_other_processes(pool):
    found = [pool.submit(answer, at, by=2) for at in range(20)]
    answers = [future.result(60) for future in found]
    assert [value for value, _ in answers] == [2 * at for at in range(20)]
    assert 1 <= len({process for _, process in answers} - {os.getpid()}) <= 2


def test_an_error_comes_back_and_the_process_goes_on(pool):
    with pytest.raises(ValueError, match="no 7"):
        pool.submit(refuse, 7).result(60)
    assert pool.submit(answer, 1).result(60)[0] == 1


def test_a_process_that_ends_takes_only_its_own_call_with_it(pool):
    calls = [pool.submit(answer, at) for at in range(6)]
    killed = [pool.submit(die, signal.SIGKILL), pool.submit(os._exit, 3)]
    calls += [pool.submit(answer, at) for at in range(6, 12)]
    wait([*calls, *killed], 60)
    assert [call.result()[0] for call in calls] == list(range(12))
    for future, code in zip(killed, ("-9", "3"), strict=True):
        with pytest.raises(WorkerEnded, match=f"exit code {code}"):
            future.result()


@pytest.mark.parametrize("name", ["pickle.py", "tmpass.py"])
def test_files_in_the_current_folder_are_not_imported(pool, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text("raise SystemExit('imported from the current folder')")
    assert pool.submit(answer, 1).result(60)[0] == 1


def test_a_process_that_cannot_start_is_an_error_of_its_call_and_the_next_one_may(pool, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("tmpass.fleets.local_pool.sys.executable", "/no/such/python")
        calls = [pool.submit(answer, at) for at in range(5)]
        for call in calls:
            with pytest.raises(WorkerEnded, match=r"it cannot start: .*No such file"):
                call.result(60)
    assert pool.submit(answer, 1).result(60)[0] == 1


def test_no_process_starts_after_the_end(pool, monkeypatch):
    starts, go = [], threading.Event()
    start = pool._start

    def late():
        starts.append(go.wait(60))
        return start()

    monkeypatch.setattr(pool, "_start", late)
    call = pool.submit(answer, 1)
    while not call.running():
        time.sleep(0.01)
    pool.shutdown(wait=False, cancel_futures=True)
    go.set()
    with pytest.raises(WorkerEnded, match="the pool is shut down"):
        call.result(60)
    pool.shutdown()
    assert (starts, pool.process_ids) == ([True], ())


def test_the_number_of_processors_is_known_on_every_system(monkeypatch):
    assert 1 <= processors() <= os.cpu_count()
    monkeypatch.delattr("tmpass.fleets.local_pool.os.sched_getaffinity", raising=False)
    assert processors() == os.cpu_count()
    assert "sched_getaffinity" not in "".join(path.read_text() for path in Path(clusters.__file__).parent.glob("*.py"))


def test_what_cannot_be_sent_or_read_is_an_error_of_its_call(pool):
    with pytest.raises(AttributeError):
        pool.submit(lambda: 1).result(60)
    assert pool.submit(answer, 5).result(60)[0] == 5


def test_no_process_is_started_before_it_is_needed_and_none_is_left(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(os.path.abspath(__file__)) + "/..")
    pool = LocalPool(2)
    assert pool.process_ids == ()
    assert pool.submit(answer, 1).result(60)[0] == 1
    assert len(pool.process_ids) == 1
    slow = [pool.submit(time.sleep, 100) for _ in range(3)]
    ids = pool.process_ids
    pool.shutdown(cancel_futures=True)
    assert all(future.done() for future in slow)
    assert pool.process_ids == ()
    for process in ids:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
    with pytest.raises(RuntimeError, match="shut down"):
        pool.submit(answer, 1)
