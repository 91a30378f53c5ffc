"""Operators of StableHLO, which LiteRT does not run: their output shapes follow from attributes."""

import pytest
from support.drawn_one import Const, Drawn, Fed
from support.drawn_stablehlo import SUM
from tflite_writer import options
from tmpass.frontends import tflite

X = Fed((3, 6, 4))


@pytest.mark.parametrize(
    ("drawn", "wanted"),
    [
        (Drawn("STABLEHLO_SELECT", [Fed((), "BOOL"), X, X]), [(3, 6, 4)]),
        (Drawn("STABLEHLO_CLAMP", [Const(0.0, "FLOAT32"), X, Const(6.0, "FLOAT32")]), [(3, 6, 4)]),
        (
            Drawn(
                "STABLEHLO_CONCATENATE",
                [X, Fed((3, 2, 4))],
                options=options("StablehloConcatenateOptions", dimension=1),
            ),
            [(3, 8, 4)],
        ),
        (
            Drawn("STABLEHLO_TRANSPOSE", [X], options=options("StablehloTransposeOptions", permutation=[1, 2, 0])),
            [(6, 4, 3)],
        ),
        (
            Drawn(
                "STABLEHLO_SLICE",
                [X],
                options=options(
                    "StablehloSliceOptions", start_indices=[0, 1, 2], limit_indices=[3, 6, 3], strides=[1, 2, 1]
                ),
            ),
            [(3, 3, 1)],
        ),
        (
            Drawn(
                "STABLEHLO_DYNAMIC_SLICE",
                [X, *[Fed((), "INT32")] * 3],
                options=options("StablehloDynamicSliceOptions", slice_sizes=[1, 6, 2]),
            ),
            [(1, 6, 2)],
        ),
        (Drawn("STABLEHLO_DYNAMIC_UPDATE_SLICE", [X, Fed((1, 6, 2)), *[Fed((), "INT32")] * 3]), [(3, 6, 4)]),
        (
            Drawn(
                "STABLEHLO_REDUCE",
                [X, Const(0.0, "FLOAT32")],
                options=options("StablehloReduceOptions", dimensions=[1], body_subgraph_index=1),
                bodies=[SUM],
            ),
            [(3, 4)],
        ),
        (
            Drawn(
                "STABLEHLO_SORT",
                [X, Fed((3, 6, 4))],
                ["FLOAT32", "FLOAT32"],
                options("StablehloSortOptions", comparator_subgraph_index=1),
                bodies=[SUM],
            ),
            [(3, 6, 4), (3, 6, 4)],
        ),
        (
            Drawn(
                "STABLEHLO_DOT_GENERAL",
                [Fed((3, 6, 4, 2)), Fed((5, 2, 3, 6))],
                options=options(
                    "StablehloDotGeneralOptions",
                    lhs_batching_dimensions=[0, 1],
                    rhs_batching_dimensions=[2, 3],
                    lhs_contracting_dimensions=[3],
                    rhs_contracting_dimensions=[1],
                ),
            ),
            [(3, 6, 4, 5)],
        ),
        # For these, only the type of the result has the shape.
        (Drawn("STABLEHLO_RESHAPE", [X]), [None]),
        (Drawn("STABLEHLO_IOTA", []), [None]),
    ],
    ids=lambda value: value.kind if isinstance(value, Drawn) else "",
)
def test_the_shape_follows_from_what_is_bound(drawn: Drawn, wanted: list[tuple[int, ...] | None]) -> None:
    open_ = {(0, 0)} & set(drawn.axes())
    graph = tflite.load(drawn.model(open_, [None] * len(drawn.made)), drawn.bindings(open_))
    main = graph.subgraphs[0]
    assert [main.tensors[t].shape for t in main.outputs] == wanted
