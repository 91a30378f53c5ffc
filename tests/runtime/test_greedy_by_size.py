"""Greedy by size against the runtimes that it is named after, on models whose kernels need no scratch memory."""

import random
import re

import numpy as np
import pytest
from sketch import Sketch
from tflite_writer import options, write_model

import tmpass

pytestmark = pytest.mark.runtime


def cut_and_join(seed, ops=24):
    """A model that cuts vectors into pieces and joins them: sizes and live ranges of many kinds."""
    rng = random.Random(seed)
    main = Sketch()
    lengths = {main.input(f"x{i}", [length]): length for i, length in enumerate((40, 500))}
    unread = set(lengths)
    axis = options("ConcatenationOptions", axis=0)
    for number in range(ops):
        if rng.random() < 0.5:
            chosen = [rng.choice(sorted(lengths))]
            length = rng.randint(1, lengths[chosen[0]])
            bounds = [
                main.constant(f"{part}{number}", np.array([n], np.int32)) for part, n in (("at", 0), ("n", length))
            ]
            made = main.op("SLICE", [*chosen, *bounds], f"cut{number}", [length])
        else:
            chosen = rng.sample(sorted(lengths), 2)
            length = sum(lengths[t] for t in chosen)
            made = main.op("CONCATENATION", chosen, f"joined{number}", [length], axis)
        lengths[made] = length
        unread = unread - set(chosen) | {made}
    main.outputs = sorted(unread - set(main.inputs)) or [made]
    return write_model([main.subgraph()])


@pytest.mark.parametrize("seed", range(12))
def test_tensorflow_lite_has_every_tensor_at_the_same_offset(seed):
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    model = cut_and_join(seed)
    runtime = interpreter.Interpreter(
        model_content=model,
        experimental_op_resolver_type=interpreter.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    runtime.allocate_tensors()
    plan = tmpass.plan(model, "litert-cpu", keep_inputs=True, schedule="given", allocator="greedy-by-size")
    ours = {t.index: t.offset for t in plan.tensors if t.offset is not None}
    addresses = {index: runtime.tensor(index)().__array_interface__["data"][0] for index in ours}
    start = min(addresses.values())
    assert {index: address - start for index, address in addresses.items()} == ours


@pytest.mark.parametrize("seed", range(12))
def test_tensorflow_lite_micro_needs_as_many_bytes(seed, capfd):
    runtime = pytest.importorskip("tflite_micro").runtime
    model = cut_and_join(seed)
    runtime.Interpreter.from_bytes(model, arena_size=1 << 20).print_allocations()
    said = capfd.readouterr()
    head = int(re.search(r"Arena allocation head (\d+) bytes", said.err + said.out).group(1))
    plan = tmpass.plan(model, "tflm", share="none", schedule="given", allocator="greedy-by-size-tflm")
    assert -(-plan.memories[0].peak // 16) * 16 == head
