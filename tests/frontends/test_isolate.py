"""What crashes ends in one error, and nothing else is different."""

import os
import signal

import pytest
from onnx import TensorProto, helper
from tmpass.frontends import onnx as frontend
from tmpass.frontends.isolate import POSSIBLE, call_apart

from tmpass.errors import ModelError, UsageError

forking = pytest.mark.skipif(not POSSIBLE, reason="calls stay in the process on this system")


def fail(error):
    raise error


def test_results_come_back_whole():
    assert call_apart(lambda n: {"n": (n, [None, "x"])}, 3) == {"n": (3, [None, "x"])}


def test_errors_come_back_with_their_class_and_fields():
    with pytest.raises(ModelError) as found:
        call_apart(fail, ModelError("broken", where="here", hint="mend it"))
    assert (found.value.what, found.value.where, found.value.hint) == ("broken", "here", "mend it")
    with pytest.raises(UsageError, match="wrong"):
        call_apart(fail, UsageError("wrong"))


@forking
def test_any_other_exception_is_a_model_error():
    with pytest.raises(ModelError, match="reading it failed: KeyError: 'x'"):
        call_apart(fail, KeyError("x"))


@forking
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT])
def test_a_crash_is_a_model_error(number):
    with pytest.raises(ModelError, match=rf"crashed on this model \(signal {int(number)}\)"):
        call_apart(lambda: os.kill(os.getpid(), number))


@forking
def test_a_file_on_which_onnx_itself_crashes_ends_in_an_error():
    node = helper.make_node("EyeLike", ["x"], ["y"], dtype=TensorProto.FLOAT)
    graph = helper.make_graph([node], "g", [], [])
    graph.input.add(name="x")  # without a type
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)])
    with pytest.raises(ModelError):
        frontend.load(model.SerializeToString(), {})
