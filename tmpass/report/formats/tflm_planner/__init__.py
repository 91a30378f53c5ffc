"""A plan as a memory planner for TensorFlow Lite Micro: one C++ header, for one memory or several.

    alignas(NET_PLANNER_SRAM_ALIGNMENT) static unsigned char sram[NET_PLANNER_SRAM_BYTES];      the arena
    alignas(NET_PLANNER_PSRAM_ALIGNMENT) static unsigned char psram[NET_PLANNER_PSRAM_BYTES];   in the other's section
    static tmpass::NetPlanner planner(sram, sizeof sram, psram, sizeof psram);
    tflite::MicroAllocator* allocator = tflite::MicroAllocator::Create(sram, sizeof sram, &planner);

The class is in planner.h; this module adds the tables of one plan.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tmpass.plans.plan import MemoryUse, Plan
from tmpass.report.c_names import comment, distinct, file_prefix, upper_name
from tmpass.report.formats.tflm_planner.refuse import refuse
from tmpass.report.formats.tflm_planner.rows import Row, memories_of, scratch_rows, tensor_rows
from tmpass.report.left_out import notes
from tmpass.report.resolver import resolver_comment
from tmpass.targets.runtime import RUNTIMES

NAME = "tflm-planner"
SUFFIX = ".planner.h"
SUMMARY = "C++: a planner of TensorFlow Lite Micro, several memories"

_TABLE = """\
  static const PlannedBuffer* {name}() {{
    static const PlannedBuffer rows[] = {{
{rows}
    }};
    return rows;
  }}"""


def emit(plan: Plan) -> str:
    """The header of `plan`; the names of its macros and its class begin with the name of the model's file.

    Raises:
        UsageError: a planner cannot carry out `plan`.
    """
    refuse(plan)
    prefix = file_prefix(plan.model.file)
    names = _memory_names(plan)
    tensors, scratch = tensor_rows(plan), scratch_rows(plan)
    lines = [
        f"/* Memory planner for {comment(plan.model.file)} on {comment(plan.target.name)}, made by tmpass. */",
        *(f"/* {comment(note)} */" for note in notes(plan)),
        *resolver_comment(plan),
        *([] if plan.fits else ["/* The plan does not fit the memories of this target. */"]),
        f"#ifndef {prefix}_PLANNER_H",
        f"#define {prefix}_PLANNER_H",
        "",
        f'#define {prefix}_PLANNER_MODEL_SHA256 "{plan.model.sha256}"',
        *(line for name, memory in names.items() for line in _array(f"{prefix}_PLANNER_{name}", plan, memory)),
        "",
        (Path(__file__).parent / "planner.h").read_text(encoding="utf-8"),
        *_class(prefix, plan, names, tensors, scratch),
        "",
        f"#endif  /* {prefix}_PLANNER_H */",
    ]
    return "\n".join(lines) + "\n"


def _memory_names(plan: Plan) -> dict[str, MemoryUse]:
    memories = memories_of(plan)
    numbers = [f"MEMORY{i}" for i in range(len(memories))]
    return dict(zip(distinct([upper_name(m.name) for m in memories], numbers), memories, strict=True))


def _array(name: str, plan: Plan, memory: MemoryUse) -> Iterator[str]:
    """The macros of the array of a memory, which mean what they do in the header of the format c."""
    yield f"#define {name}_BYTES {max(_head(plan, memory), memory.peak + memory.overhead)}u"
    if memory.overhead:
        yield f"#define {name}_HEAD {_head(plan, memory)}u"
    yield f"#define {name}_ALIGNMENT {memory.alignment}u"


def _head(plan: Plan, memory: MemoryUse) -> int:
    """The bytes of the array that the plan uses."""
    return RUNTIMES[plan.target.runtime].round_up(memory.peak)


def _class(
    prefix: str, plan: Plan, names: dict[str, MemoryUse], tensors: Sequence[Row], scratch: Sequence[Row]
) -> Iterator[str]:
    kind = "".join(word.capitalize() for word in prefix.split("_")) + "Planner"
    given = ", ".join(f"unsigned char* {name.lower()}_begin, size_t {name.lower()}_bytes" for name in names)
    yield "namespace tmpass {"
    yield ""
    yield "/* The first memory is the arena: the array, and its bytes, that MicroAllocator::Create is given as well. */"
    yield f"class {kind} final : public PlannerBase {{"
    yield " public:"
    yield f"  {kind}({given})"
    yield f"      : PlannerBase(memories_, {len(names)}, tensors(), {len(tensors)}, scratch(), {len(scratch)}),"
    filled = (
        f'{{"{name.lower()}", {name.lower()}_begin, {name.lower()}_bytes, {_head(plan, m)}, {m.alignment}, 0}}'
        for name, m in names.items()
    )
    yield f"        memories_{{{(',' + chr(10) + ' ' * 18).join(filled)}}} {{}}"
    yield ""
    yield " private:"
    yield _TABLE.format(name="tensors", rows=_rows(tensors))
    yield _TABLE.format(name="scratch", rows=_rows(scratch))
    yield ""
    yield f"  PlannedMemory memories_[{len(names)}];"
    yield "};"
    yield ""
    yield "}  /* namespace tmpass */"


def _rows(rows: Sequence[Row]) -> str:
    """The rows of a table, with one more at the end: C++ has no array without elements."""
    lines = []
    for number, row in enumerate((*rows, Row(0, 0, -1, 0, 0, "the end"))):
        values = f"{row.size}, {row.first}, {row.last}, {row.memory}, {row.offset}"
        lines.append(f"        {{{values}}}, /* {number}: {comment(row.about)} */")
    return "\n".join(lines)
