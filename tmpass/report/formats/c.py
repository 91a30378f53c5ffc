"""A plan as a C header: sizes, offsets and alignments, with static assertions against the firmware's arena.

    #define NET_SCRATCHPAD_CAPACITY 65536u              the firmware's capacity, if not the planned one
    #include "net_plan.h"
    _Alignas(NET_SCRATCHPAD_ALIGNMENT) static unsigned char arena[NET_SCRATCHPAD_BYTES];
    float *input = (float *)(arena + NET_INPUT_OFFSET);

The header is C11 and C++11. Its numbers keep their values where `int` has 16 bits.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from math import gcd

from tmpass.plans.plan import MemoryUse, Plan, PlannedTensor
from tmpass.report.left_out import notes
from tmpass.report.text import clip, one_line

NAME = "c"
SUFFIX = ".h"
SUMMARY = "a C header: sizes, offsets, alignments, static asserts"

_LONGEST = 60
"""The number of characters of a name that a macro has."""

_ASSERT = """\
#ifdef __cplusplus
#define {0}_ASSERT(claim, words) static_assert(claim, words)
#else
#define {0}_ASSERT(claim, words) _Static_assert(claim, words)
#endif
"""


def emit(plan: Plan) -> str:
    """The header of `plan`; the name of every macro begins with the name of the model's file."""
    prefix = _upper(plan.model.file.rpartition(".")[0] or plan.model.file)
    prefix = prefix if prefix and not prefix[0].isdigit() else f"MODEL_{prefix}".rstrip("_")
    placed = [t for t in plan.tensors if t.buffer is not None]
    scratch = [b for b in plan.buffers if not b.tensors]
    preferred = [_upper(m.name) for m in plan.arenas]
    preferred += [_upper(t.name) for t in placed]
    numbers = [f"MEMORY{i}" for i in range(len(plan.arenas))]
    numbers += [f"T{t.index}" if t.subgraph == 0 else f"S{t.subgraph}_T{t.index}" for t in placed]
    preferred += ["SCRATCH"] * len(scratch)
    numbers += [str(b.id) for b in scratch]
    names = iter([f"{prefix}_{name}" for name in _distinct(preferred, numbers)])
    memories = {memory.name: (next(names), memory) for memory in plan.arenas}
    lines = [
        f"/* Memory plan of {_comment(plan.model.file)} for {_comment(plan.target.name)}, made by tmpass. */",
        *(f"/* {_comment(note)} */" for note in notes(plan)),
        f"#ifndef {prefix}_PLAN_H",
        f"#define {prefix}_PLAN_H",
        "",
        f'#define {prefix}_MODEL_SHA256 "{plan.model.sha256}"',
        "",
        _ASSERT.format(prefix),
    ]
    for name, memory in memories.values():
        lines += [*_memory(prefix, name, memory), ""]
    for t in placed:
        home = memories[plan.buffers[t.buffer or 0].memory]
        lines += [_about(t), *_place(prefix, next(names), home, t.offset or 0, t.bytes or 0), ""]
    for b in scratch:
        lines.append(f"/* scratch of step {b.step} */")
        lines += [*_place(prefix, next(names), memories[b.memory], b.offset, b.size), ""]
    return "\n".join([*lines, f"#undef {prefix}_ASSERT", f"#endif /* {prefix}_PLAN_H */"]) + "\n"


def _memory(prefix: str, name: str, memory: MemoryUse) -> Iterator[str]:
    yield f"/* memory {_comment(memory.name)} */"
    yield f"#define {name}_BYTES {memory.peak}u"
    yield f"#define {name}_ALIGNMENT {memory.alignment}u"
    if memory.capacity is not None:
        yield f"#ifndef {name}_CAPACITY"
        yield f"#define {name}_CAPACITY {memory.capacity}u"
        yield "#endif"
    else:
        yield f"#ifdef {name}_CAPACITY"
    yield f'{prefix}_ASSERT({name}_BYTES <= {name}_CAPACITY, "the plan does not fit the memory");'
    if memory.capacity is None:
        yield "#endif"


def _place(prefix: str, name: str, home: tuple[str, MemoryUse], offset: int, size: int) -> Iterator[str]:
    """The macros of one tensor or scratch buffer; its alignment is that of its address in an aligned arena."""
    arena, memory = home
    yield f"#define {name}_OFFSET {offset}u"
    yield f"#define {name}_BYTES {size}u"
    yield f"#define {name}_ALIGNMENT {gcd(memory.alignment, offset)}u"
    # Not as offset + size: the sum could overflow the type.
    inside = f"{name}_BYTES <= {arena}_BYTES && {name}_OFFSET <= {arena}_BYTES - {name}_BYTES"
    yield f'{prefix}_ASSERT({inside}, "outside of the arena");'
    yield f'{prefix}_ASSERT({name}_OFFSET % {name}_ALIGNMENT == 0, "not aligned");'


def _about(tensor: PlannedTensor) -> str:
    shape = ", ".join(map(str, tensor.shape or ()))
    return f"/* {tensor.role} {_comment(tensor.name)}: {_comment(tensor.dtype)} [{_comment(shape)}] */"


def _distinct(preferred: Iterable[str], numbers: Iterable[str]) -> list[str]:
    """Distinct names: the preferred one where it is unique, and otherwise with its number."""
    pairs = list(zip(preferred, numbers, strict=True))
    counts = Counter(name for name, _ in pairs)
    taken = {name for name, count in counts.items() if name and count == 1}
    names = []
    for name, number in pairs:
        if name not in taken:
            name = f"{name}_{number}" if name else number
            while name in taken:
                name += "_"
            taken.add(name)
        names.append(name)
    return names


def _upper(name: str) -> str:
    """`name` as part of a macro name, without the characters that macros cannot have; may be empty."""
    return re.sub(r"[^A-Z0-9]+", "_", name[:_LONGEST].upper()).strip("_")


def _comment(text: str) -> str:
    """`text` in one line, without the marks that end or begin a comment."""
    return one_line(clip(text)).replace("*/", "* /").replace("/*", "/ *")
