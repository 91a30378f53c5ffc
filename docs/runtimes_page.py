"""Writes docs/tflm.md: planned models in real interpreters.

python docs/runtimes_page.py ../shared/models/tflite > docs/tflm.md
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.interpreters import least_arena, run_litert, run_tflm
from support.shared import tflite_bindings

import tmpass
from tmpass.api.probe import probe_scratch
from tmpass.base.errors import TmpassError

HEAD = """\
# Planned models in real interpreters

Made by `python docs/runtimes_page.py ../shared/models/tflite > docs/tflm.md`. Every model there was planned, run
before and after with the same random inputs, and gave the same outputs, bit for bit.

## The content of a planned file

    tmpass probe-scratch model.tflite -o scratch.json            measures the scratch of the kernels
    tmpass plan model.tflite -t tflm --scratch scratch.json -o planned.tflite
    tmpass strip planned.tflite -o model.tflite                  restores the original, byte for byte

    0       a new root, Model and SubGraph tables     the operators in the planned order
            metadata OfflineMemoryAllocation          int32: 1, subgraphs, tensors, and an offset for each tensor
            a mark                                    the length of this front, and the SHA-256 of the original
    n * 64  the old file                              unchanged, except that `Buffer.offset` and
                                                      `large_custom_options_offset`, which count from the start of
                                                      the file, are larger

Planning a planned file plans its original, so planning twice gives the same as planning once. An older plan of any
origin is replaced, and `strip` restores it. Constants, variables and tensors of unknown size get offset -1. A tensor
that no operator uses gets 0, since TensorFlow Lite Micro reserves bytes for it.

The commands of an accelerator's operator contain addresses in the arena: Vela puts the input and output of `ethos-u`
into its scratch, and only the file's own offline plan has their offsets. Such a file is planned in its own order with
its own offsets, which may overlap; only tensors that it leaves to the runtime (-1) are placed. That holds for
`ethos-u`, and for any custom operator with two of its tensors in the same bytes.

Refused, with the reason, are planned files with operators whose commands contain addresses (`ethos-u`), with weights
outside the flatbuffer for target `tflm` (which does not read them there), with offsets above 2 GiB, and with tables
that have fields newer than tmpass. If another subgraph than the first has a variable, TensorFlow Lite Micro reads its
offset from the first subgraph's tensor of the same index. That tensor is left to the runtime, and the head may be
larger than planned.

Dynamic dimensions were bound. TensorFlow Lite Micro takes the shapes of the file, so the numbers must be those of the
file; other numbers are refused. For another runtime, a file with other numbers has the order, without offsets.

The targets `tflm*` follow the runtime: sizes are rounded up to 16 bytes, and the values that a loop carries from one
iteration to the next wait in the outputs of WHILE, not in the body.

A board with several memories, such as SRAM and PSRAM, takes a memory planner instead of offsets in the file:
[several memories](tflm-memories.md).

"""

MOST = 1 << 28
"""The largest peak, in bytes, of a model that is run."""

TFLM = """\
## TensorFlow Lite Micro

All figures are bytes. *Head* is the part of the arena with activations and scratch: as the runtime plans it, and with
the plan of tmpass, which it equals. *Scratch* is the sum over all operators, from `probe-scratch`. *Least arena* is the
smallest multiple of 16 with which the model can be prepared and run: head, persistent allocations, and temporary ones
during preparation.

| model | head before | head after | scratch | least arena before | after |
|-|-:|-:|-:|-:|-:|
"""

LITERT = """\
## LiteRT

LiteRT takes the order, and places tensors itself. *Arena* is the range of addresses of the main subgraph's activations
without delegates; the rest of the runtime's memory is not measured. The order is that of the file where another one
would not lower LiteRT's arena.

| model | order | arena before | arena after |
|-|-|-:|-:|
"""


def tflm_row(path: Path) -> str | None:
    """The row of one model in TensorFlow Lite Micro; None where it does not run there."""
    model = path.read_bytes()
    try:
        before = run_tflm(model)
    except TmpassError:
        return None
    rules = probe_scratch(path).rules
    plan = tmpass.plan(path, "tflm", bind=tflite_bindings(path), scratch=rules)
    planned = tmpass.planned_model(plan, path)
    after = run_tflm(planned)
    if after.outputs != before.outputs:
        raise AssertionError(f"{path.name}: the outputs differ")
    scratch = sum(int(rule.bytes) for rule in rules)
    figures = (
        before.arena,
        after.arena,
        scratch or "",
        least_arena(model, before.arena),
        least_arena(planned, after.arena),
    )
    return f"| {path.name} | {' | '.join(map(str, figures))} |"


def litert_row(path: Path) -> str | None:
    """The row of one model in LiteRT; None where it does not run there."""
    try:
        plan = tmpass.plan(path, "litert-cpu", bind=tflite_bindings(path), allow_unplanned=True)
        if plan.memories[0].peak > MOST:
            return None
        before = run_litert(path.read_bytes())
        after = run_litert(tmpass.planned_model(plan, path))
    except TmpassError:
        return None
    if after.outputs != before.outputs:
        raise AssertionError(f"{path.name}: the outputs differ")
    return f"| {path.name} | {plan.order.method} | {before.arena} | {after.arena} |"


def main(folder: Path) -> None:
    """Print the page."""
    paths = sorted(folder.glob("*.tflite"))
    print(HEAD, end="")
    for name, head, row in (("TensorFlow Lite Micro", TFLM, tflm_row), ("LiteRT", LITERT, litert_row)):
        print(head, end="")
        not_run = []
        for path in paths:
            line = row(path)
            if line is None:
                not_run.append(path.name)
            else:
                print(line, flush=True)
        print(f"\n{name} does not run, or tmpass does not plan for it: {', '.join(not_run)}.\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
