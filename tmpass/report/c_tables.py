"""The tables of a plan in C: macros that call a given macro once for each operator, spill or fetch."""

from collections.abc import Iterator, Mapping

from tmpass.base.choices import ConstantUse
from tmpass.base.errors import UsageError, brief
from tmpass.graph.model import TensorKey
from tmpass.plans.plan import Plan, PlannedTensor
from tmpass.plans.transfers import BufferCopy, buffer_copies
from tmpass.report.c_names import comment, literal

_NAMED = 8
"""How many tensors of a buffer a row names. The rest is counted."""


def refuse_alignment(plan: Plan) -> None:
    """Refuse a plan with an alignment that no array can have in C.

    Raises:
        UsageError: the alignment of a memory is not a power of two, as in a plan from elsewhere.
    """
    for memory in plan.memories:
        if memory.alignment & (memory.alignment - 1):
            message = f"the alignment of {brief(memory.name)} is {memory.alignment} B, and C has powers of two only"
            raise UsageError(message, where=plan.model.file, hint="plan it with another alignment: --alignment 16")


def order_table(prefix: str, plan: Plan) -> Iterator[str]:
    """The operators in their order; nothing where it is that of the file and no buffer leaves."""
    if plan.transfers is None and _as_in_file(plan):
        return
    yield "/* The operators in the order of the plan. All numbers count from 0; the index is that in this file:"
    yield " *   OP(step, subgraph, index of the operator in the subgraph, kind as a string)"
    yield " */"
    rows = [f"OP({s.step}u, {s.subgraph}u, {s.op}u, {literal(s.kind)})" for s in plan.schedule]
    yield " \\\n  ".join([f"#define {prefix}_ORDER(OP)", *rows])
    yield ""


def transfer_table(prefix: str, plan: Plan, memories: Mapping[str, str]) -> Iterator[str]:
    """The spills and fetches in their order; only their number, 0, where no buffer leaves.

    Args:
        prefix: of all macros.
        plan: any.
        memories: the name of each memory in macros.
    """
    copies = [copy for copy in buffer_copies(plan) if copy.source is not None]
    if plan.transfers is None:
        yield f"#define {prefix}_TRANSFERS_COUNT 0u /* no buffer leaves its memory */"
        yield ""
        return
    yield from _about(prefix, plan, memories)
    yield f"#define {prefix}_SPILL 0u"
    yield f"#define {prefix}_FETCH 1u"
    yield f"#define {prefix}_TRANSFERS_COUNT {len(copies)}u"
    yield f"#define {prefix}_TRANSFERS_MOVED {plan.transfers.moved}u /* bytes in one run */"
    tensors = plan.tensors_by_key()
    rows = [_row(prefix, copy, tensors) for copy in copies]
    yield " \\\n  ".join([f"#define {prefix}_TRANSFERS(COPY)", *rows])
    yield ""


def _about(prefix: str, plan: Plan, memories: Mapping[str, str]) -> Iterator[str]:
    """The comment of the table, with an example that compiles without rows, too."""
    assert plan.transfers is not None
    inside, behind = memories[plan.memories[0].name], memories[plan.transfers.memory]
    yield f"/* Copies between {inside} and {behind}, in their order. Those of a step are made before its operator."
    yield f" * {prefix}_SPILL goes from {inside} to {behind}, and {prefix}_FETCH back:"
    yield f" *   COPY(step, {prefix}_SPILL or {prefix}_FETCH, offset to read, offset to write, bytes)"
    if any(row.use == ConstantUse.STREAMED for row in plan.constants):
        yield f" * Constants that are streamed into {inside} are not among them: the plan's JSON has their places."
    yield " *"
    yield f" *   #if {prefix}_TRANSFERS_COUNT"
    yield " *   #define ROW(step, way, from, to, bytes) {step, way, from, to, bytes},"
    yield f" *   static const unsigned long copies[][5] = {{ {prefix}_TRANSFERS(ROW) }};"
    yield " *   #endif"
    yield " */"


def _row(prefix: str, copy: BufferCopy, tensors: Mapping[TensorKey, PlannedTensor]) -> str:
    """One copy, with the names of the tensors that share its buffer."""
    assert copy.source is not None
    names = [comment(tensors[key].name) for key in copy.target.tensors if key in tensors]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    way = f"{prefix}_{copy.direction.upper()}"
    numbers = f"{copy.step}u, {way}, {copy.source.offset}u, {copy.target.offset}u, {copy.bytes}u"
    return f"COPY({numbers}) /* {', '.join(names[:_NAMED])}{more} */"


def _as_in_file(plan: Plan) -> bool:
    """Whether each run of each subgraph has its operators in the order of the file."""
    last: dict[int, int] = {}
    for step in plan.schedule:
        if step.op not in (0, last.get(step.subgraph, -1) + 1):
            return False
        last[step.subgraph] = step.op
    return True
