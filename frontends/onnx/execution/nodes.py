"""Single nodes in ONNX Runtime: one session each, kept for the rounds of loops."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from onnx import NodeProto, OperatorSetIdProto, SparseTensorProto, TensorProto, ValueInfoProto, helper

from tmpass.errors import ModelError, UsageError, brief
from tmpass.runner import Value

from .ort_values import from_ort, to_ort, type_of

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Stored = TensorProto | SparseTensorProto

_NOISE = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : (/\S+:\d+ [^()]*\([^()]*\) )?")
"""What ONNX Runtime puts before its messages: codes, and where in its own sources it was."""


def import_onnxruntime() -> Any:
    """Return the module onnxruntime.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise UsageError(
            f"executing ONNX models needs ONNX Runtime, which cannot be imported: {error}",
            hint="pip install 'tmpass[execute]'",
        ) from None
    return onnxruntime


def open_session(model: bytes, folder: str = "") -> "InferenceSession":
    """Return a session on the CPU that changes nothing about `model`; external weights are looked for in `folder`.

    Raises:
        ModelError: ONNX Runtime refuses the model.
    """
    runtime = import_onnxruntime()
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    # One thread: several may add up floats in another order, and starting them takes longer than most nodes.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    if folder:
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", folder)
    try:
        return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise refused(error) from None


def refused(error: Exception) -> ModelError:
    """The error for what ONNX Runtime raises."""
    fault = _NOISE.sub("", str(error).strip()).partition("\n")[0].rstrip(".")
    fault = fault if len(fault) <= 300 else fault[:297] + "..."
    return ModelError(f"ONNX Runtime cannot run it: {fault}", hint="only what ONNX Runtime runs can be executed")


class Nodes:
    """Runs nodes of one model; each has a key by which its session is found again."""

    def __init__(self, ir_version: int, opsets: Sequence[OperatorSetIdProto]) -> None:
        self._ir_version, self._opsets = ir_version, list(opsets)
        self._sessions: dict[tuple[object, ...], InferenceSession] = {}
        self._alive: list[object] = []  # what a sequence or optional may still point into

    def run(
        self, key: object, node: NodeProto, given: Mapping[str, Value], stored: Mapping[str, Stored]
    ) -> tuple[Value | None, ...]:
        """Return the outputs of `node`, None for one that is left out; `given` and `stored` are all that it reads.

        Raises:
            ModelError: ONNX Runtime cannot run it.
        """
        types = {name: type_of(value) for name, value in given.items()}
        full = (key, *(t.SerializeToString(deterministic=True) for t in types.values()))
        names = [name for name in node.output if name]
        try:
            if full not in self._sessions:
                inputs = [helper.make_value_info(name, proto) for name, proto in types.items()]
                self._sessions[full] = open_session(self._model(node, inputs, names, stored))
            feeds = {name: to_ort(value) for name, value in given.items()}
            made = dict(zip(names, self._sessions[full].run_with_ort_values(names, feeds), strict=True))
        except ModelError as error:
            raise error.within(_title(node)) from None
        except Exception as error:
            raise refused(error).within(_title(node)) from None
        values = tuple(from_ort(made[name]) if name else None for name in node.output)
        if any(value is not None and value.data is None for value in values):
            self._alive.append(feeds)
        return values

    def _model(
        self, node: NodeProto, inputs: Sequence[ValueInfoProto], outputs: Sequence[str], stored: Mapping[str, Stored]
    ) -> bytes:
        dense = [_named(tensor, name) for name, tensor in stored.items() if isinstance(tensor, TensorProto)]
        sparse = [tensor for tensor in stored.values() if isinstance(tensor, SparseTensorProto)]
        results = [ValueInfoProto(name=name) for name in outputs]
        graph = helper.make_graph([node], "node", inputs, results, dense, sparse_initializer=sparse)
        model = helper.make_model(graph, ir_version=self._ir_version, opset_imports=self._opsets)
        return bytes(model.SerializeToString())


def contents(sequence: Value) -> Sequence[NDArray[Any]]:
    """Return the tensors in a sequence: ONNX Runtime hands them out only as the result of a model."""
    inputs = [helper.make_value_info("sequence", type_of(sequence))]
    node = helper.make_node("Identity", ["sequence"], ["same"])
    graph = helper.make_graph([node], "contents", inputs, [ValueInfoProto(name="same")])
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)])
    found: Sequence[NDArray[Any]] = open_session(model.SerializeToString()).run(["same"], {"sequence": sequence.form})[
        0
    ]
    return found


def _named(tensor: TensorProto, name: str) -> TensorProto:
    if tensor.name == name:
        return tensor
    copy = TensorProto()
    copy.CopyFrom(tensor)
    copy.name = name
    return copy


def _title(node: NodeProto) -> str:
    return f"node {brief(node.name or next(iter(node.output), ''))} ({node.op_type})"
