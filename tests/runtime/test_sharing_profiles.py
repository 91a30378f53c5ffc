"""What the profiles of runtimes allow to be shared, asked of the runtimes themselves.

TensorFlow Lite Micro takes an offline plan and does as it says: an operator planned in place, or with its parts inside
the whole, must give the same bits as one whose tensors are apart. LiteRT plans for itself: its addresses tell.
"""

import numpy as np
import pytest
from sketch import Sketch
from tflite_writer import Options, options, write_model

from tmpass.targets import EVERY, load_target

pytestmark = pytest.mark.runtime

PAIRS = ("ADD", "DIV", "FLOOR_DIV", "FLOOR_MOD", "MAXIMUM", "MINIMUM", "MUL", "PRELU", "SQUARED_DIFFERENCE", "SUB")
LOGIC = ("LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT")
OPTIONS = {
    "ADD": options("AddOptions", fused_activation_function=0),
    "SUB": options("SubOptions", fused_activation_function=0),
    "MUL": options("MulOptions", fused_activation_function=0),
    "DIV": Options(29, ((0, "b", 0),)),
    "LEAKY_RELU": Options(75, ((0, "f", 0.1),)),
}
SHAPE = (1, 4, 6, 8)


def inputs_of(kind: str) -> int:
    return 2 if kind in (*PAIRS, "LOGICAL_AND", "LOGICAL_OR", "ADD_N") else 1


def one_operator(kind: str, offsets: list[int]) -> bytes:
    """A model of one operator whose tensors, inputs first, are at `offsets`."""
    main = Sketch()
    dtype = "BOOL" if kind in LOGIC else "FLOAT32"
    reads = [main.input(f"x{i}", SHAPE, dtype) for i in range(inputs_of(kind))]
    main.outputs = [main.op(kind, reads, "y", SHAPE, OPTIONS.get(kind), dtype)]
    return planned(main, offsets)


def planned(main: Sketch, offsets: list[int]) -> bytes:
    words = np.array([1, 1, len(offsets), *offsets], "<i4")
    return write_model([main.subgraph()], metadata={"OfflineMemoryAllocation": words.tobytes()})


def run(runtime, model: bytes, values: list[np.ndarray], outputs: int = 1) -> list[bytes]:
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=1 << 18)
    for index, value in enumerate(values):
        interpreter.set_input(value, index)
    interpreter.invoke()
    return [np.array(interpreter.get_output(index)).tobytes() for index in range(outputs)]


def drawn(kind: str, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    if kind in LOGIC:
        return [rng.integers(0, 2, SHAPE).astype(bool) for _ in range(inputs_of(kind))]
    return [(np.abs(rng.normal(0, 3, SHAPE)) + 0.1).astype(np.float32) for _ in range(inputs_of(kind))]


MEASURED = [kind for kind in load_target("tflm").sharing.in_place if kind != "QUANTIZE"]  # which needs scales


@pytest.mark.parametrize("kind", MEASURED)
def test_tensorflow_lite_micro_computes_in_place_what_it_computes_apart(kind):
    runtime = pytest.importorskip("tflite_micro").runtime
    count = inputs_of(kind)
    apart = [1024 * i for i in range(count + 1)]
    for seed in range(3):
        values = drawn(kind, seed)
        expected = run(runtime, one_operator(kind, apart), values)
        for over in range(count):
            found = run(runtime, one_operator(kind, [*apart[:-1], apart[over]]), values)
            assert found == expected


def test_an_offline_plan_that_is_wrong_shows():
    runtime = pytest.importorskip("tflite_micro").runtime
    values = drawn("ADD", 0)
    assert run(runtime, one_operator("ADD", [0, 0, 1024]), values) != run(
        runtime, one_operator("ADD", [0, 1024, 2048]), values
    )


def test_tensorflow_lite_micro_joins_parts_that_are_in_the_whole():
    runtime = pytest.importorskip("tflite_micro").runtime
    rng = np.random.default_rng(0)
    sizes = (3, 2, 5)
    main = Sketch()
    parts = [main.input(f"x{i}", [size, 7]) for i, size in enumerate(sizes)]
    main.outputs = [main.op("CONCATENATION", parts, "y", [10, 7], options("ConcatenationOptions", axis=0))]
    values = [rng.normal(0, 3, (size, 7)).astype(np.float32) for size in sizes]
    (found,) = run(runtime, planned(main, [0, 3 * 28, 5 * 28, 0]), values)
    assert found == np.concatenate(values).tobytes()


IN_PLACE = load_target("litert-cpu").sharing.in_place


@pytest.mark.parametrize("kind", ["ABS", "EXP", "MAXIMUM", "RELU", "SQUARED_DIFFERENCE", *IN_PLACE])
def test_litert_writes_over_its_input_where_the_profile_says(kind):
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    main = Sketch()
    x = main.input("x", SHAPE)
    reads = [main.op("EXP", [x], f"x{i}", SHAPE) for i in range(inputs_of(kind))]
    result = main.op(kind, reads, "y", SHAPE, OPTIONS.get(kind))
    main.outputs = [main.op("EXP", [result], "z", SHAPE)]
    runtime = interpreter.Interpreter(
        model_content=write_model([main.subgraph()]),
        experimental_op_resolver_type=interpreter.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    runtime.allocate_tensors()
    address = {t: runtime.tensor(t)().__array_interface__["data"][0] for t in (*reads, result)}
    assert (address[result] in [address[t] for t in reads]) == (kind in IN_PLACE)


def test_views_are_shared_by_both():
    for name in ("tflm", "litert-cpu"):
        assert load_target(name).sharing.views == (EVERY,)
