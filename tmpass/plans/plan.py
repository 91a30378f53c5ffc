"""A plan: where every tensor of a model goes, and its JSON, schema "tmpass.plan/1" (docs/plan.schema.json).

plan_json.py reads it back.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tmpass.base.json_text import json_text
from tmpass.packing.problem import Gap
from tmpass.targets.scratch.rule import ScratchRule
from tmpass.targets.sharing import Over

SCHEMA = "tmpass.plan/1"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The file that was planned: its own name, its format, and the SHA-256 of its bytes in hex."""

    file: str
    format: str
    sha256: str


@dataclass(frozen=True, slots=True)
class TargetInfo:
    """The target: its profile's name, the memory of it that the plan fills, and the name of its runtime, if known.

    `in_place` is what kernels promise of operators of the model that are not element-wise.
    """

    name: str
    memory: str
    runtime: str = ""
    in_place: tuple[Over, ...] = ()


STOPPED = "interrupted: the plan is the best so far"
"""The warning of a plan whose search Ctrl-C cut short; it depends on when that was."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked; the same model, target and options give the same plan.

    Fields: `bind` maps dimensions to numbers; `io` is "arena" or "external"; `share` is "auto", "views" or "none";
    `inplace` and `share_io` say whether results may be written over inputs, and inputs and outputs share; `budget` and
    `alignment` are the overrides of the target in bytes, None where it has its own; `schedule` is "auto", "given",
    "topological" or "least-peak"; `states` and `nodes` are what the searches for an order and for addresses may spend;
    `scratch` are the rules for what kernels need besides, those of the target among them; `int8` is "native" where
    operators between integers compute with these, so that floats between them are never made, or "float"; `tie` has
    names of outputs and of the inputs that they must lie over.
    """

    bind: Mapping[str, int] = field(default_factory=dict)
    budget: int | None = None
    alignment: int | None = None
    io: str = "arena"
    keep_inputs: bool = False
    share: str = "auto"
    inplace: bool = True
    share_io: bool = False
    allow_unplanned: bool = False
    schedule: str = "auto"
    states: int = 0
    allocator: str = "auto"
    nodes: int = 0
    scratch: tuple[ScratchRule, ...] = ()
    int8: str = "float"
    tie: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """One memory and how full it is, in bytes; `capacity` None is unlimited.

    `peak` is the highest address in use, `lower_bound` what no plan with this schedule and sharing can go below,
    `live_bytes` the largest sum of what is alive at one step; `capacity_source` says where the capacity comes from.
    """

    name: str
    capacity: int | None
    alignment: int
    peak: int
    lower_bound: int
    live_bytes: int
    capacity_source: str = ""

    @property
    def assumed(self) -> str:
        """Why the capacity is assumed; empty where a source gives it, or where there is no limit."""
        known = self.capacity is None or not self.capacity_source.startswith("assumed")
        return "" if known else self.capacity_source


@dataclass(frozen=True, slots=True)
class NotCounted:
    """Bytes that a run needs and the figures of the plan leave out.

    Fields: `what` is one of LEFT_OUT, `count` of how many tensors or operators, `bytes` how many altogether, None where
    that is not known; `names` are the first of the tensors, or the kinds of the operators.
    """

    what: str
    count: int
    bytes: int | None = None
    names: tuple[str, ...] = ()


LEFT_OUT = ("tensors", "scratch", "weights", "inputs_outputs")
"""What a plan may not count: tensors of unknown size, what kernels need while they run, constants, and inputs and
outputs in memory that the caller brings.
"""


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """The order of the operators: `method` is "given", as in the file, "topological" or "least-peak".

    In no order can fewer than `lower_bound` bytes be alive at once in the first memory, with the sharing that was
    allowed. `states` were looked at to find that out.
    """

    method: str
    lower_bound: int
    states: int


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """Step `step` runs operator `op` of `subgraph`."""

    step: int
    subgraph: int
    op: int
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class PlannedBuffer:
    """Bytes `[offset, offset + size)` of `memory` during the steps `[lower, upper)`.

    `tensors` are the (subgraph, index) of those that share them; `gaps` the steps at which only a window of the bytes
    is in use, or none. Without tensors it is scratch of the operator that runs at `step`, which is None otherwise.
    """

    id: int
    memory: str
    offset: int
    size: int
    lower: int
    upper: int
    tensors: tuple[tuple[int, int], ...]
    gaps: tuple[Gap, ...] = ()
    step: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedTensor:
    """One tensor of the model.

    `bytes` is None where it is not known, `buffer` and `offset` where it has no place in a memory. `reason` says why
    not, or why it shares a buffer. `shape` holds names where dimensions are not known, and is None where the rank is
    not.
    """

    subgraph: int
    index: int
    name: str
    dtype: str
    shape: tuple[int | str, ...] | None
    bytes: int | None
    role: str
    buffer: int | None
    offset: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A verified memory plan: what `tmpass plan` makes.

    `fits` says whether the peak is within the capacity; `status` what is proved: "optimal", "feasible", "infeasible" or
    "unknown" (the budget ended before an answer). With tensors of unknown size it is never "optimal", and `fits` speaks
    of the others. `not_counted` says what is left out; `transfers` is empty: nothing is moved off chip yet.
    """

    model: ModelInfo
    target: TargetInfo
    options: Options
    status: str
    fits: bool
    memories: tuple[MemoryUse, ...]
    order: PlannedOrder
    schedule: tuple[PlannedStep, ...]
    buffers: tuple[PlannedBuffer, ...]
    tensors: tuple[PlannedTensor, ...]
    transfers: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    not_counted: tuple[NotCounted, ...] = ()

    @property
    def unknown_tensors(self) -> int:
        """How many tensors of unknown size the plan leaves out."""
        return sum(row.count for row in self.not_counted if row.what == "tensors")

    def to_json(self) -> str:
        """The plan as JSON text: one row a line, keys and rows in a fixed order, a newline at the end."""
        data = {"schema": SCHEMA, **{f.name: getattr(self, f.name) for f in fields(self)}}
        lines = [f"{json_text(key)}: {_value(value)}" for key, value in data.items()]
        return "{\n" + ",\n".join(lines) + "\n}\n"


def _value(value: Any) -> str:
    """A list of rows with a line for each; anything else on one line."""
    if isinstance(value, tuple) and value and not isinstance(value[0], str):
        return "[\n" + ",\n".join(json_text(_row(row), default=_row) for row in value) + "\n]"
    return json_text(_row(value), default=_row)


def _row(value: Any) -> Any:
    if isinstance(value, Options):
        mappings = {"bind": dict(sorted(value.bind.items())), "tie": dict(sorted(value.tie.items()))}
        return {**asdict(value), **mappings}
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    return value
