"""Results that LiteRT keeps from one run to the next: the plan keeps the same ones, in as many bytes."""

import numpy as np
import pytest
from sketch import Sketch
from support.litert_arena import arenas
from support.litert_memory import litert_addresses
from support.shared import SHARED
from tflite_writer import Operator, options, write_model

import tmpass

pytestmark = pytest.mark.runtime

N = 64
FLOATS = np.arange(N, dtype=np.float32)
HALVES = FLOATS.astype(np.float16)
ALONG = options("ConcatenationOptions", axis=0)
TO_SHAPE = options("ShapeOptions", out_type=2)


@pytest.fixture(autouse=True)
def installed():
    pytest.importorskip("ai_edge_litert")


def ints(*values):
    return np.array(values, np.int32)


def kept(plan):
    return {row.index for row in plan.tensors if row.role == "variable"}


def chain(*ops):
    """A model of `ops` from constants, the first of which may read an input, and of larger tensors after them.

    Each op is (kind, its constants, its options, the type and the length of its result, its version).
    """
    main = Sketch()
    x = main.input("x", [N])
    made = []
    for number, (kind, given, table, dtype, length, version) in enumerate(ops):
        reads = [x if one is None else main.constant(f"c{number}.{i}", one) for i, one in enumerate(given)]
        reads = [made[-1], *reads] if made else reads
        made.append(main.op(kind, reads, f"w{number}", [length], table, dtype=dtype))
        main.operators[-1] = Operator(kind, reads, [made[-1]], table, version=version)
    last, length = made[-1], ops[-1][4]
    if ops[-1][3] != "FLOAT32":
        last = main.op("CAST", [last], "cast", [length])
    # Larger tensors are placed first and are alive later, so they cover all of the arena that is free again.
    last = main.op("CONCATENATION", [x, *[last] * N], "large0", [N + N * length], ALONG)
    for number in range(1, 4):
        last = main.op("ABS", [last], f"large{number}", [N + N * length])
    main.outputs = [last]
    return write_model([main.subgraph()]), made


def op(kind, *given, table=None, dtype="FLOAT32", length=N, version=1):
    return kind, given, table, dtype, length, version


PART = ints(0), ints(N), ints(1)
SHAPE = op("SHAPE", None, table=TO_SHAPE, dtype="INT32", length=1)
HALF = op("DEQUANTIZE", HALVES, version=3)
CASES = [
    [HALF],
    [op("RESHAPE", FLOATS, ints(N))],
    [op("MUL", FLOATS, FLOATS)],
    [op("MUL", FLOATS, None)],
    [op("CONCATENATION", FLOATS[:32], FLOATS[32:], table=ALONG)],
    [op("GATHER", FLOATS, np.arange(N, dtype=np.int32))],
    [op("RANGE", *(np.float32(v).reshape(()) for v in (0, N, 1)))],
    [op("TILE", FLOATS[:32], ints(2))],
    [op("STRIDED_SLICE", FLOATS, *PART)],
    [SHAPE],
    [op("BROADCAST_ARGS", ints(1, 4), ints(3, 1), dtype="INT32", length=2)],
    *([op(kind, FLOATS)] for kind in ("ABS", "NEG", "SQRT", "LOGISTIC", "ZEROS_LIKE")),
    *([op(kind, FLOATS, FLOATS)] for kind in ("ADD", "SUB", "DIV", "MAXIMUM", "POW", "SQUARED_DIFFERENCE")),
    [op("CAST", np.arange(N, dtype=np.int32))],
    [op("TRANSPOSE", FLOATS, ints(0))],
    [op("SLICE", FLOATS, ints(0), ints(N))],
    [op("FILL", ints(N), np.float32(2).reshape(()))],
    [op("REVERSE_V2", FLOATS, ints(0))],
    [op("GATHER_ND", FLOATS, np.arange(N, dtype=np.int32).reshape(N, 1))],
    [HALF, op("MUL", FLOATS)],
    [HALF, op("RESHAPE", ints(N))],
    [HALF, op("STRIDED_SLICE", *PART)],
    [op("MUL", FLOATS, FLOATS), op("MUL", FLOATS)],
    [op("MUL", FLOATS, FLOATS), op("RESHAPE", ints(N))],
    [op("GATHER", HALVES, np.arange(N, dtype=np.int32), dtype="FLOAT16"), op("DEQUANTIZE", version=3)],
    [SHAPE, op("GATHER", ints(0), dtype="INT32", length=1)],
    [SHAPE, op("MUL", ints(2), dtype="INT32", length=1)],
]


@pytest.mark.parametrize("ops", CASES, ids=lambda ops: ">".join(one[0] for one in ops))
def test_the_results_are_kept_that_share_no_bytes_with_later_tensors(ops):
    model, made = chain(*ops)
    addresses = litert_addresses(model)
    plan = tmpass.plan(model, "litert-cpu")
    assert {t for t in made if addresses.alone(t)} == kept(plan)
    assert {b.memory for b in plan.buffers if not kept(plan).isdisjoint(t for _, t in b.tensors)} <= {
        "persistent-arena"
    }


def test_the_dequantized_weights_of_a_chain_take_as_many_bytes():
    found = arenas(SHARED / "cases" / "10_fp16_weights.tflite")
    assert (found.planned, found.planned_apart) == (found.arena, found.apart) == (768, 65536)
