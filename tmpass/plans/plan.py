"""A plan: where every tensor of a model goes, and its JSON, schema "tmpass.plan/2" (docs/plan.schema.json).

plan_json.py reads the JSON back.
"""

from collections.abc import Mapping
from dataclasses import field

from tmpass.base.choices import TAIL, TAIL_ALIGNMENT, TAIL_ASSUMED, ConstantUse
from tmpass.base.record import Facts, record
from tmpass.graph.model import TensorKey
from tmpass.packing.problem import Gap
from tmpass.plans.json_rows import OPTIONAL, record_text
from tmpass.plans.left_out import NotCounted, NotRun, Registration
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.planned_order import PlannedOrder
from tmpass.plans.planned_time import PlannedTime
from tmpass.plans.rendered import emitted, rendered
from tmpass.targets.scratch.rule import ScratchRule
from tmpass.targets.sharing import Over

SCHEMA = "tmpass.plan/2"


@record
class TargetInfo:
    """The target as a plan names it.

    Fields:
        name: of its profile.
        memory: the scratchpad, which the plan fills first.
        runtime: its name; empty if the target has none.
        in_place: inputs that kernels promise to overwrite safely, of operators that are not element-wise.
        assumed: whether nobody asked for it: the plan was made without a target.
    """

    name: str
    memory: str
    runtime: str = ""
    in_place: tuple[Over, ...] = ()
    assumed: bool = field(default=False, metadata=OPTIONAL)


STOPPED = "interrupted: the plan is the best so far"
"""The warning of a plan whose search was cut short by Ctrl-C. Such a plan depends on the moment of the interrupt."""


OF_FILE = "the offsets are those in the file"
"""How the first warning begins of a plan that was made of the offsets in a file."""

FILE_SOURCE = "the planned file"
"""The source of a figure of which such a plan has only the number."""


@record
class Options:
    """The request for a plan. The same model, target and options give the same plan.

    Fields:
        bind: dimension -> number.
        budget, alignment: override the target, in bytes; None keeps its own.
        io: a word of choices.Io: where inputs and outputs are.
        keep_inputs: whether inputs must be intact after the run.
        share: a word of choices.Share: which tensors may share storage.
        inplace: whether results may be written over inputs of their operators.
        share_io: whether inputs and outputs may share storage.
        allow_unplanned: whether tensors of unknown size may be left out.
        schedule: a word of choices.OrderMethod.
        states: budget of the search for an order, in sets of operators.
        allocator: the name of the allocator.
        nodes: budget of the search for offsets, in search nodes.
        scratch: rules for what kernels need besides tensors, those of the target included.
        int8: a word of choices.Int8: what operators between integers compute with.
        tie: name of an output -> name of the input whose storage it must take.
        transfers: a word of choices.Transfers: whether buffers may leave the scratchpad and come back.
        objective: a word of choices.Objective: what a plan that fits has the least of.
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
    transfers: str = field(default="auto", metadata=OPTIONAL)
    objective: str = field(default="bytes", metadata=OPTIONAL)


@record
class MemoryUse:
    """One memory and how full it is, all in bytes.

    Fields:
        capacity: None is unlimited.
        alignment: offsets are multiples of it.
        peak: the highest `offset + size` of a buffer.
        lower_bound: no plan with this schedule and sharing has a lower peak.
        live_bytes: the largest sum of sizes alive at one step.
        capacity_source: where the capacity comes from.
        constants: what constants that are stored there take, above the buffers.
        loaded: what copies of constants that are stored elsewhere take above the peak.
        overhead: what the runtime takes for itself.
        reserve: what the program around the model takes.
        overhead_source, reserve_source: where these two come from.
        compute: whether operators use it directly.
        loaded_bound: copies of constants take at least this above the lower bound.
        chunk: the largest piece in which constants are streamed out of it; None where only as a whole.
        traffic: what operators read from its buffers and write to them in one run. A loop counts as one round.
        preparation: bytes without which the runtime does not prepare the model, in any order and whatever the buffers
            take; 0 where it always takes more.
        tail: what the runtime keeps of the overhead, where preparing the model needs the rest; None elsewhere.
    """

    name: str
    capacity: int | None
    alignment: int
    peak: int
    lower_bound: int
    live_bytes: int
    capacity_source: str = ""
    constants: int = 0
    overhead: int = 0
    reserve: int = 0
    overhead_source: str = ""
    reserve_source: str = ""
    compute: bool = True
    loaded: int = 0
    loaded_bound: int = 0
    chunk: int | None = None
    traffic: int = 0
    preparation: int = field(default=0, metadata=OPTIONAL)
    tail: int | None = field(default=None, metadata=OPTIONAL)

    @property
    def needed(self) -> int:
        """All that is needed of the memory: to prepare the model, without copies of constants, and to run it."""
        prepared = self.needed_with(self.peak)
        if self.tail is None or not self.loaded:
            return prepared + self.loaded
        in_run = -(-self._in_run(self.peak, self.loaded) // TAIL_ALIGNMENT) * TAIL_ALIGNMENT
        return max(prepared, in_run + self.constants + self.reserve)

    @property
    def preparation_decides(self) -> bool:
        """Whether preparing the model needs more than a run of it."""
        return self.tail is not None and self.needed == self.needed_with(self.peak)

    @property
    def without_reserve(self) -> int:
        """What is needed but for the reserve: the least budget (`--budget`) in which the plan has room."""
        return self.needed - self.reserve

    def needed_with(self, peak: int) -> int:
        """What a run would need of the memory with another peak of the buffers, and without copies of constants."""
        ends = -(-peak // self.alignment) * self.alignment if self.constants else peak
        return max(ends + self.overhead, self.preparation) + self.constants + self.reserve

    def lowest_with(self, bound: int, loaded: int = 0) -> int:
        """What is needed at least of the memory where buffers need `bound` bytes, and copies of constants `loaded`.

        While the model is prepared, there are neither.
        """
        return max(self._in_run(bound, loaded), self.preparation) + self.constants + self.reserve

    def _in_run(self, bound: int, loaded: int) -> int:
        """What buffers, copies of constants and the runtime need in a run."""
        ends = -(-bound // self.alignment) * self.alignment if self.constants else bound
        return ends + self.kept + loaded

    def needed_at_least(self, bound: int, loaded: int = 0) -> int:
        """`lowest_with` wherever the constants are.

        Nothing has to follow what is topmost, and another place of the constants may put padding there.
        """
        return self.lowest_with(bound, loaded) - (self.alignment - 1 if self.constants else 0)

    @property
    def kept(self) -> int:
        """What the runtime takes for itself in a run, once the model is prepared."""
        return self.overhead if self.tail is None else self.tail

    @property
    def room(self) -> int | None:
        """The bytes that are left for buffers in a run; None where the capacity is unlimited.

        What only the preparation of the model needs is free again then.
        """
        if self.capacity is None:
            return None
        left = max(0, self.capacity - self.constants - self.loaded - self.kept - self.reserve)
        return left // self.alignment * self.alignment if self.constants else left

    @property
    def shortfall(self) -> int:
        """How many bytes are missing; 0 where everything fits."""
        return 0 if self.capacity is None else max(0, self.needed - self.capacity)

    @property
    def preparation_shortfall(self) -> int:
        """How many bytes are missing to prepare the model, as the rules of the runtime say; 0 where it has room.

        Where a run needs more than preparation, the rules are known only as `preparation`.
        """
        if self.tail is not None:
            return 0 if self.capacity is None else max(0, self.needed_with(self.peak) - self.capacity)
        least = self.preparation + self.constants + self.reserve if self.preparation else 0
        return 0 if self.capacity is None else max(0, least - self.capacity)

    @property
    def run_shortfall(self) -> int:
        """How many bytes are missing for a run of the plan, once the model is prepared; 0 where it has room."""
        least = self._in_run(self.peak, self.loaded) + self.constants + self.reserve
        return 0 if self.capacity is None else max(0, least - self.capacity)

    @property
    def proved_shortfall(self) -> int:
        """How many bytes are missing with this schedule and sharing, wherever buffers and copies of constants are."""
        least = self.needed_at_least(self.lower_bound, self.loaded_bound)
        return 0 if self.capacity is None else max(0, least - self.capacity)

    @property
    def fixed_shortfall(self) -> int:
        """How many bytes are missing without any buffer: constants, overhead and reserve alone are too large.

        No order, sharing or other place of buffers makes up for them.
        """
        return 0 if self.capacity is None else max(0, self.needed_at_least(0) - self.capacity)

    @property
    def has_tail(self) -> bool:
        """Whether its overhead is the tail of an arena, whose padding depends on the order of the operators."""
        return self.overhead_source in (TAIL, TAIL_ASSUMED)

    @property
    def assumed(self) -> str:
        """The reason why the capacity is assumed; empty where a source gives it, or where it is unlimited."""
        known = self.capacity is None or not self.capacity_source.startswith("assumed")
        return "" if known else self.capacity_source


@record
class PlannedStep:
    """One step of the schedule: operator `op` of `subgraph`, with its kind and name."""

    step: int
    subgraph: int
    op: int
    kind: str
    name: str


@record
class Residence:
    """Bytes `[offset, offset + size)` of `memory` during the steps `[lower, upper)`.

    Fields:
        id: the number of its row.
        tensors: keys of the tensors that have these bytes.
    """

    id: int
    memory: str
    offset: int
    size: int
    lower: int
    upper: int
    tensors: tuple[tuple[int, int], ...]


@record
class PlannedBuffer(Residence):
    """The place of a buffer: storage that operators write.

    A buffer has one row, or several where it leaves the scratchpad and comes back: one for each residence there, and
    one for each time that it is stored in the memory behind. A copy begins with its row, before the operator of step
    `lower`: a spill into the memory behind, a fetch into the scratchpad (plans/transfers.py lists them).

    Fields:
        tensors: those that share the buffer; empty for scratch.
        gaps: live-range gaps: steps at which only a window of the bytes is in use, or none.
        step: the step whose operator has the bytes as scratch; None for a buffer of tensors.
        first: the id of the buffer's first residence, in its other rows; None in the row of the first one.
    """

    gaps: tuple[Gap, ...] = ()
    step: int | None = None
    first: int | None = field(default=None, metadata=OPTIONAL)


@record
class PlannedConstant(Residence):
    """A place of a constant. It has one in its home, and others where it is copied.

    Fields:
        use: what the place is for.
    """

    use: str = ConstantUse.STORED


@record
class PlannedTransfers:
    """What buffers that leave the scratchpad move in one run, in bytes.

    Fields:
        memory: that is behind the scratchpad.
        spilled: copied out of the scratchpad.
        fetched: copied back into it.
        lower_bound: with this order and sharing, spills and fetches move at least as many.
        any_order: so they do in every order, with this sharing; 0 where nothing is known.
    """

    memory: str
    spilled: int
    fetched: int
    lower_bound: int
    any_order: int = field(default=0, metadata=OPTIONAL)

    @property
    def moved(self) -> int:
        """The bytes of all spills and fetches."""
        return self.spilled + self.fetched


@record
class PlannedTensor:
    """One tensor of the model, and its place in its buffer's first residence.

    Where the buffer leaves the scratchpad and comes back, the tensor may be alive in later residences only:
    plans/tensor_places.py has the places where it is.

    Fields:
        shape: a name stands for a dimension that is not known; None for an unknown rank.
        bytes: None where the size is not known.
        role: a word of choices.Role.
        buffer, offset: None where the tensor has no place in a memory.
        reason: why it has no place, or why it shares a buffer.
        live_range: the steps `[lower, upper)` in which it keeps its bytes; only of a tensor whose buffer leaves.
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
    live_range: tuple[int, int] | None = field(default=None, metadata=OPTIONAL)

    @property
    def key(self) -> TensorKey:
        """The (subgraph, index) of the tensor."""
        return self.subgraph, self.index


@record
class Plan(Facts):
    """A verified memory plan, as `tmpass plan` makes it.

    Fields:
        status: a word of choices.Status: what is proved.
            With tensors of unknown size it is never "optimal".
        fits: whether every memory has room for its buffers, its constants and the rest, as far as it is counted, and
            no operator is known not to run.
        memories: those in use, the scratchpad first, the home of the constants last.
        buffers: row i has id i.
        tensors: all of the model, by rising key.
        not_counted: what the figures leave out.
        constants: row i has id i; empty where no memory of the target holds weights.
        transfers: None where no buffer leaves the scratchpad.
        time: of one run; None where the target has no speed that it depends on, or the plan does not fit.
        not_run: operators for which the runtime has no kernel, or is not known to have one.
        registrations: the kernels that a program registers, by kind; none where the runtime has no resolver.
        version: of tmpass, which made the plan; empty in plans from before the field was added, and in those of others.
        is_of_file: whether it was made of the offsets in a file, which does not hold all options. Its first warning
            says so.
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
    warnings: tuple[str, ...] = ()
    not_counted: tuple[NotCounted, ...] = ()
    constants: tuple[PlannedConstant, ...] = ()
    transfers: PlannedTransfers | None = field(default=None, metadata=OPTIONAL)
    time: PlannedTime | None = field(default=None, metadata=OPTIONAL)
    not_run: tuple[NotRun, ...] = field(default=(), metadata=OPTIONAL)
    registrations: tuple[Registration, ...] = field(default=(), metadata=OPTIONAL)
    version: str = field(default="", metadata=OPTIONAL, compare=False)
    is_of_file: bool = field(default=False, metadata=OPTIONAL)

    @property
    def arenas(self) -> tuple[MemoryUse, ...]:
        """The memories that hold buffers; the scratchpad first, in any case."""
        used = {buffer.memory for buffer in self.buffers}
        return tuple(m for at, m in enumerate(self.memories) if at == 0 or m.peak or m.name in used)

    @property
    def unknown_tensors(self) -> int:
        """How many tensors of unknown size the plan leaves out."""
        return sum(row.count for row in self.not_counted if row.what == "tensors")

    @property
    def refused(self) -> tuple[NotRun, ...]:
        """The operators that the runtime is known not to run."""
        return tuple(row for row in self.not_run if row.known)

    @property
    def peak(self) -> int:
        """The highest end of a buffer in the scratchpad, in bytes."""
        return self.memories[0].peak

    def __repr__(self) -> str:
        """The plan in one line; `summary` has more."""
        tensors, steps = len(self.tensors), len(self.schedule)
        what = f"{self.model.file} on {self.target.name}: {self.status}, peak {self.peak} B"
        return f"<Plan {what}, {tensors} tensors, {steps} steps>"

    def summary(self) -> str:
        """The lines that `tmpass plan` prints."""
        return rendered(self, "text")

    def emit(self, form: str, *, name: str | None = None) -> str:
        """The text of the file that `tmpass emit --format FORM` writes.

        Args:
            form: the name of a format: "json", "csv", "c", "html", "svg", ... (docs/formats.md).
            name: what the output calls the model; by default the name of its file.

        Raises:
            UsageError: no format has this name, it cannot hold the plan, or `name` is wrong or has no effect.
        """
        return emitted(self, form, name)

    def _repr_html_(self) -> str:
        """The picture that notebooks show."""
        return rendered(self, "picture")

    def tensor(self, key: TensorKey | str) -> PlannedTensor:
        """The row of one tensor.

        Args:
            key: (subgraph, index), or the name; of tensors with one name, the first.

        Raises:
            MissingTensorError: the plan has no row for `key`. It is a KeyError and a UsageError.

        Complexity: linear; for more than a few keys, `tensors_by_key` is an index.
        """
        for row in self.tensors:
            if key in (row.key, row.name):
                return row
        from tmpass.plans.missing_tensor import missing_tensor  # for a mistake only

        raise missing_tensor(self, key)

    def tensors_by_key(self) -> dict[TensorKey, PlannedTensor]:
        """The rows of all tensors by their keys. It is built on each call: keep it while you need it."""
        return {(row.subgraph, row.index): row for row in self.tensors}

    def memory(self, name: str) -> MemoryUse | None:
        """The memory of this name; None if the plan does not use it."""
        return next((memory for memory in self.memories if memory.name == name), None)

    def buffers_in(self, memory: str) -> tuple[PlannedBuffer, ...]:
        """The buffers in the memory of this name, in the order of their ids."""
        return tuple([buffer for buffer in self.buffers if buffer.memory == memory])

    def moved_by(self, buffer: PlannedBuffer) -> int:
        """How many bytes a residence is above the first one of its buffer; below 0 where it is below."""
        return 0 if buffer.first is None else buffer.offset - self.buffers[buffer.first].offset

    def to_json(self) -> str:
        """The plan as JSON text: one row per line, keys and rows in a fixed order, a newline at the end."""
        return record_text(self, SCHEMA)
