"""Values that are not tensors of numbers: ONNX Runtime makes them only as results of nodes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, TypeProto, helper

from tmpass.errors import ModelError
from tmpass.runner import Value

from .ort_values import Held, from_ort, parse_type
from .sessions import run_node


def strings_of(array: NDArray[Any]) -> Value:
    """Return a tensor of the texts in `array`."""
    texts = [text if isinstance(text, bytes) else str(text).encode() for text in array.flatten().tolist()]
    tensor = TensorProto(data_type=TensorProto.STRING, dims=array.shape, string_data=texts)
    return run_node(
        NodeProto(op_type="Constant", output=["made"], attribute=[helper.make_attribute("value", tensor)]), {}
    )


def sequence_of(inner: TypeProto, values: Sequence[Value]) -> Value:
    """Return a sequence of tensors of type `inner`.

    Raises:
        ModelError: `inner` is not a tensor, or ONNX Runtime has no sequences of such tensors.
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
    """Return an output of type `declared` that came as Python has it.

    So come maps, and whatever nodes make of maps and of optionals without a value.

    Raises:
        ModelError: it is of a type that ONNX Runtime hands out but does not take.
    """
    import onnxruntime

    if "map(" in declared or made is None:
        return Value(None, Held(declared, made))
    if isinstance(made, list):
        proto = parse_type(declared)
        inner = proto.sequence_type if proto.HasField("sequence_type") else proto.optional_type.elem_type.sequence_type
        value = sequence_of(inner.elem_type, [from_python(part, "tensor") for part in made])
        return Value(None, replace(value.form, type=declared)) if isinstance(value.form, Held) else value
    if made.dtype == object:
        return strings_of(made)
    return from_ort(onnxruntime.OrtValue.ortvalue_from_numpy(made), declared)
