"""A plan as a C header: sizes, offsets and alignments, with static assertions against the firmware's arena.

    #define NET_SRAM_CAPACITY 65536u                    the firmware's capacity and reserve, if not the planned ones
    #define NET_SRAM_RESERVE 4096u
    #define NET_SRAM_SECTION __attribute__((section(".sram")))
    #include "net_plan.h"
    NET_ALIGNAS(NET_SRAM_ALIGNMENT) static unsigned char sram[NET_SRAM_BYTES] NET_SRAM_SECTION;
    float *input = (float *)(sram + NET_INPUT_OFFSET);

The header is C11 and C++11. Its numbers keep their values where `int` has 16 bits.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import gcd

from tmpass.base.choices import Role
from tmpass.plans.between import kept_between
from tmpass.plans.plan import MemoryUse, Plan, PlannedTensor
from tmpass.plans.tensor_places import TensorPlace, tensor_places
from tmpass.report.c_names import LONGEST, comment, distinct, file_prefix, upper_name
from tmpass.report.c_tables import order_table, refuse_alignment, transfer_table
from tmpass.report.left_out import notes
from tmpass.report.resolver import resolver_comment
from tmpass.targets import RUNTIMES

NAME = "c"
SUFFIX = ".h"
SUMMARY = "a C header: sizes, offsets, alignments, static asserts"

_ASSERT = """\
#ifdef __cplusplus
#define {0}_ALIGNAS(bytes) alignas(bytes)
#define {0}_ASSERT(claim, words) static_assert(claim, words)
#else
#define {0}_ALIGNAS(bytes) _Alignas(bytes)
#define {0}_ASSERT(claim, words) _Static_assert(claim, words)
#endif
"""

_IN_TAIL = ": the runtime places variables in the tail of the arena"


def emit(plan: Plan) -> str:
    """The header of `plan`; the name of every macro begins with the name of the model's file.

    Raises:
        UsageError: the plan has an alignment that no array can have in C.
    """
    refuse_alignment(plan)
    prefix = file_prefix(plan.model.file)
    placed = [t for t in plan.tensors if t.buffer is not None]
    scratch = [b for b in plan.buffers if not b.tensors]
    preferred = [upper_name(m.name) for m in plan.memories]
    preferred += [upper_name(t.name) for t in placed]
    numbers = [f"MEMORY{i}" for i in range(len(plan.memories))]
    numbers += [f"T{t.index}" if t.subgraph == 0 else f"S{t.subgraph}_T{t.index}" for t in placed]
    preferred += ["SCRATCH"] * len(scratch)
    numbers += [str(b.id) for b in scratch]
    names = iter([f"{prefix}_{name}" for name in distinct(preferred, numbers)])
    memories = {memory.name: (next(names), memory) for memory in plan.memories}
    inside = _in_tail(plan)
    arenas = [memories[memory.name] for memory in plan.arenas if memory not in inside]
    lines = [
        f"/* Memory plan of {comment(plan.model.file)} for {comment(plan.target.name)}, made by tmpass. */",
        *(f"/* {comment(note)} */" for note in notes(plan)),
        *resolver_comment(plan),
        f"#ifndef {prefix}_PLAN_H",
        f"#define {prefix}_PLAN_H",
        "",
        f'#define {prefix}_MODEL_SHA256 "{plan.model.sha256}"',
        "",
        *_example(prefix, arenas),
        "",
        _ASSERT.format(prefix),
    ]
    for name, memory in memories.values():
        array = (name, memory) in arenas
        lines.append(f"/* memory {comment(memory.name)}{_IN_TAIL if memory in inside else ''} */")
        if memory not in inside or memory.needed > memory.peak:  # constants, or a reserve, are there as well
            lines += _memory(plan, name, memory, array=array)
        lines.append("")
    places = tensor_places(plan)
    for t in placed:
        name, home, own = next(names), memories[plan.buffers[t.buffer or 0].memory], places.get(t.key, ())
        lines += [_about(t), *_when(name, own)]
        offsets = {f"_FROM_{place.row.lower}" if at else "": place.offset for at, place in enumerate(own)}
        offsets = {} if home[1] in inside else offsets or {"": t.offset or 0}
        lines += [*_place(prefix, name, home, offsets, t.bytes or 0), ""]
    lines += order_table(prefix, plan)
    lines += transfer_table(prefix, plan, {name: macro for name, (macro, _) in memories.items()})
    for b in scratch:
        lines.append(f"/* scratch of step {b.step} */")
        lines += [*_place(prefix, next(names), memories[b.memory], {"": b.offset}, b.size), ""]
    return "\n".join([*lines, f"#undef {prefix}_ASSERT", f"#endif /* {prefix}_PLAN_H */"]) + "\n"


def _in_tail(plan: Plan) -> list[MemoryUse]:
    """The memories whose buffers are variables alone, for a runtime that keeps these in the tail of its arena.

    The bytes of the tail count them, so that the firmware needs no array for them. Constants may be there all the same.
    """
    if plan.target.runtime not in RUNTIMES or not RUNTIMES[plan.target.runtime].tail:
        return []
    roles = {row.key: row.role for row in plan.tensors}
    found = []
    for memory in plan.memories[1:]:
        held = [key for buffer in plan.buffers if buffer.memory == memory.name for key in buffer.tensors or [None]]
        if held and all(key is not None and roles.get(key) == Role.VARIABLE for key in held):
            found.append(memory)
    return found


def _example(prefix: str, arenas: Iterable[tuple[str, MemoryUse]]) -> Iterator[str]:
    """A comment with an array for each memory with buffers, and its section, as a firmware defines them."""
    yield "/* The firmware has an array in each memory with buffers. It may define its section before this header:"
    for name, memory in arenas:
        array = re.sub(r"\W+", "_", memory.name[:LONGEST].lower(), flags=re.ASCII).strip("_")
        array = array if array[:1].isalpha() else f"memory_{array}".rstrip("_")
        yield f' *   #define {name}_SECTION __attribute__((section(".{array}")))'
        yield f" *   {prefix}_ALIGNAS({name}_ALIGNMENT) static unsigned char {array}[{name}_BYTES] {name}_SECTION;"
    yield " */"


def _memory(plan: Plan, name: str, memory: MemoryUse, *, array: bool) -> Iterator[str]:
    """The macros of one memory: those of an array where it has buffers, and what a run needs of it.

    No suffix but _BYTES, _ALIGNMENT, _OFFSET, and _OFFSET_FROM_ with a number belongs to tensors, so the others cannot
    be those of a tensor.
    """
    if array:
        yield f"#define {name}_BYTES {memory.peak + memory.overhead}u"
        if memory.overhead:  # the array is an arena: its tail is the runtime's
            yield f"#define {name}_HEAD {memory.peak}u"
        yield f"#define {name}_ALIGNMENT {memory.alignment}u"
        yield f"#ifndef {name}_SECTION"
        yield f"#define {name}_SECTION"
        yield "#endif"
    kept = kept_between(plan, memory)
    between = f" /* and {kept} B between the buffers */" if kept else ""
    yield f"#define {name}_CONSTANTS {memory.constants + memory.loaded}u{between}"
    yield f"#define {name}_RUNTIME {memory.overhead}u"
    yield f"#define {name}_NEEDED {memory.needed - memory.reserve}u /* without the reserve */"
    yield f"#ifndef {name}_RESERVE"
    yield f"#define {name}_RESERVE {memory.reserve}u"
    yield "#endif"
    if memory.capacity is not None:
        yield f"#ifndef {name}_CAPACITY"
        yield f"#define {name}_CAPACITY {memory.capacity}u"
        yield "#endif"
    else:
        yield f"#ifdef {name}_CAPACITY"
    # Not as a sum: it could overflow the type.
    fits = f"{name}_NEEDED <= {name}_CAPACITY && {name}_RESERVE <= {name}_CAPACITY - {name}_NEEDED"
    yield f'{file_prefix(plan.model.file)}_ASSERT({fits}, "the plan does not fit the memory");'
    if memory.capacity is None:
        yield "#endif"


def _place(prefix: str, name: str, home: tuple[str, MemoryUse], offsets: Mapping[str, int], size: int) -> Iterator[str]:
    """The macros of one tensor or scratch buffer; its alignment is that of its addresses in an aligned arena.

    Args:
        prefix: of all macros.
        name: of the tensor.
        home: the name of the memory's array, and the memory.
        offsets: by the ends of the names of their macros; the first one is that of the tensor's first use. Empty where
            the runtime places the tensor.
        size: in bytes.
    """
    arena, memory = home
    for end, offset in offsets.items():
        yield f"#define {name}_OFFSET{end} {offset}u"
    yield f"#define {name}_BYTES {size}u"
    if not offsets:
        return
    yield f"#define {name}_ALIGNMENT {gcd(memory.alignment, *offsets.values())}u"
    # Not as offset + size: the sum could overflow the type.
    top = f"{arena}_HEAD" if memory.overhead else f"{arena}_BYTES"
    for macro in (f"{name}_OFFSET{end}" for end in offsets):
        inside = f"{name}_BYTES <= {top} && {macro} <= {top} - {name}_BYTES"
        yield f'{prefix}_ASSERT({inside}, "outside of the arena");'
        yield f'{prefix}_ASSERT({macro} % {name}_ALIGNMENT == 0, "not aligned");'


def _when(name: str, places: Sequence[TensorPlace]) -> Iterator[str]:
    """A comment with the steps in which a tensor is at each offset, where its buffer leaves the scratchpad."""
    for at, place in enumerate(places):
        macro = f"{name}_OFFSET_FROM_{place.row.lower}" if at else f"{name}_OFFSET"
        last = place.upper - 1
        steps = f"step {last}" if place.lower == last else f"steps {place.lower} to {last}"
        yield f"/* in {steps}: at {macro} */"


def _about(tensor: PlannedTensor) -> str:
    shape = ", ".join(map(str, tensor.shape or ()))
    return f"/* {tensor.role} {comment(tensor.name)}: {comment(tensor.dtype)} [{comment(shape)}] */"
