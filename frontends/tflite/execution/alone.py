"""Operators in interpreters of their own, which are kept for the rounds of loops."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tmpass.base.errors import ModelError
from tmpass.graph.model import ABSENT, Graph, TensorKind
from tmpass.loading.runner import Value

from ..single_operator import Operators
from .arrays import array_of, value_of, zeros
from .interpreter import allocate, invoke, open_interpreter, read

_KEPT = 2**26
"""Bytes of models whose interpreters are kept. Each holds the whole file, and loops run few operators often."""


@dataclass
class _Opened:
    """An interpreter of one operator.

    Fields:
        size: bytes of its model.
        index: tensor of the subgraph -> its index in the interpreter.
        shapes: those of the inputs for which tensors are allocated.
    """

    interpreter: Any
    size: int
    index: Mapping[int, int]
    shapes: dict[int, tuple[int, ...]] = field(default_factory=dict)
    allocated: bool = False


class Alone:
    """The `operators` of a file, from which `graph` was read, with the given kernels."""

    def __init__(self, operators: Operators, graph: Graph, kernels: str) -> None:
        self._operators, self._graph, self._kernels = operators, graph, kernels
        self._opened: OrderedDict[tuple[int, int], _Opened] = OrderedDict()

    def run(self, s: int, op: int, inputs: Sequence[Value | None]) -> tuple[tuple[Value | None, ...], dict[int, Value]]:
        """The outputs of an operator, and the variables that it may have changed, by tensor.

        An input is None where it is absent or a constant.

        Raises:
            ModelError: LiteRT cannot run it.
            BudgetError: it needs more memory than executing may take.
        """
        here = self._graph.subgraphs[s]
        node, opened = here.ops[op], self._open(s, op)
        given = {t: array_of(value) for t, value in zip(node.inputs, inputs, strict=True) if value is not None}
        self._allocate(opened, s, given)
        variables = [t for t in given if here.tensors[t].kind is TensorKind.VARIABLE]
        made = [t for t in node.outputs if t != ABSENT]
        index = opened.index
        found = invoke(
            opened.interpreter,
            {index[t]: array for t, array in given.items()},
            [index[t] for t in dict.fromkeys((*made, *variables))],
        )
        results = tuple(None if t == ABSENT else value_of(found[index[t]]) for t in node.outputs)
        return results, {t: value_of(found[index[t]]) for t in variables}

    def initial(self, s: int, t: int) -> Value:
        """The value with which variable `t` of subgraph `s` begins: not 0 for int8, but its zero point.

        Raises:
            ModelError, BudgetError: as `run` does.
        """
        here = self._graph.subgraphs[s]
        op = next((index for index, node in enumerate(here.ops) if t in node.inputs), None)
        if op is None:
            return zeros(here.tensors[t])
        data, index = self._operators.alone(s, op)
        interpreter = open_interpreter(data, self._kernels)
        allocate(interpreter, ())
        return value_of(read(interpreter, index[t]))

    def resizes(self, s: int, op: int, output: int, inputs: Sequence[Value | None], known: Sequence[bool]) -> bool:
        """Whether other numbers in the inputs that are not `known` change the size of an output.

        A size that shapes and constants decide is there before the first run of an interpreter. For another one the
        operator runs with zeros and with ones. Where it refuses these, the numbers are taken to decide.
        """
        here = self._graph.subgraphs[s]
        node, opened = here.ops[op], self._new(s, op)  # one that has run keeps the size that it found
        given = {t: array_of(value) for t, value in zip(node.inputs, inputs, strict=True) if value is not None}
        sure = {t for t, is_known in zip(node.inputs, known, strict=True) if is_known}
        self._allocate(opened, s, given)
        at = opened.index[node.outputs[output]]
        try:
            opened.interpreter.tensor(at)()
            return False
        except ValueError:  # it has no bytes yet: the kernel finds its size when it runs
            pass
        sizes = set()
        for number in (None, 0, 1):
            changed = {
                opened.index[t]: array if number is None or t in sure else np.full_like(array, number)
                for t, array in given.items()
            }
            try:
                sizes.add(invoke(opened.interpreter, changed, [at])[at].shape)
            except ModelError:
                return True
        return len(sizes) > 1

    def _allocate(self, opened: _Opened, s: int, given: Mapping[int, NDArray[Any]]) -> None:
        """Allocate the tensors of `opened` for the shapes of `given`, if they are not."""
        tensors = self._graph.subgraphs[s].tensors
        shapes = {t: array.shape for t, array in given.items() if tensors[t].kind is TensorKind.ACTIVATION}
        if opened.allocated and opened.shapes == shapes:
            return
        allocate(opened.interpreter, [(opened.index[t], shape) for t, shape in shapes.items()])
        opened.shapes, opened.allocated = shapes, True

    def _new(self, s: int, op: int) -> _Opened:
        data, index = self._operators.alone(s, op)
        return _Opened(open_interpreter(data, self._kernels), len(data), index)

    def _open(self, s: int, op: int) -> _Opened:
        key = s, op
        if key not in self._opened:
            self._opened[key] = self._new(s, op)
        self._opened.move_to_end(key)
        while len(self._opened) > 1 and sum(one.size for one in self._opened.values()) > _KEPT:
            self._opened.popitem(last=False)
        return self._opened[key]
