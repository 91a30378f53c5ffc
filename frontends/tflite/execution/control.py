"""Execution of operators that run subgraphs: they request runs of their bodies, and hand on the results."""

from collections.abc import Callable, Sequence

from tmpass.base.errors import ModelError
from tmpass.graph.model import Call
from tmpass.loading.runner import Enter, Run, Value

from .arrays import array_of

_Control = Callable[[Sequence[Call], tuple[Value, ...]], Run]
"""Starts one run of an operator, from its calls and its inputs."""


def _run_if(_calls: Sequence[Call], given: tuple[Value, ...]) -> Run:
    results = yield Enter(0 if _truth(given[0]) else 1, given[1:])
    return results


def _run_case(calls: Sequence[Call], given: tuple[Value, ...]) -> Run:
    """Run the branch of that number; the last one for any other number."""
    number = int(array_of(given[0]).reshape(-1)[0])
    results = yield Enter(number if 0 <= number < len(calls) else len(calls) - 1, given[1:])
    return results


def _run_while(calls: Sequence[Call], given: tuple[Value, ...]) -> Run:
    roles = [call.role for call in calls]
    cond, body = roles.index("cond"), roles.index("body")
    while True:
        (going,) = yield Enter(cond, given)
        if not _truth(going):
            return given
        given = yield Enter(body, given)


def _run_once(_calls: Sequence[Call], given: tuple[Value, ...]) -> Run:
    results = yield Enter(0, given)
    return results


CONTROL: dict[str, _Control] = {
    "IF": _run_if,
    "STABLEHLO_CASE": _run_case,
    "WHILE": _run_while,
    "STABLEHLO_WHILE": _run_while,
    "CALL": _run_once,
    "CALL_ONCE": _run_once,
    "STABLEHLO_COMPOSITE": _run_once,
}
"""Kind of an operator -> the control of its bodies. Other operators with bodies cannot be run one body at a time."""


def _truth(value: Value) -> bool:
    array = array_of(value).reshape(-1)
    if array.size != 1:
        raise ModelError(f"its condition has {array.size} elements, not one", hint="convert the model again")
    return bool(array[0])
