"""The heading of a plan: its target, the figures of its memories, and its options, without a row for any tensor.

A file with room for offsets and little else holds it, so that the offsets become the same plan again.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, field, fields, replace
from hashlib import sha256
from typing import Any

from tmpass.base.choices import ConstantUse
from tmpass.base.errors import UsageError
from tmpass.base.json_text import json_text
from tmpass.base.record import record
from tmpass.plans.json_rows import OPTIONAL
from tmpass.plans.plan import Options, Plan
from tmpass.plans.plan_json import read_record
from tmpass.targets import USES, USES_OF, Memory, Target, Use, load_target, target_names

STORAGE_OPTIONS = (
    *("bind", "budget", "alignment", "io", "keep_inputs", "share"),
    *("inplace", "share_io", "allow_unplanned", "int8", "tie"),
)
"""The options that decide the storage of a plan whose order and offsets are known."""


@record
class HeadingMemory:
    """The figures of a memory in a heading, in bytes, as MemoryUse has them.

    Fields:
        overhead: of the scratchpad only; that of others depends on the length of the file, which the heading changes.
        compute: whether operators use it directly; where not, constants are copied out of it.
        chunk: the largest piece in which constants are streamed out of it; None where only whole ones are.
        holds: what its buffers are, for a target that is not built in; the first memory may hold activations in any
            case. Empty in all memories where the file does not say it.
    """

    name: str
    capacity: int | None
    alignment: int
    reserve: int = field(default=0, metadata=OPTIONAL)
    overhead: int = field(default=0, metadata=OPTIONAL)
    compute: bool = field(default=True, metadata=OPTIONAL)
    chunk: int | None = field(default=None, metadata=OPTIONAL)
    holds: tuple[str, ...] = field(default=(), metadata=OPTIONAL)


@record
class Heading:
    """What a plan was made for.

    Fields:
        target: the name of the profile.
        runtime: its name; empty if the target has none.
        memories: those in use, the scratchpad first.
        home: the name of the memory of the constants; empty where none is stored.
        options: those that decide the storage; the others have their defaults.
        scratch: a digest of the scratch rules; empty where there are none.
    """

    target: str
    memories: tuple[HeadingMemory, ...]
    runtime: str = field(default="", metadata=OPTIONAL)
    home: str = field(default="", metadata=OPTIONAL)
    options: Options = field(default_factory=Options, metadata=OPTIONAL)
    scratch: str = field(default="", metadata=OPTIONAL)

    def is_of(self, target: Target) -> bool:
        """Whether `target`, with the overrides of the options, has the figures of all these memories."""
        known = {memory.name: memory for memory in target.memories}
        return all(_same(one, known.get(one.name)) for one in self.memories)


def heading_of(plan: Plan) -> str:
    """The heading of `plan` as JSON on one line, without keys that have their defaults."""
    asked = {name: getattr(plan.options, name) for name in STORAGE_OPTIONS}
    memories = tuple(
        HeadingMemory(m.name, m.capacity, m.alignment, m.reserve, 0 if at else m.overhead, m.compute, m.chunk)
        for at, m in enumerate(plan.memories)
    )
    home = next((row.memory for row in plan.constants if row.use == ConstantUse.STORED), "")
    found = Heading(plan.target.name, memories, plan.target.runtime, home, Options(**asked), scratch_digest(plan))
    if not _built_in(found):
        held = _held(plan)
        found = replace(found, memories=tuple(replace(row, holds=held.get(row.name, ())) for row in memories))
    return json.dumps(json.loads(json_text(_short(found))), separators=(",", ":"))


def read_heading(text: str | bytes, where: str) -> Heading:
    """The heading in `text`, which `heading_of` wrote.

    Raises:
        UsageError: it is damaged, or of a later version of tmpass.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"it is not valid JSON: {error}", where=where) from None
    if isinstance(data, dict) and isinstance(data.get("options"), dict):
        data["options"] = {**json.loads(json_text(asdict(Options()))), **data["options"]}
    try:
        found: Heading = read_record(Heading, data)
        if len({memory.name for memory in found.memories}) < len(found.memories):
            raise UsageError("two memories have one name", where="memories")
    except UsageError as error:
        raise error.within(where) from None
    return found


def scratch_digest(plan: Plan) -> str:
    """The first 16 digits of the SHA-256 of the plan's scratch rules, in hex; empty where it has none."""
    rules = json_text([asdict(rule) for rule in plan.options.scratch]) if plan.options.scratch else ""
    return sha256(rules.encode()).hexdigest()[:16] if rules else ""


def _built_in(heading: Heading) -> bool:
    """Whether a built-in target has the name and the figures of `heading`: then its profile has the rest."""
    if heading.target not in target_names():
        return False
    return heading.is_of(load_target(heading.target).override(heading.options.budget, heading.options.alignment))


def _held(plan: Plan) -> dict[str, tuple[str, ...]]:
    """What the buffers in each memory are, in the order of USES."""
    uses = {row.key: USES_OF[row.role] for row in plan.tensors if row.role in USES_OF}
    found = {plan.memories[0].name: {Use.ACTIVATIONS}}
    for buffer in plan.buffers:
        inside = found.setdefault(buffer.memory, set())
        inside.update([uses[key] for key in buffer.tensors if key in uses] or [Use.ACTIVATIONS])
    return {name: tuple(use for use in USES if use in inside) for name, inside in found.items()}


def _same(figures: HeadingMemory, memory: Memory | None) -> bool:
    names = "capacity", "alignment", "reserve", "compute", "chunk"
    return memory is not None and all(getattr(figures, name) == getattr(memory, name) for name in names)


def _short(value: Any) -> Any:
    """The JSON of a record, without the fields that have their defaults."""
    if isinstance(value, tuple):
        return [_short(item) for item in value]
    if isinstance(value, Mapping):
        return dict(sorted(value.items()))
    if not hasattr(value, "__dataclass_fields__"):
        return value
    found = {f.name: _short(getattr(value, f.name)) for f in fields(value) if getattr(value, f.name) != f.default}
    return {name: item for name, item in found.items() if item != {}}
