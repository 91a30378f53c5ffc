"""Writes docs/tflm.md: planned models in the interpreters that run them.

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

## What is in a planned file

    tmpass probe-scratch model.tflite -o scratch.json            what the kernels need besides tensors
    tmpass plan model.tflite -t tflm --scratch scratch.json -o planned.tflite
    tmpass strip planned.tflite -o model.tflite                  the original again, byte for byte

    0       a new root, Model and SubGraph tables     the operators in the planned order
            metadata OfflineMemoryAllocation          int32: 1, subgraphs, tensors, and an offset for each of these
            a mark                                    the length of all this, and the SHA-256 of the original
    n * 64  the old file                              as it was; only `Buffer.offset` and `large_custom_options_offset`,
                                                      which count from the begin of the file, have grown

Planning a planned file plans its original: twice is the same as once. An older plan, whoever made it, is replaced,
and comes back with `strip`. Constants, variables and what has no known size get offset -1; a tensor that no operator
touches, for which TensorFlow Lite Micro sets bytes aside all the same, gets 0.

Commands of an accelerator's operator hold addresses in the arena: Vela puts the input and output of `ethos-u` into its
scratch, and only the file's own offline plan says where. Such a file is planned in its own order with its own
offsets, which may overlap; only what it leaves to the runtime (-1) is placed anew. That holds for `ethos-u`, and for
any custom operator that has two of its tensors in the same bytes.

Refused, with the reason: operators of an accelerator whose commands hold addresses (`ethos-u`), weights outside the
flatbuffer for target `tflm` (it does not look for them there), offsets above 2 GiB, tables with fields newer than
tmpass. Where a subgraph but the first has a variable, TensorFlow Lite Micro asks for its offset at the place of the
first subgraph's tensor of the same index: that tensor is left to the runtime, and the head may end higher than
planned.

Open dimensions were bound: TensorFlow Lite Micro takes the shapes of the file, so the numbers must be those of the
file, else the plan is refused. For another runtime, a file with other numbers has the order, without offsets.

The targets `tflm*` follow the runtime: sizes are rounded up to 16 bytes, and what goes around a loop waits in the
outputs of WHILE, not in the body.

"""

MOST = 1 << 28
"""Bytes of activations of the largest model that is run."""

TFLM = """\
## TensorFlow Lite Micro

*Head* is the part of the arena with activations and scratch, in bytes: as the runtime plans it, and with our plan,
which it equals. *Scratch* is what `probe-scratch` found, all operators together. *Least arena* is the smallest in
steps of 16 with which the model is set up and runs: head, persistent data, and what preparing takes for a while.

| model | head before | head after | scratch | least arena before | after |
|-|-:|-:|-:|-:|-:|
"""

LITERT = """\
## LiteRT

It takes the order, and places tensors itself. *Arena* is the stretch of addresses of the main subgraph's activations
without delegates; the rest of the runtime's memory is not seen. The order is that of the file where LiteRT would not
gain by another one.

| model | order | arena before | arena after |
|-|-|-:|-:|
"""


def tflm_row(path: Path) -> str | None:
    """A row for one model, None where the runtime does not run it."""
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
    """The same for LiteRT."""
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
