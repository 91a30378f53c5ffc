"""An operator with drawn shapes and attributes: a model of it alone, and what is bound in that."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from tflite_writer import Operator, Options, Subgraph, Tensor, write_model

Shape = tuple[int, ...]

LAYOUTS = {"INT32": "<i4", "INT64": "<i8", "FLOAT32": "<f4", "BOOL": "?"}


@dataclass(frozen=True)
class Fed:
    """An input that a caller feeds with ones."""

    shape: Shape
    dtype: str = "FLOAT32"


@dataclass(frozen=True)
class Const:
    """An input that the file has."""

    values: object
    dtype: str = "INT32"

    @property
    def array(self) -> np.ndarray:
        return np.array(self.values, LAYOUTS[self.dtype])


@dataclass(frozen=True)
class State:
    """An input that is kept from run to run."""

    shape: Shape


Given = Fed | Const | State | None


@dataclass(frozen=True)
class Drawn:
    """An operator `kind` over `inputs`, None for one that is left out, with outputs of the types `made`.

    Fields: `bodies` are the subgraphs behind the main one.
    """

    kind: str
    inputs: Sequence[Given]
    made: Sequence[str] = ("FLOAT32",)
    options: Options | None = None
    version: int = 1
    bodies: Sequence[Subgraph] = ()

    def model(self, open_: set[tuple[int, int]], ranks: Sequence[int | None]) -> bytes:
        """A file in which the (input, axis) pairs `open_` are open, and all that comes out."""
        tensors, fed, read = [], [], []
        for position, given in enumerate(self.inputs):
            read.append(-1 if given is None else len(tensors))
            if isinstance(given, State):
                tensors.append(Tensor(f"s{position}", given.shape, is_variable=True))
            elif isinstance(given, Const):
                array = given.array
                tensors.append(Tensor(f"c{position}", array.shape, given.dtype, data=array.tobytes(), has_rank=True))
            elif given is not None:
                fed.append(read[-1])
                axes = {axis for at, axis in open_ if at == position}
                tensors.append(_fed(f"x{position}", given, axes))
        made = range(len(tensors), len(tensors) + len(self.made))
        tensors += [_made(f"y{n}", *pair) for n, pair in enumerate(zip(self.made, ranks, strict=True))]
        operator = Operator(self.kind, read, made, self.options, version=self.version)
        return write_model([Subgraph(tensors, [operator], fed, made), *self.bodies])

    @property
    def fed(self) -> list[Shape]:
        """The shapes that are fed."""
        return [given.shape for given in self.inputs if isinstance(given, Fed)]

    def axes(self) -> list[tuple[int, int]]:
        """The (input, axis) pairs that can be open."""
        return [
            (n, a) for n, given in enumerate(self.inputs) if isinstance(given, Fed) for a in range(len(given.shape))
        ]

    def bindings(self, open_: set[tuple[int, int]]) -> dict[str, int]:
        """What the open dimensions are bound to."""
        return {f"x{n}:{axis}": self.inputs[n].shape[axis] for n, axis in open_}  # type: ignore[union-attr]

    def __str__(self) -> str:
        inputs = [given.array.tolist() if isinstance(given, Const) else given for given in self.inputs]
        return f"{self.kind} {inputs} {self.options.fields if self.options else ()}"


def _fed(name: str, given: Fed, axes: set[int]) -> Tensor:
    if not axes:
        return Tensor(name, given.shape, given.dtype, has_rank=True)
    shape = [1 if axis in axes else dim for axis, dim in enumerate(given.shape)]
    signature = [-1 if axis in axes else dim for axis, dim in enumerate(given.shape)]
    return Tensor(name, shape, given.dtype, shape_signature=signature, has_rank=True)


def _made(name: str, dtype: str, rank: int | None) -> Tensor:
    if rank is None:
        return Tensor(name, [], dtype)
    return Tensor(name, [1] * rank, dtype, shape_signature=[-1] * rank, has_rank=True)


def shape_of(rng: Random, low: int = 1, high: int = 5, most: int = 5) -> Shape:
    """A drawn shape."""
    return tuple(rng.randint(1, most) for _ in range(rng.randint(low, high)))


def floats(*shape: int) -> Const:
    return Const(np.ones(shape), "FLOAT32")


def axis_in(rng: Random, rank: int) -> int:
    return rng.randrange(-rank, rank)


def whole_type(rng: Random) -> str:
    return rng.choice(["INT32", "INT32", "INT64"])


def spread(rng: Random, shape: Shape) -> Shape:
    """A shape that spreads over `shape`."""
    cut = shape[rng.randint(0, len(shape)) if rng.random() < 0.4 else 0 :]
    return tuple(1 if rng.random() < 0.3 else dim for dim in cut)
