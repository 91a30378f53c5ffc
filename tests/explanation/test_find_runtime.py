"""What the runtime takes is listed in parts that add up."""

import json
from dataclasses import replace

import pytest
from rich.console import Console
from support.tflm_models import drawn_model
from test_layers import ROOT
from tflite_writer import Operator, Subgraph, Tensor, options, write_model

from tmpass.explanation.explain import explain
from tmpass.explanation.find_runtime import PADDING, PREPARATION, with_runtime
from tmpass.explanation.runtime_part import RuntimePart
from tmpass.loading.load import load
from tmpass.report.json.explanation import to_json
from tmpass.report.terminal.explanation import runtime_table
from tmpass.targets import load_target

BRANCHY = ROOT / "models" / "branchy.tflite"


def printed(known):
    console = Console(width=300, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(runtime_table(known))
    return [line.rstrip() for line in captured.get().splitlines()]


def test_a_kernel_that_keeps_a_copy_of_weights_is_named_with_the_reason():
    tensors = [Tensor("x", [4, 8]), Tensor("w", [8, 32], data=bytes(8 * 32 * 4)), Tensor("y", [4, 32])]
    product = Operator("BATCH_MATMUL", inputs=[0, 1], outputs=[2], options=options("BatchMatMulOptions"))
    known = explain(write_model([Subgraph(tensors, [product], [0], [2])]), "tflm")
    memory = known.peak_step.memory
    assert sum(part.bytes for part in known.runtime) == memory.overhead
    assert known.runtime[0].what == "kernels of BATCH_MATMUL"
    assert known.runtime[0].bytes >= 1024
    first, second, *rest = printed(known)
    assert first.split() == ["bytes", "runtime", "in", "arena", "count"]
    assert second.endswith(
        "a transposed copy of the second operand unless adj_y is true, of the first one if adj_x is true"
    )
    assert any("list of tensors" in line for line in rest)
    assert sum(part["bytes"] for part in json.loads(to_json(known))["runtime"]) == memory.overhead


@pytest.mark.parametrize("seed", range(12))
def test_the_parts_add_up_and_are_sorted(seed):
    known = explain(drawn_model(seed), "tflm")
    sizes = [part.bytes for part in known.runtime]
    assert sum(sizes) == known.peak_step.memory.overhead
    assert sizes == sorted(sizes, reverse=True)
    assert all(sizes)


def test_preparation_that_needs_more_than_the_run_is_a_part():
    known = explain(BRANCHY, "tflm")
    memory = known.peak_step.memory
    more = replace(known.peak_step, memory=replace(memory, overhead=memory.overhead + 4096))
    again = with_runtime(replace(known, peak_step=more), load(BRANCHY).graph, load_target("tflm"))
    extra = sum(part.bytes for part in known.runtime if part.what in (PREPARATION, PADDING))
    assert RuntimePart(PREPARATION, 1, extra + 4096) in again.runtime


def test_the_rest_of_a_file_is_one_part_and_a_memory_without_a_runtime_has_none():
    assert explain(BRANCHY, "pixel6-tpu").runtime == ()
    board = load_target("tflm-nrf52840")
    small = [replace(memory, capacity=1000) if memory.name == "flash" else memory for memory in board.memories]
    known = explain(BRANCHY, replace(board, memories=tuple(small)))
    assert known.peak_step.memory.name == "flash"
    assert known.runtime == (RuntimePart("the rest of the model's file", 1, known.peak_step.memory.overhead),)
