"""A plan as a C header: sizes, offsets and alignments for firmware, which the compiler holds against its arena.

    #define NET_SCRATCHPAD_CAPACITY 65536u              what the firmware has, if not what was planned for
    #include "net_plan.h"
    _Alignas(NET_SCRATCHPAD_ALIGNMENT) static unsigned char arena[NET_SCRATCHPAD_BYTES];
    float *input = (float *)(arena + NET_INPUT_OFFSET);

It is C11 and C++11. Numbers are written so that they keep their value where `int` has 16 bits.
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
"""Characters of a name that stand in a macro."""

_ASSERT = """\
#ifdef __cplusplus
#define {0}_ASSERT(claim, words) static_assert(claim, words)
#else
#define {0}_ASSERT(claim, words) _Static_assert(claim, words)
#endif
"""


def emit(plan: Plan) -> str:
    """`plan` as a header; every macro begins with the name of the model's file."""
    prefix = _upper(plan.model.file.rpartition(".")[0] or plan.model.file)
    prefix = prefix if prefix and not prefix[0].isdigit() else f"MODEL_{prefix}".rstrip("_")
    placed = [t for t in plan.tensors if t.buffer is not None]
    scratch = [b for b in plan.buffers if not b.tensors]
    wishes = [_upper(m.name) for m in plan.memories]
    wishes += [_upper(t.name) for t in placed]
    numbers = [f"MEMORY{i}" for i in range(len(plan.memories))]
    numbers += [f"T{t.index}" if t.subgraph == 0 else f"S{t.subgraph}_T{t.index}" for t in placed]
    wishes += ["SCRATCH"] * len(scratch)
    numbers += [str(b.id) for b in scratch]
    names = iter([f"{prefix}_{name}" for name in _apart(wishes, numbers)])
    memories = {memory.name: (next(names), memory) for memory in plan.memories}
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
    """What stands at `offset`; its alignment is that of its address in an arena that is aligned itself."""
    arena, memory = home
    yield f"#define {name}_OFFSET {offset}u"
    yield f"#define {name}_BYTES {size}u"
    yield f"#define {name}_ALIGNMENT {gcd(memory.alignment, offset)}u"
    # Without a sum, which could be too large for the type.
    inside = f"{name}_BYTES <= {arena}_BYTES && {name}_OFFSET <= {arena}_BYTES - {name}_BYTES"
    yield f'{prefix}_ASSERT({inside}, "outside of the arena");'
    yield f'{prefix}_ASSERT({name}_OFFSET % {name}_ALIGNMENT == 0, "not aligned");'


def _about(tensor: PlannedTensor) -> str:
    shape = ", ".join(map(str, tensor.shape or ()))
    return f"/* {tensor.role} {_comment(tensor.name)}: {_comment(tensor.dtype)} [{_comment(shape)}] */"


def _apart(wishes: Iterable[str], numbers: Iterable[str]) -> list[str]:
    """Names of their own: a wish that nobody else has, and else the number as well."""
    pairs = list(zip(wishes, numbers, strict=True))
    wanted = Counter(wish for wish, _ in pairs)
    taken = {wish for wish, count in wanted.items() if wish and count == 1}
    names = []
    for wish, number in pairs:
        name = wish
        if wish not in taken:
            name = f"{wish}_{number}" if wish else number
            while name in taken:
                name += "_"
            taken.add(name)
        names.append(name)
    return names


def _upper(name: str) -> str:
    """`name` with nothing in it that no macro may have; "" where nothing is left."""
    return re.sub(r"[^A-Z0-9]+", "_", name[:_LONGEST].upper()).strip("_")


def _comment(text: str) -> str:
    """`text` in one line that neither ends a comment nor begins one."""
    return one_line(clip(text)).replace("*/", "* /").replace("/*", "/ *")
