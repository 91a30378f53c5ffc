"""TFLite models that compute a shape: of an input, by drawn arithmetic on its dimensions, for a FILL at the end."""

from random import Random

import numpy as np
from tflite_writer import Operator, Options, Subgraph, Tensor, options, write_model

_LARGEST = 12
"""Of a dimension that comes out."""

_OF_VECTORS = (
    "GATHER",
    "SLICE",
    "STRIDED_SLICE",
    "CONCATENATION",
    "REDUCE_PROD",
    "RESHAPE",
    "EXPAND_DIMS",
    "SQUEEZE",
)

_OPTIONS = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "DIV": "DivOptions"}


class Drawing:
    """A model in the making; `known` are its tensors of whole numbers, with their shapes."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.tensors: list[Tensor] = []
        self.operators: list[Operator] = []
        self.known: list[tuple[int, tuple[int, ...]]] = []
        self.dtype = self.rng.choice(["INT32", "INT32", "INT64"])

    def add(self, shape: tuple[int, ...], dtype: str = "") -> int:
        self.tensors.append(Tensor(f"t{len(self.tensors)}", shape, dtype or self.dtype, has_rank=True))
        return len(self.tensors) - 1

    def const(self, values: object, dtype: str = "") -> int:
        array = np.array(values, "<i8" if (dtype or self.dtype) == "INT64" else "<i4")
        self.tensors.append(
            Tensor(f"t{len(self.tensors)}", array.shape, dtype or self.dtype, data=array.tobytes(), has_rank=True)
        )
        return len(self.tensors) - 1

    def op(self, kind: str, inputs: list[int], shape: tuple[int, ...], table: Options | None = None) -> int:
        made = self.add(shape)
        self.operators.append(Operator(kind, inputs, [made], table))
        self.known.append((made, shape))
        return made

    def step(self) -> None:
        """Add an operator over what is known."""
        rng = self.rng
        t, shape = rng.choice(self.known)
        if rng.random() < 0.4:
            kind = rng.choice(["ADD", "SUB", "MUL", "DIV", "FLOOR_DIV", "MAXIMUM", "MINIMUM"])
            other, second = rng.choice(self.known)
            if rng.random() < 0.6:
                second = rng.choice([(), (1,), shape])
                values = [rng.choice([1, 2, 3, 7, -1, -3, 100_000]) for _ in range(int(np.prod(second)))]
                other = self.const(np.reshape(values, second))
            try:
                made = np.broadcast_shapes(shape, second)
            except ValueError:
                return
            if int(np.prod(made)) > 16 or (kind in ("DIV", "FLOOR_DIV") and not self.tensors[other].data):
                return
            activation = rng.choice([0, 0, 1]) if kind in _OPTIONS and self.dtype == "INT32" else 0
            table = options(_OPTIONS[kind], fused_activation_function=activation) if kind in _OPTIONS else None
            self.op(kind, [t, other], made, table)
        elif not shape:
            kind = rng.choice(["PACK", "EXPAND_DIMS", "RESHAPE"])
            if kind == "PACK":
                scalars = [one for one, its in self.known if not its]
                picked = [rng.choice(scalars) for _ in range(rng.randint(1, 3))]
                self.op(kind, picked, (len(picked),), options("PackOptions", values_count=len(picked), axis=0))
            else:
                self.op(kind, [t, self.const(0 if kind == "EXPAND_DIMS" else [1], "INT32")], (1,))
        elif len(shape) == 1:
            self._of_vector(t, shape[0])
        else:
            count = int(np.prod(shape))
            self.op("RESHAPE", [t, self.const([-1], "INT32")], (count,))

    def _of_vector(self, t: int, count: int) -> None:
        rng = self.rng
        kind = rng.choice(
            ["GATHER", "SLICE", "STRIDED_SLICE", "CONCATENATION", "REDUCE_PROD", "RESHAPE", "EXPAND_DIMS", "SQUEEZE"]
        )
        if kind == "GATHER":
            places = rng.choice([0, [rng.randrange(count) for _ in range(rng.randint(1, 3))]]) if count else []
            table = options("GatherOptions", axis=rng.choice([0, -1]))
            self.op(kind, [t, self.const(places, "INT32")], np.shape(places), table)
        elif kind == "SLICE":
            begin = rng.randint(0, count)
            size = rng.choice([-1, rng.randint(0, count - begin)])
            ends = [self.const([begin], "INT32"), self.const([size], "INT32")]
            self.op(kind, [t, *ends], (count - begin if size < 0 else size,))
        elif kind == "STRIDED_SLICE":
            self._stepped(t, count)
        elif kind == "CONCATENATION":
            vectors = [(one, its[0]) for one, its in self.known if len(its) == 1]
            picked = [rng.choice(vectors) for _ in range(rng.randint(1, 3))]
            if sum(length for _, length in picked) <= 16:
                made = (sum(length for _, length in picked),)
                self.op(kind, [one for one, _ in picked], made, options("ConcatenationOptions", axis=0))
        elif kind == "REDUCE_PROD":
            keep, axes = rng.random() < 0.5, rng.choice([[0], [-1], 0])
            made = (1,) if keep else ()
            self.op(kind, [t, self.const(axes, "INT32")], made, options("ReducerOptions", keep_dims=keep))
        elif kind == "SQUEEZE":
            if count == 1:
                self.op(kind, [t], (), options("SqueezeOptions", squeeze_dims=[0]))
        elif kind == "RESHAPE":
            wanted = rng.choice([[-1], [count, 1], [1, count]])
            self.op(kind, [t, self.const(wanted, "INT32")], tuple(count if d < 0 else d for d in wanted))
        else:
            axis = rng.choice([0, 1, -1])
            self.op(kind, [t, self.const(axis, "INT32")], (1, count) if axis == 0 else (count, 1))

    def _stepped(self, t: int, count: int) -> None:
        rng = self.rng
        shrink, no_begin, no_end = rng.random() < 0.3, rng.random() < 0.3, rng.random() < 0.3
        begin, end, step = rng.randint(-4, 4), rng.randint(-5, 5), rng.choice([1, 1, 2, -1])
        if shrink:
            if not count:
                return
            begin, step, no_begin, no_end = rng.randrange(-count, count), 1, False, False
        made = len(range(*slice(None if no_begin else begin, None if no_end else end, step).indices(count)))
        masks = {"begin_mask": no_begin, "end_mask": no_end, "shrink_axis_mask": shrink}
        table = options("StridedSliceOptions", **{name: int(mask) for name, mask in masks.items()})
        self.op(
            "STRIDED_SLICE",
            [t, *(self.const([n], "INT32") for n in (begin, end, step))],
            () if shrink else (made,),
            table,
        )


def drawn_numbers(seed: int, steps: int = 8) -> tuple[bytes, list[tuple[int, ...]], dict[str, int]]:
    """The file of a model, the shapes that are fed to it, and what is bound."""
    d = Drawing(seed)
    rank = d.rng.randint(1, 4)
    shape = tuple(d.rng.randint(1, 6) for _ in range(rank))
    open_ = [d.rng.random() < 0.6 for _ in shape]
    signature = [-1 if is_open else dim for dim, is_open in zip(shape, open_, strict=True)]
    here = [1 if is_open else dim for dim, is_open in zip(shape, open_, strict=True)]
    d.tensors.append(Tensor("x", here, shape_signature=signature, has_rank=True))
    out_type = 2 if d.dtype == "INT32" else 4
    d.op("SHAPE", [0], (rank,), options("ShapeOptions", out_type=out_type))
    for _ in range(steps):
        d.step()
    vectors = [(t, its[0]) for t, its in d.known if len(its) == 1 and its[0] <= 4]
    t, count = vectors[-1]
    t = d.op("MAXIMUM", [d.op("MINIMUM", [t, d.const(_LARGEST)], (count,)), d.const(0)], (count,))
    d.tensors.append(Tensor("one", [], data=np.ones((), "<f4").tobytes(), has_rank=True))
    made = len(d.tensors)
    d.tensors.append(Tensor("y", [1] * count, shape_signature=[-1] * count, has_rank=True))
    d.operators.append(Operator("FILL", [t, made - 1], [made]))
    bindings = {f"x:{axis}": dim for axis, dim in enumerate(shape) if open_[axis]}
    return write_model([Subgraph(d.tensors, d.operators, [0], [made])]), [shape], bindings
