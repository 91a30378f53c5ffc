"""Problems of spills and fetches read from JSON, and plans for them written as JSON.

    {"tensors": [{"name": "x", "size": 150528, "kind": "input"}, {"name": "conv1", "size": 802816, "kind": "act"}],
     "ops": [{"kind": "Conv2d", "ins": [0], "outs": [1]}],
     "outputs": [1]}

| key     | meaning                                                                                       |
|-|-|
| tensors | `size` in bytes; `kind` is act (made by an operator), param or input (stored before the run)   |
| ops     | in an order in which they can run; `ins` and `outs` number tensors, all on chip at its step    |
| outputs | the tensors that the graph returns                                                             |

All other keys are left to the writer of the file. A plan numbers operators and tensors as the file does:

    {"schema": "tmpass.spill/1", "capacity": 1000000, "order": [0], "episodes": [[0, 0, 0, 802816], [1, 0, 0, 0]],
     "cost": 0, "lower_bound": 0, "status": "optimal", "method": "exact"}

An episode is [tensor, first step, last step, address]; both steps are inclusive.
"""

import json
from typing import Any, NoReturn

from tmpass.base.errors import UsageError, brief
from tmpass.base.json_text import json_text
from tmpass.base.reading import lone_surrogate
from tmpass.base.sizes import MAX_BYTES
from tmpass.planning.residency.transfers.problem import (
    TensorKind,
    TransferOperator,
    TransferPlan,
    TransferProblem,
    TransferTensor,
)
from tmpass.plans.spill_schema import SPILL_SCHEMA

MAX_ALIGNMENT = 2**31
"""The largest alignment in bytes, as for allocation."""

MAX_TOTAL = 2**50
"""The most bytes of all tensors together. Costs are sums of them, twice for each use, and fit 64 signed bits."""

_MOST_DIGITS = 1000
"""Of a number in a file; Python converts up to 4300."""

_KINDS = {str(kind.value): kind for kind in TensorKind}


def read_transfer_problem(
    text: str, where: str, *, capacity: int, alignment: int = 1, parameters: bool = True
) -> TransferProblem:
    """The problem in `text`.

    Args:
        text: the content of a JSON file.
        where: the name of the file for errors.
        capacity: of the scratchpad in bytes.
        alignment: of addresses in bytes.
        parameters: count tensors of kind param. Otherwise no operator reads them; tensors keep their numbers.

    Raises:
        UsageError: it is not valid JSON, a key is missing, twice in one object or of another type, a number is out of
            range, or the operators contradict each other or their order. The error names the file and the place.
    """
    _check_scratchpad(capacity, alignment)
    try:
        data = _parsed(text)
        tensors = tuple(_tensor(row, f"tensors[{at}]") for at, row in enumerate(_list(data, "tensors", "")))
        operators = tuple(_operator(row, f"ops[{at}]", len(tensors)) for at, row in enumerate(_list(data, "ops", "")))
        outputs = _numbers(data, "outputs", "", len(tensors))
        _check_graph(tensors, operators, outputs)
    except UsageError as error:
        raise error.within(where) from None
    if not parameters:
        operators = tuple(_without_parameters(row, tensors) for row in operators)
    return TransferProblem(tensors, operators, outputs, capacity, alignment)


def check_transfer_problem(problem: TransferProblem) -> None:
    """Raise where a problem that was not read from a file breaks the laws of one that was.

    Raises:
        UsageError: a number is out of range, or the operators contradict each other or their order.
    """
    _check_scratchpad(problem.capacity, problem.alignment)
    for at, tensor in enumerate(problem.tensors):
        _tensor({"name": tensor.name, "size": tensor.size, "kind": tensor.kind.value}, f"tensors[{at}]")
    for at, row in enumerate(problem.operators):
        fields = {"kind": row.kind, "ins": list(row.inputs), "outs": list(row.outputs)}
        _operator(fields, f"ops[{at}]", len(problem.tensors))
    _numbers({"outputs": list(problem.outputs)}, "outputs", "", len(problem.tensors))
    _check_graph(problem.tensors, problem.operators, problem.outputs)


def write_transfer_plan(problem: TransferProblem, plan: TransferPlan) -> str:
    """`plan` as JSON, with the numbers of the file that `problem` was read from."""
    fields = {
        "schema": SPILL_SCHEMA,
        "capacity": problem.capacity,
        "alignment": problem.alignment,
        "order": list(plan.order),
        "episodes": [[one.tensor, one.first, one.last, one.address] for one in plan.episodes],
        "cost": plan.cost,
        "lower_bound": plan.lower_bound,
        "status": str(plan.status),
        "method": plan.method,
    }
    return json_text(fields) + "\n"


def _check_scratchpad(capacity: int, alignment: int) -> None:
    if type(capacity) is not int or not 0 <= capacity <= MAX_BYTES:
        raise UsageError(f"the capacity is {brief(capacity)}", hint="give bytes in 0 .. 2^62")
    if type(alignment) is not int or not 1 <= alignment <= MAX_ALIGNMENT:
        raise UsageError(f"the alignment is {brief(alignment)}", hint="give bytes in 1 .. 2^31")


def _parsed(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_whole)
    except RecursionError:
        _refuse("", "its lists and objects are nested too deep", "a graph nests them three deep")
    except ValueError as error:
        _refuse("", f"it is not valid JSON: {error}", "correct the file")
    if not isinstance(data, dict):
        _refuse("", f"{brief(data)} is not an object", "write one with tensors, ops and outputs")
    if lone_surrogate(text, data):
        _refuse("", "a text has one half of a surrogate pair", "correct the file")
    return data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"key {brief(next(key for key in keys if keys.count(key) > 1))} occurs twice in one object")
    return data


def _whole(digits: str) -> int:
    """The number; Python's own message for one that it does not convert names a function of Python."""
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number has {len(digits)} digits, more than {_MOST_DIGITS}")
    return int(digits)


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _tensor(row: object, place: str) -> TransferTensor:
    name, size, kind = (_value(row, key, place) for key in ("name", "size", "kind"))
    if not isinstance(name, str):
        _refuse(f"{place}.name", f"{brief(name)} is not a text", "write the tensor's name")
    if type(size) is not int or size < 1:
        _refuse(f"{place}.size", f"{brief(size)} is not a size", "write bytes, from 1 on; leave empty tensors out")
    if size > MAX_TOTAL:
        _refuse(f"{place}.size", f"{brief(size)} bytes are too many", "the most is 2^50, for all tensors together")
    if not isinstance(kind, str) or kind not in _KINDS:
        _refuse(f"{place}.kind", f"{brief(kind)} is unknown", f"write one of {', '.join(_KINDS)}")
    return TransferTensor(name, size, _KINDS[kind])


def _operator(row: object, place: str, count: int) -> TransferOperator:
    kind = _value(row, "kind", place)
    if not isinstance(kind, str):
        _refuse(f"{place}.kind", f"{brief(kind)} is not a text", "write the operator's name")
    inputs, outputs = _numbers(row, "ins", place, count), _numbers(row, "outs", place, count)
    return TransferOperator(kind, inputs, outputs)


def _numbers(row: object, key: str, place: str, count: int) -> tuple[int, ...]:
    """The tensors that `key` lists, each once."""
    numbers, inside = _list(row, key, place), _join(place, key)
    for at, number in enumerate(numbers):
        if type(number) is not int or not 0 <= number < count:
            law = f"there are tensors 0 .. {count - 1}" if count else "there are no tensors"
            _refuse(f"{inside}[{at}]", f"{brief(number)} is not the number of a tensor", law)
    if len(set(numbers)) < len(numbers):
        twice = next(number for number in numbers if numbers.count(number) > 1)
        _refuse(inside, f"tensor {twice} is there twice", "list it once: it has one place on chip")
    return tuple(numbers)


def _list(row: object, key: str, place: str) -> list[Any]:
    value = _value(row, key, place)
    if not isinstance(value, list):
        _refuse(_join(place, key), f"{brief(value)} is not a list", "write [...]")
    return value


def _value(row: object, key: str, place: str) -> object:
    if not isinstance(row, dict):
        _refuse(place, f"{brief(row)} is not an object", "write {...}")
    if key not in row:
        _refuse(_join(place, key), "this key is missing", "add it")
    return row[key]


def _check_graph(
    tensors: tuple[TransferTensor, ...], operators: tuple[TransferOperator, ...], outputs: tuple[int, ...]
) -> None:
    """Raise where an operator reads what is not there yet, or a tensor is made twice, never, or though it is stored."""
    total = sum(tensor.size for tensor in tensors)
    if total > MAX_TOTAL:
        _refuse("tensors", f"all together have {total} bytes", "the most is 2^50")
    maker: dict[int, int] = {}
    makers = {tensor: at for at, operator in enumerate(operators) for tensor in operator.outputs}
    for at, operator in enumerate(operators):
        for tensor in operator.inputs:
            if tensors[tensor].kind is TensorKind.ACTIVATION and tensor not in maker:
                what = f"reads tensor {_name(tensors, tensor)}, which "
                if tensor in makers:
                    _refuse(f"ops[{at}]", f"{what}ops[{makers[tensor]}] makes", "sort the operators topologically")
                _refuse(f"ops[{at}]", f"{what}no operator makes", "add its operator, or make it an input")
        for tensor in operator.outputs:
            if tensors[tensor].kind is not TensorKind.ACTIVATION:
                what = f"makes tensor {_name(tensors, tensor)}, which is of kind {tensors[tensor].kind.value}"
                _refuse(f"ops[{at}]", what, "what operators make is of kind act")
            if tensor in maker:
                what = f"makes tensor {_name(tensors, tensor)}, which ops[{maker[tensor]}] makes too"
                _refuse(f"ops[{at}]", what, "each tensor is made once")
            maker[tensor] = at
    for at, row in enumerate(tensors):
        if row.kind is TensorKind.ACTIVATION and at not in maker:
            _refuse(f"tensors[{at}]", f"no operator makes {brief(row.name)}", "remove it, or correct its kind")
    for at, number in enumerate(outputs):
        if number not in maker:
            _refuse(f"outputs[{at}]", f"no operator makes {_name(tensors, number)}", "outputs are of kind act")


def _name(tensors: tuple[TransferTensor, ...], at: int) -> str:
    return f"{at} {brief(tensors[at].name)}"


def _without_parameters(row: TransferOperator, tensors: tuple[TransferTensor, ...]) -> TransferOperator:
    kept = tuple(at for at in row.inputs if tensors[at].kind is not TensorKind.PARAMETER)
    return TransferOperator(row.kind, kept, row.outputs)


def _join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _refuse(place: str, what: str, hint: str) -> NoReturn:
    raise UsageError(what, where=place, hint=hint)
