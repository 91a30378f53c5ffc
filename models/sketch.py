"""A TFLite subgraph while it is drawn, tensor by tensor.

    main = Sketch()
    x = main.input("x", [1, 4])
    main.outputs = [main.op("TANH", [x], "y", [1, 4])]
    write_model([main.subgraph()])

As in tflite_writer, nothing is checked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray
from tflite_writer import Operator, Options, Subgraph, Tensor

ABSENT = -1
"""Stands for an optional input that is left out."""


@dataclass(slots=True)
class Sketch:
    """Grows by one tensor with each method, which returns the index of that tensor."""

    name: str = "main"
    tensors: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)

    def input(self, name: str, shape: Sequence[int], dtype: str = "FLOAT32") -> int:
        """Add what the caller supplies."""
        self.inputs.append(self._add(Tensor(name, shape, dtype)))
        return self.inputs[-1]

    def constant(self, name: str, values: NDArray[Any]) -> int:
        """Add `values`, float32 or int32, as data of the file."""
        little_endian = values.astype(values.dtype.newbyteorder("<"))
        return self._add(Tensor(name, values.shape, values.dtype.name.upper(), little_endian.tobytes()))

    def variable(self, name: str, shape: Sequence[int]) -> int:
        """Add a state, which keeps its value from one run to the next."""
        return self._add(Tensor(name, shape, is_variable=True))

    def op(
        self,
        code: str,
        inputs: Sequence[int],
        name: str,
        shape: Sequence[int],
        options: Options | None = None,
        dtype: str = "FLOAT32",
    ) -> int:
        """Add operator `code` and its only output, `name`."""
        output = self._add(Tensor(name, shape, dtype))
        self.operators.append(Operator(code, inputs, [output], options))
        return output

    def subgraph(self) -> Subgraph:
        """Return what was drawn."""
        return Subgraph(self.tensors, self.operators, self.inputs, self.outputs, self.name)

    def _add(self, tensor: Tensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1
