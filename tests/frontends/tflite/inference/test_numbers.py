"""Numbers that are known before a run decide shapes."""

from collections.abc import Sequence

import numpy as np
import pytest
from tflite_writer import Operator, Options, Subgraph, Tensor, options, write_model
from tmpass.frontends import tflite

from tmpass.graph.model import Dim

Wanted = tuple[Dim, ...] | None


def filled(steps: Sequence[tuple[str, Sequence[object], Options | None]], **bindings: int) -> Wanted:
    """The shape of FILL by the last of `steps`, which begin with the numbers [x:0, 6, 4], the dimensions of x.

    An input is the number of a step, from 0 for these dimensions, or a constant.
    """
    tensors = [Tensor("x", [1, 6, 4], shape_signature=[-1, 6, 4])]
    operators, made = [], list[int]()

    def add(tensor: Tensor) -> int:
        tensors.append(tensor)
        return len(tensors) - 1

    for kind, inputs, table in [("SHAPE", [], None), *steps]:
        ends = [0] if kind == "SHAPE" else []
        for given in inputs:
            if isinstance(given, int):
                ends.append(made[given])
            else:
                array = np.array(given, "<i4")
                ends.append(add(Tensor(f"c{len(tensors)}", array.shape, "INT32", data=array.tobytes(), has_rank=True)))
        made.append(add(Tensor(f"n{len(tensors)}", [], "INT32")))
        operators.append(Operator(kind, ends, [made[-1]], table))
    value = add(Tensor("value", [], data=bytes(4)))
    result = add(Tensor("y", []))
    operators.append(Operator("FILL", [made[-1], value], [result]))
    graph = tflite.load(
        write_model([Subgraph(tensors, operators, [0], [result])]),
        {k.replace("_", ":"): n for k, n in bindings.items()},
    )
    return graph.subgraphs[0].tensors[result].shape


def axis(kind: str, number: int) -> Options:
    return options(f"{kind}Options", axis=number)


SHRINK = options("StridedSliceOptions", shrink_axis_mask=1)
FIRST = ("STRIDED_SLICE", [0, [0], [1], [1]], SHRINK)
LAST = ("STRIDED_SLICE", [0, [-1], [0], [1]], SHRINK)


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ([], (3, 6, 4)),
        ([("CAST", [0], None)], (3, 6, 4)),
        ([("SLICE", [0, [1], [2]], None)], (6, 4)),
        ([("SLICE", [0, [1], [-1]], None)], (6, 4)),
        ([("STRIDED_SLICE", [0, [0], [3], [2]], options("StridedSliceOptions"))], (3, 4)),
        ([("STRIDED_SLICE", [0, [2], [0], [-1]], options("StridedSliceOptions", end_mask=1))], (4, 6, 3)),
        ([("GATHER", [0, [2, 0]], axis("Gather", 0))], (4, 3)),
        ([("CONCATENATION", [0, [7]], axis("Concatenation", 0))], (3, 6, 4, 7)),
        ([FIRST, LAST, ("PACK", [1, 2], axis("Pack", 0))], (3, 4)),
        ([FIRST, ("EXPAND_DIMS", [1, 0], None), ("RESHAPE", [1, [1]], None)], (3,)),
        ([FIRST, LAST, ("MUL", [1, 2], None), ("PACK", [3], axis("Pack", 0))], (12,)),
        ([("ADD", [0, [1]], None)], (4, 7, 5)),
        ([("SUB", [0, [1, 2, 3]], None)], (2, 4, 1)),
        ([("MINIMUM", [0, [5]], None)], (3, 5, 4)),
        ([("MAXIMUM", [0, [5]], None)], (5, 6, 5)),
        ([("FLOOR_DIV", [0, [2]], None)], (1, 3, 2)),
        ([("REDUCE_PROD", [0, [0]], options("ReducerOptions", keep_dims=True))], (72,)),
    ],
)
def test_numbers_follow_from_a_shape(steps: list[tuple[str, list[object], Options | None]], wanted: Wanted) -> None:
    assert filled(steps, x_0=3) == wanted


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ([], ("x:0", 6, 4)),
        ([("CONCATENATION", [0, [7]], axis("Concatenation", 0))], ("x:0", 6, 4, 7)),
        ([("MUL", [0, [1]], None)], ("x:0", 6, 4)),
        ([("ADD", [0, [1]], None)], ("y:0", 7, 5)),
        ([("GATHER", [0, [2, 0]], axis("Gather", 0))], (4, "x:0")),
    ],
)
def test_what_is_open_keeps_its_name_where_it_can(
    steps: list[tuple[str, list[object], Options | None]], wanted: Wanted
) -> None:
    assert filled(steps) == wanted


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        # Kernels wrap around beyond 32 bits, and clamp by fused activations.
        ([("MUL", [0, [2**30]], None), ("FLOOR_DIV", [-1, [2**29]], None)], None),
        ([("REDUCE_PROD", [0, [0]], None), ("MUL", [-1, [2**30]], None), ("RESHAPE", [-1, [-1]], None)], None),
        ([("SUB", [0, [5]], options("SubOptions", fused_activation_function=1))], None),
        ([("ADD", [0, [-5]], options("AddOptions", fused_activation_function=3))], None),
        ([("SUB", [0, [1]], options("SubOptions", fused_activation_function=0))], (2, 5, 3)),
        # [3, 1] and [3] broadcast to [3, 3].
        ([("EXPAND_DIMS", [0, [1]], None), ("ADD", [-1, [1, 2, 3]], None), ("RESHAPE", [-1, [-1]], None)], None),
        ([("EXPAND_DIMS", [0, [0]], None), ("ADD", [-1, [1, 2, 3]], None), ("RESHAPE", [-1, [-1]], None)], (4, 8, 7)),
    ],
)
def test_what_a_kernel_does_otherwise_is_not_known(
    steps: list[tuple[str, list[object], Options | None]], wanted: Wanted
) -> None:
    made = filled(steps, x_0=3)
    assert made == wanted or (wanted is None and (made is None or not all(isinstance(dim, int) for dim in made)))
