"""control_flow: branches of different sizes, loops that carry values, bodies that read from outside.

The numbers are whole, so that what the models compute can be checked by hand; each function says what that is.
"""

import numpy as np
from onnx import TensorProto, helper
from onnx_writer import body, value, write_onnx
from sketch import Sketch
from tflite_writer import Operator, Tensor, options, write_model

WIDTH, COPIES = 64, 4
_ROW_WEIGHTS = np.array([[1], [2], [3], [4]], np.float32)


def control_flow_tflite() -> bytes:
    """Write z = 2^times * (2.5 * x if deep else -x), with IF and WHILE.

    2.5 is the mean of the weights 1, 2, 3, 4 of four copies of x.
    """
    main = Sketch()
    x, deep = main.input("x", [1, WIDTH]), main.input("deep", [1], "BOOL")
    times = main.input("times", [1], "INT32")
    branches = options("IfOptions", then_subgraph_index=1, else_subgraph_index=2)
    y = main.op("IF", [deep, x], "y", [1, WIDTH], branches)
    main.tensors += [Tensor("left", [1], "INT32"), Tensor("z", [1, WIDTH])]
    left, z = len(main.tensors) - 2, len(main.tensors) - 1
    loop = options("WhileOptions", cond_subgraph_index=3, body_subgraph_index=4)
    main.operators.append(Operator("WHILE", [times, y], [left, z], loop))
    main.outputs = [z]
    sketches = [main, _then(), _else(), _more(), _twice()]
    return write_model([sketch.subgraph() for sketch in sketches])


def _then() -> Sketch:
    then = Sketch("then")
    x = then.input("then/x", [1, WIDTH])
    wide = [COPIES, WIDTH]
    copies = then.op("CONCATENATION", [x] * COPIES, "then/copies", wide, options("ConcatenationOptions", axis=0))
    weights = then.constant("then/weights", _ROW_WEIGHTS)
    weighed = then.op("MUL", [copies, weights], "then/weighed", wide, options("MulOptions"))
    axis = then.constant("then/axis", np.array([0], np.int32))
    table = options("ReducerOptions", keep_dims=True)
    then.outputs = [then.op("MEAN", [weighed, axis], "then/mean", [1, WIDTH], table)]
    return then


def _else() -> Sketch:
    other = Sketch("else")
    other.outputs = [other.op("NEG", [other.input("else/x", [1, WIDTH])], "else/negative", [1, WIDTH])]
    return other


def _more() -> Sketch:
    """Draw the condition of the loop: whether any of its rounds are left."""
    more = Sketch("more")
    left, _ = more.input("more/left", [1], "INT32"), more.input("more/y", [1, WIDTH])
    zero = more.constant("more/zero", np.array([0], np.int32))
    more.outputs = [more.op("LESS", [zero, left], "more/is", [1], options("LessOptions"), "BOOL")]
    return more


def _twice() -> Sketch:
    twice = Sketch("twice")
    left, y = twice.input("twice/left", [1], "INT32"), twice.input("twice/y", [1, WIDTH])
    one = twice.constant("twice/one", np.array([1], np.int32))
    fewer = twice.op("SUB", [left, one], "twice/fewer", [1], options("SubOptions"), "INT32")
    twice.outputs = [fewer, twice.op("ADD", [y, y], "twice/sum", [1, WIDTH], options("AddOptions"))]
    return twice


def control_flow_onnx() -> bytes:
    """Write z = (2.5 * x if deep else -x) + times * x with If and Loop; then, with Scan, sums over rows of 8.

    `running` [8, 8] has in row i the sum of the rows 0 to i of z, `total` [8] that of all. The bodies of If and
    Loop read x from the graph around them.
    """
    node, row, rows = helper.make_node, [1, WIDTH], [8, 8]
    then = body(
        "then",
        [
            node("Concat", ["x"] * COPIES, ["copies"], axis=0),
            node("Mul", ["copies", "weights"], ["weighed"]),
            node("ReduceMean", ["weighed"], ["mean"], axes=[0], keepdims=1),
        ],
        [],
        [value("mean", row)],
    )
    other = body("else", [node("Neg", ["x"], ["negative"])], [], [value("negative", row)])
    adds = body(
        "adds",
        [node("Identity", ["going"], ["goes_on"]), node("Add", ["so_far", "x"], ["farther"])],
        [value("round", [], TensorProto.INT64), value("going", [], TensorProto.BOOL), value("so_far", row)],
        [value("goes_on", [], TensorProto.BOOL), value("farther", row)],
    )
    sums = body(
        "sums",
        [node("Add", ["before", "one_row"], ["after"]), node("Identity", ["after"], ["kept"])],
        [value("before", [8]), value("one_row", [8])],
        [value("after", [8]), value("kept", [8])],
    )
    nodes = [
        node("If", ["deep"], ["y"], then_branch=then, else_branch=other),
        node("Loop", ["times", "always", "y"], ["z"], body=adds),
        node("Reshape", ["z", "grid"], ["rows"]),
        node("Scan", ["nothing", "rows"], ["total", "running"], body=sums, num_scan_inputs=1),
    ]
    constants = {
        "weights": _ROW_WEIGHTS,
        "always": np.array(True),
        "grid": np.array(rows, np.int64),
        "nothing": np.zeros(8, np.float32),
    }
    inputs = [value("x", row), value("deep", [], TensorProto.BOOL), value("times", [], TensorProto.INT64)]
    return write_onnx("control_flow", nodes, inputs, [value("total", [8]), value("running", rows)], constants)
