"""Writes docs/tflm.md: planned models in real interpreters.

python docs/runtimes_page.py ../shared/models/tflite > docs/tflm.md
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "bench"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.interpreters import least_arena, run_litert, run_tflm
from support.shared import tflite_bindings
from tflm_arena import table

import tmpass
from tmpass.api.probe import probe_scratch
from tmpass.base.errors import TmpassError

HEAD = """\
# Planned models in real interpreters

Made by `python docs/runtimes_page.py ../shared/models/tflite > docs/tflm.md`. Every model there was planned, run
before and after with the same random inputs, and gave the same outputs, bit for bit.

## The content of a planned file

    tmpass plan model.tflite -t tflm -o planned.tflite
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

DRAWN = 40
"""How many drawn models the predicted arenas are held against, beside those of the folder."""

TFLM = """\
## TensorFlow Lite Micro

All figures are bytes. *Head* is the part of the arena with activations and scratch: as the runtime plans it, and with
the plan of tmpass, which it equals. *Scratch* is the sum over all operators, as measured. *Least arena* is the
smallest multiple of 16 with which the model can be prepared and run: head, persistent allocations, and temporary ones
during preparation.

| model | head before | head after | scratch | least arena before | after |
|-|-:|-:|-:|-:|-:|
"""

ARENA = """\
## What the firmware creates

A resolver with the kernels of the model. `tmpass show` lists them, and `tmpass plan` the first of them. In the JSON of
a plan, `registrations` has the kind and the call of each. The comment at the top of a C header has the lines to copy:

    /* tflite::MicroMutableOpResolver<2> resolver;
     *   resolver.AddFullyConnected();
     *   resolver.AddSoftmax();
     */

They are those of all operators of the file, also of bodies that never run, since the runtime looks for each. A custom
operator that TensorFlow Lite Micro does not have is `AddCustom("NAME", registration)`, with a registration of the
program's own.

A model with `VAR_HANDLE` needs resource variables as well, without which `AllocateTensors` fails:

    tflite::MicroAllocator* allocator = tflite::MicroAllocator::Create(arena, sizeof arena);
    auto* variables = tflite::MicroResourceVariables::Create(allocator, 2);
    tflite::MicroInterpreter interpreter(model, resolver, allocator, variables);

The number is that of the different names in operators of that kind. What the variables take is in the tail that plans
count.

## The whole arena

The head is what a plan places. The tail is what the runtime keeps for itself: a structure for each tensor, operator,
input and output, the parsed options of operators, what kernels keep (such as two numbers for each channel of a
convolution), variables, and its own administration. `tmpass.targets.tail` predicts it by rules:

    from tmpass.targets.tail import load_rules, predict
    found = predict(graph, load_rules("tflm"))     # rows, total, unknown; word_size=4 for a 32-bit processor
    found.arena(head)                              # the least arena in which the model can be prepared and run

`arena` is the larger of two phases. While operators are prepared, the head holds descriptions of tensors, and then
the list of all buffers with 40 bytes for each that is placed. After that the head holds the activations and scratch.
Both lie beside the tail. For small models preparation needs more than a run.

The rules are `tmpass/targets/tail/tflm.toml`: what the runtime takes from the end of the arena in its order, and
what the kernel of each kind of operator keeps. An operator without a rule is named in `unknown` and not counted;
`tmpass probe` measures it. For pointers of 8 bytes the rules were read in the interpreter of the package, which also
records allocations: that takes 208 bytes, which a device without recording saves. **Figures for pointers of 4 bytes
are derived from the same structures and were not measured.** A number of which the pointers are not known counts in
full for both, so that they are meant as an upper bound. The arena is taken to begin at a multiple of 16; up to 15
bytes are lost where it does not.

The rules cover all kernels of the interpreter, also the custom ones: its library for signals, `CIRCULAR_BUFFER`,
`TFLite_Detection_PostProcess` and `TFLM_DECODE`. A test draws 56 models of them; the tail is as predicted, and the
arena within 3 % and 512 bytes. The interpreter has no `ethos-u`, which stays unknown.

`CIRCULAR_BUFFER` has its state in its output, and TensorFlow Lite Micro's own planner gives those bytes to later
tensors. So does a plan: it does not know that the kernel reads there in the next run. Do not plan a model with this
operator.

Made by `python tests/bench/tflm_arena.py ../shared/models/tflite 40`, in bytes. The first columns are for the model
with the plan of tmpass in it: its tail, the peak of the plan, the head that the runtime then takes, and the least
arena. The last three are for the model as it is, with the head that the runtime plans itself.

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
        if name == "TensorFlow Lite Micro":
            print(f"{ARENA}{table(folder, DRAWN).markdown()}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
