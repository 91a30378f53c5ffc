"""Sessions of ONNX Runtime, and its exceptions as errors."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, TypeProto, ValueInfoProto, helper

from tmpass.base.errors import BudgetError, ModelError, TmpassError
from tmpass.base.packages import import_package
from tmpass.loading.runner import Value

from .ort_values import ONLY, Held, from_ort, parse_type, to_ort, type_of

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_PREFIX = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : (/\S+:\d+ [^()]*\([^()]*\) )?")
"""The prefix of ONNX Runtime's messages: codes, and a place in its own sources."""

_NO_MEMORY = re.compile(r"bad_alloc|[Ff]ailed to allocate|out of memory|exceeds maximum possible size")


def import_onnxruntime() -> Any:
    """Return the module onnxruntime.

    Raises:
        UsageError: it cannot be imported.
    """
    return import_package("onnxruntime", "execute", "running an ONNX model")


class Opened:
    """A session, and the types of its outputs as ONNX Runtime spells them."""

    def __init__(self, session: "InferenceSession") -> None:
        self._session = session
        self._types = {output.name: output.type for output in session.get_outputs()}
        self._python = {name for name, kind in self._types.items() if "map(" in kind}

    def run(self, names: Sequence[str], given: Mapping[str, Value]) -> list[Value]:
        """Return the outputs `names`.

        Raises:
            ModelError: ONNX Runtime cannot run the model on these inputs.
            BudgetError: it needs more memory than executing may take.
        """
        feeds = {name: to_ort(value) for name, value in given.items()}
        # ONNX Runtime takes and gives maps only as Python objects, and takes optionals without a value only so.
        only = any(isinstance(v.form, Held) and isinstance(v.form.content, dict | None) for v in given.values())
        python = [name for name in names if only or name in self._python]
        others = [name for name in names if name not in python] if python else names
        made: dict[str, Value] = {}
        if others:
            values = _checked(self._session.run_with_ort_values, others, feeds)
            for name, value in zip(others, values, strict=True):
                made[name] = from_ort(value, self._types[name], (given, feeds))
        if python:
            results = _checked(self._session.run, python, feeds)
            made |= {n: from_python(result, self._types[n]) for n, result in zip(python, results, strict=True)}
        return [made[name] for name in names]

    def contents(self, name: str, feeds: Mapping[str, Any]) -> Any:
        """Return output `name` as a Python or numpy object."""
        return _checked(self._session.run, [name], feeds)[0]


def _checked(
    run: Callable[[Sequence[str], Mapping[str, Any]], Any], names: Sequence[str], feeds: Mapping[str, Any]
) -> Any:
    """Call ONNX Runtime, and turn any exception into an error."""
    try:
        return run(names, feeds)
    except Exception as error:
        raise refused(error) from None


def open_session(model: bytes, folder: str = "") -> Opened:
    """Return a session on the CPU that runs `model` without optimizations.

    Args:
        model: the bytes of a model.
        folder: where its external weights are; "" for none.

    Raises:
        ModelError: ONNX Runtime refuses the model.
    """
    runtime = import_onnxruntime()
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    # Memory that is allocated in advance only helps sessions that run often, and would count against the limit.
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    # One thread: several may add floats in another order, and starting them takes longer than most nodes.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    if folder:
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", folder)
    try:
        return Opened(runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"]))
    except Exception as error:
        raise refused(error) from None


def refused(error: Exception) -> TmpassError:
    """The error for an exception of ONNX Runtime."""
    fault = _PREFIX.sub("", str(error).strip()).partition("\n")[0].rstrip(".")
    if isinstance(error, MemoryError) or _NO_MEMORY.search(fault):
        return BudgetError("ONNX Runtime needs more memory than executing may take", hint="raise --execute-bytes")
    fault = fault if len(fault) <= 300 else fault[:297] + "..."
    return ModelError(f"ONNX Runtime cannot run it: {fault}", hint=ONLY)


def run_node(node: NodeProto, given: Mapping[str, Value]) -> Value:
    """Return the output of a node of operator set 21, which every supported ONNX Runtime has.

    Raises:
        ModelError: ONNX Runtime cannot run it.
    """
    inputs = [helper.make_value_info(name, type_of(value)) for name, value in given.items()]
    graph = helper.make_graph([node], "node", inputs, [ValueInfoProto(name=node.output[0])])
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)])
    return open_session(model.SerializeToString()).run(list(node.output), given)[0]


def contents(value: Value) -> Any:
    """Return the contents of a sequence, an optional or a map as Python and numpy objects.

    ONNX Runtime gives these only as the result of a model.
    """
    held = value.form
    if not isinstance(held, Held):
        raise ModelError("it needs a value of ONNX Runtime here")
    if not hasattr(held.content, "has_value"):
        return held.content
    if held.content.is_tensor():
        return held.content.numpy()
    inputs = [helper.make_value_info("value", type_of(value))]
    node = helper.make_node("Identity", ["value"], ["same"])
    graph = helper.make_graph([node], "contents", inputs, [ValueInfoProto(name="same")])
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)])
    return open_session(model.SerializeToString()).contents("same", {"value": held.content})


def strings_of(array: NDArray[Any]) -> Value:
    """Return a tensor of the strings in `array`."""
    texts = [text if isinstance(text, bytes) else str(text).encode() for text in array.flatten().tolist()]
    tensor = TensorProto(data_type=TensorProto.STRING, dims=array.shape, string_data=texts)
    return run_node(
        NodeProto(op_type="Constant", output=["made"], attribute=[helper.make_attribute("value", tensor)]), {}
    )


def sequence_of(inner: TypeProto, values: Sequence[Value]) -> Value:
    """Return a sequence of tensors of type `inner`.

    Raises:
        ModelError: `inner` is not a tensor, or ONNX Runtime does not support sequences of such tensors.
    """
    if inner.WhichOneof("value") != "tensor_type":
        raise ModelError("sequences of anything but tensors cannot be executed")
    if not values:
        return run_node(helper.make_node("SequenceEmpty", [], ["made"], dtype=inner.tensor_type.elem_type), {})
    parts = {f"part{i}": value for i, value in enumerate(values)}
    return run_node(helper.make_node("SequenceConstruct", list(parts), ["made"]), parts)


def optional_of(inner: TypeProto, value: Value | None) -> Value:
    """Return an optional of type `inner`, with a value or without."""
    if value is None:
        return run_node(helper.make_node("Optional", [], ["made"], type=inner), {})
    return run_node(helper.make_node("Optional", ["value"], ["made"]), {"value": value})


def from_python(made: Any, declared: str) -> Value:
    """Return an output of type `declared`, which ONNX Runtime gave as a Python object, as a Value.

    These are maps, and results of nodes that read maps or optionals without a value.

    Raises:
        ModelError: ONNX Runtime gives values of this type, but does not take them.
    """
    if "map(" in declared or made is None:
        return Value(None, Held(declared, made))
    if isinstance(made, list):
        proto = parse_type(declared)
        inner = proto.sequence_type if proto.HasField("sequence_type") else proto.optional_type.elem_type.sequence_type
        value = sequence_of(inner.elem_type, [from_python(part, "tensor") for part in made])
        return Value(None, replace(value.form, type=declared)) if isinstance(value.form, Held) else value
    if made.dtype == object:
        return strings_of(made)
    return from_ort(import_onnxruntime().OrtValue.ortvalue_from_numpy(made), declared)
