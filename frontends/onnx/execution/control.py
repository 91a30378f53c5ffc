"""Execution of If, Loop and Scan: they request runs of their bodies, and combine the results."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto

from tmpass.base.errors import ModelError
from tmpass.base.record import record
from tmpass.graph.model import Subgraph, Tensor
from tmpass.loading.runner import Enter, Run, Value

from ..element_types import UNDEFINED, element_of
from .ort_values import WORDS, Form, Held, form_of, to_ort

Given = Sequence[Value | None]


@record
class Caller:
    """A node that runs bodies, with the role and the subgraph of each of its calls."""

    node: NodeProto
    roles: tuple[str, ...]
    bodies: tuple[Subgraph, ...]


Control = Callable[[Caller, Given], Run]
"""Starts one run of a node. An input is None only where it is left out."""


def run_if(caller: Caller, given: Given) -> Run:
    """Run the branch that the condition chooses."""
    taken = "then_branch" if _truth(given[0]) else "else_branch"
    if taken not in caller.roles:
        raise ModelError(f"its condition chooses the {taken}, although the shapes exclude it")
    call = caller.roles.index(taken)
    if caller.bodies[call].inputs:
        raise ModelError(f"its {taken} has inputs, but an If passes none", hint="export the model again")
    results = yield Enter(call, ())
    return results


def run_loop(caller: Caller, given: Given) -> Run:
    """Run the body while the condition holds and the trip count allows it."""
    node, body = caller.node, caller.bodies[0]
    limit = _number(given[0]) if given[0] is not None else None
    going = given[1] if len(given) > 1 else None
    going = going if going is not None else _scalar(True, body, 1)
    carried = tuple(value for value in given[2 : len(node.input)] if value is not None)
    piles: list[list[Value]] = [[] for _ in node.output[len(carried) :]]
    trip = 0
    while (limit is None or trip < limit) and _truth(going):
        state = (as_declared(value, body.tensors[t]) for value, t in zip(carried, body.inputs[2:], strict=True))
        results = yield Enter(0, (_scalar(trip, body, 0), going, *state))
        going, carried = results[0], results[1 : 1 + len(carried)]
        for pile, value in zip(piles, results[1 + len(carried) :], strict=True):
            pile.append(value)
        trip += 1
    ends = body.outputs[1 + len(carried) :]
    stacks = (_stack(p, 0, body, t) for p, t in zip(piles, ends, strict=True))
    return (*carried, *stacks)


def run_scan(caller: Caller, given: Given) -> Run:
    """Run the body once for each slice of the scanned inputs."""
    node, body = caller.node, caller.bodies[0]
    attributes = {a.name: a for a in node.attribute}
    values = [value for value in given[: len(node.input)] if value is not None]
    count = len(values) - attributes["num_scan_inputs"].i
    carried: tuple[Value, ...] = tuple(values[:count])
    elements = [form_of(value).element for value in values[count:]]
    arrays = [_array(value) for value in values[count:]]

    def option(name: str, number: int) -> list[int]:
        return list(attributes[name].ints) if name in attributes else [0] * number

    scanned = []
    for array, axis, backwards in zip(
        arrays, option("scan_input_axes", len(arrays)), option("scan_input_directions", len(arrays)), strict=True
    ):
        moved = np.moveaxis(array, axis, 0)
        scanned.append(moved[::-1] if backwards else moved)
    piles: list[list[Value]] = [[] for _ in node.output[count:]]
    for trip in range(len(scanned[0])):
        slices = (_value(array[trip], element) for array, element in zip(scanned, elements, strict=True))
        results = yield Enter(0, (*carried, *slices))
        carried = results[:count]
        for pile, value in zip(piles, results[count:], strict=True):
            pile.append(value)
    axes, ways = option("scan_output_axes", len(piles)), option("scan_output_directions", len(piles))
    stacks = [
        _stack(pile[::-1] if backwards else pile, axis, body, t)
        for pile, axis, backwards, t in zip(piles, axes, ways, body.outputs[count:], strict=True)
    ]
    return (*carried, *stacks)


def as_declared(value: Value, tensor: Tensor) -> Value:
    """Return `value` as an optional if `tensor` is one: a body may return a plain tensor or sequence for it."""
    if not tensor.dtype.name.startswith("optional("):
        return value
    if isinstance(value.form, Held):
        kind = value.form.type
        held = replace(value.form, type=kind if kind.startswith("optional(") else f"optional({kind})")
        return Value(None, held)
    element = TensorProto.DataType.Name(form_of(value).element).lower()
    return Value(None, Held(f"optional(tensor({element}))", to_ort(value), value))


def _truth(value: Value | None) -> bool:
    return value is not None and any(value.data or b"")


def _number(value: Value) -> int:
    return int.from_bytes(value.data or b"", "little", signed=True)


def _scalar(number: int, body: Subgraph, index: int) -> Value:
    """Return a trip count or condition as a value, with the type and shape of input `index` of `body`."""
    shape = body.tensors[body.inputs[index]].shape
    form = Form(TensorProto.INT64 if index == 0 else TensorProto.BOOL, (1,) if shape == (1,) else ())
    return Value(int(number).to_bytes(8 if index == 0 else 1, "little"), form)


def _stack(pile: Sequence[Value], axis: int, body: Subgraph, t: int) -> Value:
    """Return the results `pile` of all rounds, output `t` of `body`, as one tensor with the rounds along `axis`."""
    if pile:
        arrays = [_array(value) for value in pile]
        if len({array.shape for array in arrays}) > 1:
            raise ModelError(f"its rounds give {body.tensors[t].name!r} different shapes")
        return _value(np.stack(arrays, axis), form_of(pile[0]).element)
    tensor = body.tensors[t]
    element = element_of(tensor.dtype)
    if element == UNDEFINED or tensor.shape is None:
        raise ModelError(f"it runs no round, and then the type of {tensor.name!r} is not known")
    shape = [dim if isinstance(dim, int) else 0 for dim in tensor.shape]
    shape.insert(axis % (len(shape) + 1), 0)
    return Value(b"", Form(element, tuple(shape)))


def _array(value: Value) -> NDArray[Any]:
    form = form_of(value)
    if form.bits < 8:
        raise ModelError("it slices tensors with several elements in a byte, which cannot be executed")
    return np.frombuffer(value.data or b"", WORDS[form.bits]).reshape(form.shape)


def _value(array: NDArray[Any], element: int) -> Value:
    return Value(array.tobytes(), Form(element, array.shape))
