"""The temporaries that LiteRT adds: the rules of litert-cpu give the same sizes, for drawn shapes and types."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
from support.litert_arena import arenas
from support.litert_memory import litert_addresses
from support.shared import parametrize
from support.tflite_operators import CASES
from tflite_writer import Operator, Subgraph, Tensor, options, write_model

import tmpass
from tmpass.base.errors import ModelError
from tmpass.targets.kernels import LITERT

pytestmark = pytest.mark.runtime

BYTES = {"FLOAT32": 4, "INT8": 1, "UINT8": 1, "INT16": 2, "INT32": 4, "INT64": 8}
BIAS = {"FLOAT32": "FLOAT32", "INT8": "INT32", "UINT8": "INT32", "INT16": "INT64"}
TYPES = [("FLOAT32", "FLOAT32"), ("INT8", "INT8"), ("UINT8", "UINT8"), ("INT16", "INT8"), ("FLOAT32", "INT8")]


@pytest.fixture(autouse=True)
def installed():
    pytest.importorskip("ai_edge_litert")


def fed(shape, dtype):
    return Tensor("x", shape, dtype, scales=[] if dtype in ("FLOAT32", "INT32") else [0.1])


def stored(shape, dtype, channels=1, axis=0, scale=0.1):
    scales = [] if dtype == "FLOAT32" else [scale] * channels
    return Tensor("w", shape, dtype, bytes(BYTES[dtype] * int(np.prod(shape))), scales=scales, scaled=axis)


def image(rng):
    return rng.randint(1, 3), rng.randint(1, 9), rng.randint(1, 9), rng.randint(1, 4)


def conv(rng, act, weights):
    n, h, w, c = image(rng)
    stride, kh, kw = rng.randint(1, 3), *rng.choice([(1, 1), (rng.randint(1, 3), rng.randint(1, 3))])
    groups = rng.choice([1, 1, c])
    m = groups * rng.randint(1, 3)
    channels = m if weights == "INT8" else 1
    dilation = rng.choice([1, 1, 2]) if stride == 1 else 1
    table = options("Conv2DOptions", padding=0, stride_w=stride, stride_h=stride, dilation_w_factor=dilation,
                    dilation_h_factor=dilation)  # fmt: skip
    reads = [fed([n, h, w, c], act), stored([m, kh, kw, c // groups], weights, channels), bias(m, act, channels)]
    return "CONV_2D", reads, [n, -(-h // stride), -(-w // stride), m], table, 5


def depthwise(rng, act, weights):
    n, h, w, c = image(rng)
    more = rng.randint(1, 3)
    channels = c * more if weights == "INT8" else 1
    table = options("DepthwiseConv2DOptions", padding=0, stride_w=1, stride_h=1, depth_multiplier=more,
                    dilation_w_factor=1, dilation_h_factor=1)  # fmt: skip
    kernel = stored([1, rng.randint(1, 3), rng.randint(1, 3), c * more], weights, channels, 3)
    return (
        "DEPTHWISE_CONV_2D",
        [fed([n, h, w, c], act), kernel, bias(c * more, act, channels)],
        [n, h, w, c * more],
        table,
        6,
    )


def dense(rng, act, weights):
    n, k, m = (rng.randint(1, 9) for _ in range(3))
    reads = [fed([n, k], act), stored([m, k], weights), bias(m, act, 1)]
    return "FULLY_CONNECTED", reads, [n, m], options("FullyConnectedOptions"), 7


def bias(m, act, channels):
    return stored([m], BIAS[act], channels, scale=0.1 * 0.1)


def reducer(rng, act, _weights):
    shape = image(rng)
    axes = sorted(rng.sample(range(4), rng.randint(1, 3)))
    kind = rng.choice(["MEAN", "SUM", "REDUCE_PROD", "REDUCE_MAX", "REDUCE_MIN"])
    if act in ("UINT8", "INT16"):
        act = "INT32"
    index = Tensor("axes", [len(axes)], "INT32", np.array(axes, "<i4").tobytes())
    left = [1 if axis in axes else length for axis, length in enumerate(shape)]
    return kind, [fed(shape, act), index], left, options("ReducerOptions", keep_dims=True), 2


def single(drawn):
    kind, reads, shape, table, version = drawn
    made = Tensor("y", shape, reads[0].dtype, scales=reads[0].scales)
    given = [t for t, tensor in enumerate(reads) if tensor.data is None]
    operator = Operator(kind, range(len(reads)), [len(reads)], table, version=version)
    return write_model([Subgraph([*reads, made], [operator], given, [len(reads)])])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("types", TYPES, ids="-".join)
@pytest.mark.parametrize("draw", [conv, depthwise, dense, reducer], ids=lambda draw: draw.__name__)
def test_the_rules_give_the_temporaries_of_the_kernel(draw, types, seed):
    model = single(draw(Random(f"{draw.__name__} {types} {seed}"), *types))
    try:
        addresses = litert_addresses(model)
    except ModelError as error:
        pytest.skip(str(error))
    plan = tmpass.plan(model, "litert-cpu")
    assert not any(left.what == "scratch" for left in plan.not_counted)
    planned = sorted(buffer.size for buffer in plan.buffers if buffer.step is not None)
    assert planned == sorted(high - low for low, high in addresses.added.values())


HYBRID = {"dtln_model_quant_2.tflite"}
"""LiteRT has the sums of the weights of hybrid kernels in its persistent arena, where no rule places scratch."""


@parametrize("models/tflite/*.tflite")
def test_the_arena_of_a_real_model_is_as_planned(path: Path):
    found = arenas(path)
    if found is None:
        pytest.skip("LiteRT does not run it, or in several arenas")
    if found.unknown:
        pytest.skip(f"scratch of {', '.join(found.unknown)}")
    assert found.planned_apart == found.apart
    assert found.planned == found.arena if path.name not in HYBRID else found.planned >= found.arena


@pytest.mark.parametrize("case", [case for case in CASES if case.kind in LITERT], ids=lambda case: case.name)
def test_a_kind_without_scratch_adds_no_temporaries(case):
    assert litert_addresses(case.model).added == {}
