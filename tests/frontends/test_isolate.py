"""A crash or an endless call in a child process is one error; the child ends with its parent.

Functions here are found by name: a spawned child is sent no other.
"""

import operator
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from onnx import TensorProto, helper
from tmpass.frontends import isolate
from tmpass.frontends import onnx as frontend
from tmpass.frontends.isolate import call_apart
from tmpass.frontends.limits import FACTOR, Limits, limits_for

from tmpass.base import interrupts
from tmpass.base.errors import ChildError, ModelError, UsageError
from tmpass.base.sizes import parse_size

linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems have fewer limits")
MIB = 1 << 20
LOOP = "for _ in iter(int, 1): pass"


@pytest.fixture(params=["fork", "spawn"], autouse=True)
def method(request, monkeypatch):
    if request.param == "fork" and sys.platform != "linux":
        pytest.skip("calls are spawned on this system")
    monkeypatch.setattr(isolate, "METHOD", request.param)
    return request.param


def test_results_come_back_whole():
    value = {"n": (3, [None, "x", b"\0" * (3 * MIB)])}
    assert call_apart(operator.itemgetter(0), [value]) == value


def test_errors_come_back_with_their_class_and_fields():
    with pytest.raises(ModelError, match="the file is empty; export the model again") as found:
        frontend.load(b"", {})
    assert (found.value.what, found.value.hint) == ("the file is empty", "export the model again")
    with pytest.raises(UsageError, match="nothing"):
        call_apart(parse_size, "nothing", "a size")


def test_any_other_exception_is_a_model_error():
    with pytest.raises(ModelError, match="reading the model failed: KeyError: 'x'"):
        call_apart(operator.getitem, {}, "x")


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT])
@linux
def test_a_crash_is_a_model_error(number):
    with pytest.raises(ChildError, match=rf"crashed on this model \(signal {int(number)}\)"):
        call_apart(signal.raise_signal, number)


def test_an_end_without_an_answer_is_a_model_error():
    with pytest.raises(ChildError, match=r"crashed on this model \(exit code 7\)"):
        call_apart(os._exit, 7)


@linux
def test_a_call_that_never_ends_takes_three_seconds():
    begin = time.process_time()
    with pytest.raises(ChildError, match=rf"onnx needs more than 3\.0 s of processor time here; .* {FACTOR}=10 "):
        call_apart(exec, LOOP)
    assert time.process_time() - begin < 0.5  # of this process


def test_a_call_that_sleeps_ends_by_the_clock(monkeypatch):
    monkeypatch.setattr(isolate, "limits_for", lambda _: Limits(5.0, 0.5, 1 << 30))
    begin = time.monotonic()
    with pytest.raises(ChildError, match="did not finish this model within"):
        call_apart(time.sleep, 60)
    assert time.monotonic() - begin < 10
    assert not interrupts.children


@linux
def test_a_call_that_takes_all_memory_is_a_model_error():
    with pytest.raises(ChildError, match=r"onnx needs more than 512 MiB of memory here"):
        call_apart(bytearray, 1 << 31)


@linux
def test_limits_grow_with_the_file():
    small, large = limits_for(1000), limits_for(1 << 30)
    assert small.seconds < 4
    assert large.seconds == 900
    assert large.memory > 8 << 30
    assert call_apart(len, b"x" * (50 * MIB)) == 50 * MIB


@linux
def test_the_environment_lifts_and_multiplies_limits(monkeypatch):
    monkeypatch.setenv(FACTOR, "10")
    assert limits_for(0).seconds == 30
    monkeypatch.setenv(FACTOR, "0")
    assert limits_for(0) is None
    assert call_apart(eval, "len(bytearray(1 << 30))") == 1 << 30
    for wrong in ("much", "-1", "nan", "inf"):
        monkeypatch.setenv(FACTOR, wrong)
        with pytest.raises(UsageError, match="not a number from 0"):
            call_apart(len, b"")


def test_no_process_left_is_a_usage_error(monkeypatch):
    def refuse(*_, **__):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(UsageError, match="no process can be started: Resource temporarily unavailable"):
        call_apart(len, b"")


PARENT = """
import sys
from tmpass.frontends import isolate
isolate.METHOD = {method!r}
isolate.call_apart({call})
"""


@pytest.mark.parametrize("call", [f"exec, {LOOP!r}", "__import__('time').sleep, 60"])
@linux
def test_the_child_ends_with_its_parent_also_when_that_is_killed(method, call):
    script = PARENT.format(method=method, call=call)
    with subprocess.Popen([sys.executable, "-c", script], env={**os.environ, FACTOR: "100"}) as parent:
        children = wait_for(lambda: children_of(parent.pid))
        parent.kill()
        parent.wait()
        assert wait_for(lambda: not any(map(runs, children)))


def children_of(parent):
    return Path(f"/proc/{parent}/task/{parent}/children").read_text().split()


def runs(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(question):
    for _ in range(500):
        if answer := question():
            return answer
        time.sleep(0.02)
    raise AssertionError("it has not come within ten seconds")


def test_a_call_stays_in_the_process_where_none_can_be_started(monkeypatch):
    monkeypatch.setattr(isolate, "METHOD", "none")
    assert call_apart(os.getpid) == os.getpid()


def test_a_file_on_which_onnx_itself_crashes_ends_in_an_error():
    node = helper.make_node("EyeLike", ["x"], ["y"], dtype=TensorProto.FLOAT)
    graph = helper.make_graph([node], "g", [], [])
    graph.input.add(name="x")  # without a type
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)])
    with pytest.raises(ModelError):
        frontend.load(model.SerializeToString(), {})


@linux
def test_a_file_on_which_onnx_never_ends_is_refused():
    """Einsum with two ellipses in one term: onnx 1.22 never ends on it."""
    node = helper.make_node("Einsum", ["x"], ["y"], equation="......ii->...i")
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [3, 3, 3]) for name in "xy")
    model = helper.make_model(helper.make_graph([node], "g", [x], [y]))
    begin = time.monotonic()
    try:
        frontend.load(model.SerializeToString(), {})
    except ModelError as error:
        assert "\n" not in str(error)  # noqa: PT017  # another version of onnx may read it
    assert time.monotonic() - begin < 20
