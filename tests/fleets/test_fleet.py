"""A fleet has the same rows however they are computed; what goes wrong is a row; done work is not repeated."""

import os
import signal
import sys
import threading
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path

import pytest
from fleets.conftest import chain
from support.processes import processes_of

import tmpass
from tmpass.base.errors import ChildError, ModelError, TargetError, UsageError
from tmpass.fleets import store
from tmpass.fleets.fleet import Means, find_aims

MODELS = Path(__file__).parent.parent.parent / "models"
TARGETS = ["pixel6-tpu", "tflm"]


def threads(workers=2):
    return Means(executor=ThreadPoolExecutor(workers))


def test_rows_come_in_the_order_of_models_and_targets_and_failures_are_rows(zoo):
    found = tmpass.fleet(zoo, TARGETS, means=threads(), budget="8KiB")
    names = ["a.tflite", "b.tflite", "inner/broken.tflite", "inner/large.tflite"]
    assert [(row.model, row.target) for row in found.rows] == [
        (str(zoo / name), target) for name in names for target in TARGETS
    ]
    assert [row.code for row in found.rows] == [0, 0, 0, 0, 3, 3, 1, 1]
    assert [row.fits for row in found.rows] == [True] * 4 + [None] * 2 + [False] * 2
    assert "broken.tflite" in found.rows[4].error
    plan = tmpass.plan(zoo / "a.tflite", "tflm", budget="8KiB")
    row, memory = found.rows[1], plan.memories[0]
    assert (row.sha256, row.peak, row.bound, row.needed) == (
        plan.model.sha256, memory.peak, memory.lower_bound, memory.needed,
    )  # fmt: skip
    assert row.notes[-len(plan.warnings) :] == plan.warnings or not plan.warnings


def test_the_number_of_processes_and_the_executor_change_no_row(zoo):
    expected = tmpass.fleet(zoo, TARGETS, means=threads()).rows
    assert tmpass.fleet(zoo, TARGETS, means=Means(jobs=1)).rows == expected
    assert tmpass.fleet(zoo, TARGETS, means=Means(jobs=2)).rows == expected
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        assert tmpass.fleet(zoo, TARGETS, means=Means(executor=executor)).rows == expected


def test_models_come_by_path_bytes_and_url(zoo):
    pytest.importorskip("fsspec", reason="fsspec is not installed")
    data = (zoo / "a.tflite").read_bytes()
    named = [zoo / "a.tflite", ("b/a.tflite", data), f"file://{zoo}/a.tflite"]
    rows = tmpass.fleet(named, "tflm", means=Means(jobs=1)).rows
    assert [row.model for row in rows] == [str(zoo / "a.tflite"), "b/a.tflite", f"file://{zoo}/a.tflite"]
    assert len({replace(row, model="") for row in rows}) == 1
    listed = tmpass.fleet(f"file://{zoo}/**/*.tflite", "tflm", means=threads()).rows
    assert [row.model.removeprefix(f"file://{zoo}/") for row in listed] == [
        "a.tflite", "b.tflite", "inner/broken.tflite", "inner/large.tflite",
    ]  # fmt: skip
    missing = tmpass.fleet(["memory://no/such.tflite", "no/such.tflite"], "tflm", means=threads()).rows
    assert [row.code for row in missing] == [3, 3]
    assert all("cannot read it" in row.error for row in missing)


def test_without_a_target_the_rows_say_which_is_assumed(zoo):
    (row,) = tmpass.fleet(zoo / "a.tflite", means=threads()).rows
    assert row.target == "pixel6-tpu"
    assert "target: pixel6-tpu is assumed, since none was given" in row.notes
    assert tmpass.fleet(zoo / "a.tflite", "pixel6-tpu", means=threads()).rows != (row,)


def test_wrong_arguments_are_refused(zoo):
    with pytest.raises(TargetError, match="did you mean 'tflm'"):
        tmpass.fleet(zoo, ["tflmm"])
    with pytest.raises(UsageError, match="0 is not a number of workers"):
        tmpass.fleet(zoo, "tflm", means=Means(jobs=0))
    with pytest.raises(UsageError, match="inf is not a number of seconds in 0 "):
        tmpass.fleet(zoo, "tflm", means=Means(seconds=float("inf")))
    with pytest.raises(UsageError, match="the folder has no model"):
        tmpass.fleet(zoo / ".." / "packages" if (zoo / ".." / "packages").is_dir() else Path(__file__).parent, "tflm")
    other = replace(tmpass.load_target("tflm"), summary="another")
    with pytest.raises(UsageError, match="two targets are named 'tflm'"):
        find_aims(["tflm", other])
    assert len(find_aims(["tflm", "tflm"])) == 1


def test_a_wrong_option_is_a_row_with_the_code_of_wrong_usage(zoo):
    rows = tmpass.fleet(zoo / "a.tflite", "tflm", means=threads(), share="all").rows
    assert (rows[0].code, rows[0].error[:15]) == (2, "share is 'all';")


# -- done work ---------------------------------------------------------------------------------------------------------


def test_done_work_is_not_repeated(zoo, tmp_path, harmful):
    log = tmp_path / "log"
    models = [zoo, harmful("one", "log", log)]
    means = Means(jobs=2, store=tmp_path / "rows.db")
    first = tmpass.fleet(models, TARGETS, means=means)
    assert (first.planned, len(first.rows), len(log.read_text().splitlines())) == (10, 10, 1)
    again = tmpass.fleet(models, TARGETS, means=means)
    assert (again.rows, again.planned, len(log.read_text().splitlines())) == (first.rows, 0, 1)


def test_what_decides_a_row_decides_whether_it_is_planned_again(zoo, tmp_path, monkeypatch):
    def planned(models=None, targets="tflm", **options):
        means = replace(threads(), store=tmp_path / "rows.db")
        return tmpass.fleet(models or zoo, targets, means=means, **options).planned

    assert planned() == 4
    assert planned() == 0
    assert planned(targets=TARGETS) == 4
    assert planned(nodes=7) == 4
    assert planned(nodes=7, threads=2) == 0  # they do not change a plan
    os.utime(zoo / "a.tflite", (1, 1))
    assert planned() == 0
    moved = tmp_path / "other"
    moved.mkdir()
    (moved / "a.tflite").write_bytes((zoo / "a.tflite").read_bytes())
    assert planned(moved) == 0
    (zoo / "a.tflite").write_bytes(chain(1024, 3000, 513))
    assert planned() == 1
    monkeypatch.setattr("tmpass.fleets.store.VERSION", "0.0.0")
    assert planned() == 4
    monkeypatch.setattr("tmpass.fleets.store._versions", lambda: ("1.0", ""))
    assert planned() == 4
    assert planned() == 0


@pytest.mark.parametrize(("kind", "planned"), [(ChildError, 2), (ModelError, 0)])
def test_an_error_of_the_model_is_kept_and_one_of_a_child_process_is_not(zoo, tmp_path, monkeypatch, kind, planned):
    def fail(*_, **__):
        raise kind("onnx itself crashed on this model (signal 9)")

    means = replace(threads(), store=tmp_path / "rows.db")
    with monkeypatch.context() as patch:
        patch.setattr("tmpass.fleets.do_job.load_opened", fail)
        rows = tmpass.fleet(zoo / "a.tflite", TARGETS, means=means).rows
    assert [row.code for row in rows] == [3, 3]
    again = tmpass.fleet(zoo / "a.tflite", TARGETS, means=replace(means, executor=ThreadPoolExecutor(1)))
    assert again.planned == planned
    assert [row.code for row in again.rows] == ([0, 0] if planned else [3, 3])


def test_weights_beside_an_onnx_model_count(tmp_path):
    import onnx
    from onnx import helper, numpy_helper

    x, y = (helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [4]) for name in "xy")
    import numpy as np

    weight = numpy_helper.from_array(np.zeros(4, np.float32), "w")
    graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", [x], [y], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    path = tmp_path / "net.onnx"
    onnx.save_model(model, path, save_as_external_data=True, location="net.data", size_threshold=0)

    def planned():
        return tmpass.fleet(path, "tflm", means=replace(threads(), store=tmp_path / "rows.db")).planned

    assert [planned(), planned()] == [1, 0]
    (tmp_path / "net.data").write_bytes(bytes(range(16)))
    assert [planned(), planned()] == [1, 0]
    (tmp_path / "net.data").unlink()
    assert [planned(), planned()] == [1, 0]


def test_a_page_that_is_missing_is_made_again(zoo, tmp_path):
    means = replace(threads(), store=tmp_path / "rows.db", pages=tmp_path / "pages")
    found = tmpass.fleet(zoo, "tflm", means=means)
    assert [page is None for page in found.pages] == [False, False, True, False]
    first = Path(found.pages[0])
    text = first.read_text(encoding="utf-8")
    assert "a.tflite on tflm" in text
    assert tmpass.fleet(zoo, "tflm", means=means) == replace(found, planned=0)
    first.unlink()
    assert tmpass.fleet(zoo, "tflm", means=means) == replace(found, planned=1)
    assert first.read_text(encoding="utf-8") == text


# -- processes that end ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["kill", "exit"])
def test_a_model_that_ends_its_process_is_a_row_and_harms_no_other(zoo, tmp_path, harmful, what):
    expected = tmpass.fleet(zoo, TARGETS, means=threads()).rows
    models = [harmful("first", what), zoo, harmful("last", what)]
    means = Means(jobs=2, retries=1, store=tmp_path / "rows.db")
    found = tmpass.fleet(models, TARGETS, means=means)
    assert found.rows[2:-2] == expected
    for row in (*found.rows[:2], *found.rows[-2:]):
        assert (row.code, row.fits) == (70, None)
        assert row.error.startswith("the process that planned it ended 2 times without an answer; plan it alone")
    assert tmpass.fleet(models, TARGETS, means=means).planned == 4  # such a row is not kept


def test_a_model_whose_process_was_killed_is_planned_again_and_nothing_is_lost_or_doubled(tmp_path, harmful):
    log, told = tmp_path / "log", []
    models = [
        harmful("a", "log", tmp_path / "other"),
        harmful("b", "once", log),
        harmful("c", "log", tmp_path / "other"),
    ]
    found = tmpass.fleet(models, "tflm", means=Means(jobs=2, told=lambda *so_far: told.append(so_far)))
    assert [(row.code, os.path.basename(row.model)) for row in found.rows] == [
        (0, "a.poison"), (0, "b.poison"), (0, "c.poison"),
    ]  # fmt: skip
    assert len(log.read_text().splitlines()) == 2
    assert len((tmp_path / "other").read_text().splitlines()) == 2
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_limit_of_time_is_a_row(harmful):
    """The limit is of the process, which takes a second or more to begin: so the others have none."""
    started = time.monotonic()
    (row,) = tmpass.fleet([harmful("hang", "hang")], "tflm", means=Means(jobs=2, retries=0, seconds=1.5)).rows
    assert time.monotonic() - started < 20
    assert row.code == 70
    assert row.error.startswith("its process ended, each within 1.5 s")


def test_a_limit_of_memory_and_an_internal_error_are_rows(harmful):
    models = [harmful("eat", "eat"), harmful("break", "break"), harmful("fine", "log", os.devnull)]
    rows = tmpass.fleet(models, "tflm", means=Means(jobs=2, retries=0, memory=1 << 30)).rows
    assert [row.code for row in rows] == [3, 70, 0]
    assert rows[0].error == "not enough memory"
    assert rows[1].error.startswith("internal error: 'RuntimeError: this is broken in two lines'; please report")


class Breaking(Executor):
    """Breaks at its third call, as a process pool does whose process has ended."""

    made = 0

    def __init__(self):
        Breaking.made += 1
        self._calls = 0

    def submit(self, fn, /, *args, **kwargs):
        self._calls += 1
        future = Future()
        if self._calls >= 3:
            if self._calls > 3:
                raise BrokenExecutor("it is broken")
            future.set_exception(BrokenExecutor("a process ended"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
@pytest.mark.parametrize("memory", [1 << 10, 1 << 20])
def test_a_reader_without_memory_is_no_internal_error(memory):
    models = [MODELS / "branchy.onnx", MODELS / "control_flow.onnx"]
    rows = tmpass.fleet(models, "tflm", means=Means(jobs=1, memory=memory)).rows
    assert [(row.code, row.error) for row in rows] == [(3, "not enough memory")] * 2


def test_the_versions_of_installed_packages_count():
    assert store._versions() == (metadata.version("onnx"), store._version("ortools"))
    assert store._version("no-such-package") == ""


def test_an_executor_that_breaks_is_made_again(zoo):
    expected = tmpass.fleet(zoo, TARGETS, means=threads()).rows
    assert tmpass.fleet(zoo, TARGETS, means=Means(executor=Breaking, jobs=1)).rows == expected
    assert Breaking.made > 1


class BreakingOnce(Executor):
    """The first one breaks with three calls in flight, all at once; the others work."""

    def __init__(self, made):
        made.append(self)
        self._breaks, self._held = len(made) == 1, []

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        if not self._breaks:
            future.set_result(fn(*args, **kwargs))
            return future
        self._held.append(future)
        if len(self._held) == 3:
            for held in self._held:
                held.set_exception(BrokenExecutor("a process ended"))
        return future


def test_an_executor_with_several_calls_in_flight_is_made_again_once(zoo):
    made = []
    rows = tmpass.fleet(zoo, TARGETS, means=Means(executor=lambda: BreakingOnce(made), jobs=1)).rows
    assert rows == tmpass.fleet(zoo, TARGETS, means=threads()).rows
    assert len(made) == 2


def test_one_that_cannot_be_made_again_leaves_rows(zoo):
    rows = tmpass.fleet(zoo, "tflm", means=Means(executor=Breaking(), jobs=1)).rows
    assert [row.code for row in rows] == [0, 0, 70, 70]


class Elsewhere(Executor):
    """Workers with another tmpass, or none."""

    def __init__(self, outcome):
        self._outcome = outcome

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        if isinstance(self._outcome, Exception):
            future.set_exception(self._outcome)
        else:
            future.set_result(replace(fn(*args, **kwargs), version=self._outcome))
        return future


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        ("9.9", "a worker has tmpass 9.9, and here is .*; install the same on both"),
        (
            ModuleNotFoundError("No module named 'tmpass'"),
            "a worker cannot run tmpass: No module named 'tmpass'; install",
        ),
    ],
)
def test_workers_without_this_version_are_an_error(zoo, outcome, message):
    with pytest.raises(UsageError, match=message):
        tmpass.fleet(zoo, "tflm", means=Means(executor=Elsewhere(outcome)))


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(zoo, harmful, tmp_path):
    began = tmp_path / "began"
    models = [harmful("slow", "slow", began, 2), zoo, *(harmful(f"m{at}", "log", tmp_path / "log") for at in range(20))]
    killed = []

    def kill():
        while not began.exists():
            time.sleep(0.01)
        killed.append(processes_of(os.getpid()))
        for process in killed[0]:
            with suppress(ProcessLookupError):  # what lists the processes is one of them
                os.kill(process, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    rows = tmpass.fleet(models, "tflm", means=Means(jobs=2)).rows
    thread.join()
    assert killed[0]
    assert [row.code for row in rows] == [0, 0, 0, 3, 0, *[0] * 20]
    assert len({row.model for row in rows}) == 25
