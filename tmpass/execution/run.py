"""Execution of a plan: a few runs on given or drawn inputs, compared with the results of the whole model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tmpass.base.errors import BudgetError, ModelError, brief
from tmpass.base.record import record
from tmpass.base.violation import Violation
from tmpass.execution.constants import Constants
from tmpass.execution.given import input_keys, values_by_tensor
from tmpass.execution.limits import Limits, Trips, too_many_bytes
from tmpass.execution.machine import Machine
from tmpass.execution.marks import RANDOM
from tmpass.execution.memory_image import array_sizes, make_memory_image
from tmpass.execution.promises import promised
from tmpass.execution.regions import Region, find_regions
from tmpass.execution.rounding import shaken_runs
from tmpass.execution.transfers import BufferCopies
from tmpass.graph.model import Graph, TensorKey, TensorKind
from tmpass.loading.runner import Runner, Value
from tmpass.plans.plan import Plan
from tmpass.targets import RUNTIMES
from tmpass.verification.replay import Broken

MAX_SEEDS = 4
"""How many runs at most, each on other inputs, while some steps have not been reached."""


@record
class Execution:
    """The outcome of executing a plan, over all runs.

    Fields:
        engine: computed the operators and the whole model.
        steps: how many operators ran, a loop's body once per iteration.
        unreached: steps that no run reached, such as a branch that was never taken.
        notes: what was equal only within rounding, or was not compared, and why.
        violations: of the plan.
        given, drawn: names of inputs whose values were given, and of those whose values were drawn.
        seeds: one per run.
        compared: how many bytes that operators read were compared with what was written.
        outputs, output_bytes: how many outputs were compared with those of the engine, and how many bytes they have.
    """

    engine: str
    steps: int
    unreached: tuple[int, ...]
    notes: tuple[str, ...]
    violations: tuple[Violation, ...]
    given: tuple[str, ...] = ()
    drawn: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    compared: int = 0
    outputs: int = 0
    output_bytes: int = 0


@dataclass(slots=True)
class _Record:
    """The results of the runs so far, with the names and units of Execution."""

    unreached: set[int]
    steps: int = 0
    compared: int = 0
    seeds: list[int] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    outputs: int = 0
    output_bytes: int = 0


@record
class _Session:
    """The common data of all runs of one execution.

    Fields:
        given: the values that were given, by input.
        stored: whether stored constants are in the arrays.
        allowed: how many bytes the arrays may take.
    """

    graph: Graph
    runner: Runner
    limits: Limits
    given: Mapping[TensorKey, object]
    keep_inputs: bool
    record: _Record
    stored: bool
    allowed: int


def execute_plan(
    plan: Plan,
    graph: Graph,
    runner: Runner,
    *,
    inputs: Mapping[str, object] | None = None,
    limits: Limits | None = None,
    files: int = 0,
) -> Execution:
    """The outcome of running `graph` in the bytes that `plan` gives its tensors.

    Args:
        plan: may be wrong in any way.
        graph: of the model.
        runner: computes the operators and the whole model.
        inputs: name -> value; inputs without one are drawn.
        limits: of the execution.
        files: bytes of the model's files, which the execution may take in addition to `limits`.

    Raises:
        BudgetError: a limit was reached before there was an answer.
        ModelError: the runner cannot run the model.
        UsageError: `inputs` has a name that is not an input, two names of one input, or a value that does not
            fit its input.
    """
    limits = Limits() if limits is None else limits
    keep, values = plan.options.keep_inputs, values_by_tensor(graph, {} if inputs is None else inputs)
    stored = _check_bytes(plan, graph, limits.bytes + files)
    given, drawn = (
        tuple(graph.tensor(key).name for key in input_keys(graph) if (key in values) is told) for told in (True, False)
    )
    try:
        regions = find_regions(graph, plan.schedule, keep_inputs=keep)
    except Broken as broken:
        return Execution(runner.engine, 0, (), (), (broken.violation,), given, drawn)
    record, allowed = _Record(set(range(len(plan.schedule)))), limits.bytes + (files if stored else 0)
    session = _Session(graph, runner, limits, values, keep, record, stored, allowed)
    if plan.constants and not stored:
        record.notes["stored constants are outside of the arrays: they would take more than --execute-bytes"] = None
    violations = _run_all(session, plan, regions, MAX_SEEDS if drawn else 1)
    return Execution(
        runner.engine,
        record.steps,
        tuple(sorted(record.unreached)),
        tuple(record.notes),
        tuple(violations),
        given,
        drawn,
        tuple(record.seeds),
        record.compared,
        record.outputs,
        record.output_bytes,
    )


def _run_all(session: _Session, plan: Plan, regions: Sequence[Region], most: int) -> list[Violation]:
    """The violations of the first run that has any, or of the last one. At most `most` runs are made."""
    graph, limits, record = session.graph, session.limits, session.record
    copies, kernels = RUNTIMES[plan.target.runtime].loops_copy, promised(graph, plan)
    constants = Constants(plan, graph, session.runner, stored=session.stored) if plan.constants else None
    violations: list[Violation] = []
    for seed in range(most):
        image, trips = make_memory_image(plan, session.allowed, stored=session.stored), Trips(limits.trips)
        session.runner.begin()
        machine = Machine(graph, image, session.runner, trips, loops_copy=copies, promised=kernels, constants=constants)
        transfers = machine.transfers = BufferCopies(plan, image) if plan.transfers is not None else None
        violations = machine.storage.violations
        entered: list[tuple[Region, Sequence[Value]]] = []
        try:
            for region in regions:
                _run(session, machine, region, seed, entered)
            violations += () if transfers is None else transfers.violations
        except Broken as broken:
            violations.append(broken.violation)
        except (BudgetError, ModelError) as error:
            if seed and not violations:  # the first run has an answer, which this one was to extend
                record.notes[f"run {seed + 1} not finished: {error.what}"] = None
                break
            if not violations:
                raise
        record.seeds.append(seed)
        record.steps += machine.runs
        record.compared += machine.storage.compared
        record.unreached -= machine.reached
        if violations or not record.unreached:
            break
    return violations


def _on_drawn(error: ModelError, drawn: Sequence[str]) -> ModelError:
    """`error` with a hint at the drawn inputs: their numbers may have a meaning, such as a shape."""
    if not drawn:
        return error
    error.hint = f"give values for {', '.join(map(brief, drawn[:4]))} with --inputs, if others suit the model better"
    return error.within("on drawn inputs")


def _check_bytes(plan: Plan, graph: Graph, allowed: int) -> bool:
    """Refuse memories above the limit before they are made. Tensors of unknown size count only during the run.

    Returns:
        Whether there is room for stored constants in the arrays as well.
    """
    total = sum(array_sizes(plan).values())
    if total > allowed:
        raise too_many_bytes("the memories of the plan take", total, allowed)
    placed = {row.key for row in plan.tensors if row.buffer is not None}
    for s, subgraph in enumerate(graph.subgraphs):
        used = subgraph.used
        for t, tensor in enumerate(subgraph.tensors):
            # A constant counts even if only other constants are computed from it.
            if tensor.kind is TensorKind.CONSTANT or (
                t in used and (s, t) not in placed and tensor.kind is not TensorKind.CAPTURE
            ):
                total += tensor.bytes or 0
    if total > allowed:
        raise too_many_bytes("the plan's memories, constants and the caller's tensors take", total, allowed)
    more = sum(array_sizes(plan, stored=True).values()) - sum(array_sizes(plan).values())
    return bool(plan.constants) and total + more <= allowed


def _run(
    session: _Session, machine: Machine, region: Region, seed: int, entered: list[tuple[Region, Sequence[Value]]]
) -> None:
    """Run one entry, compare its outputs with those of the whole model, and add it to `entered`."""
    graph, runner, given, record = session.graph, session.runner, session.given, session.record
    subgraph = graph.subgraphs[region.subgraph]
    told = [(region.subgraph, t) for t in subgraph.inputs]
    drawn = [key not in given for key in told]
    inputs = tuple(
        runner.draw(region.subgraph, index, seed)
        if key not in given
        else runner.take(region.subgraph, index, given[key])
        for index, key in enumerate(told)
    )
    entered.append((region, inputs))
    # This run comes first, since only it counts the iterations of loops.
    try:
        made = machine.run(region, inputs, drawn, keep_inputs=session.keep_inputs)
    except ModelError as error:
        raise _on_drawn(error, [graph.tensor(key).name for key in told if key not in given]) from None
    record.notes |= dict.fromkeys(machine.sizes.values())
    if machine.storage.violations:
        return  # the run went on with the right bytes, so its outputs show nothing
    keys = [(region.subgraph, t) for t in subgraph.outputs]
    titles = {key: brief(graph.tensor(key).name) for key in keys}
    fixed = [not machine.marks.of([key]) & RANDOM for key in keys]
    if not all(fixed):
        random = ", ".join(titles[key] for key, same in zip(keys, fixed, strict=True) if not same)
        record.notes[f"not compared: output {random}, which follows from {runner.random}, drawn at random"] = None
    if not any(fixed):
        return
    _compare(session, machine, entered, made, dict(zip(keys, fixed, strict=True)))


def _compare(
    session: _Session,
    machine: Machine,
    entered: Sequence[tuple[Region, Sequence[Value]]],
    made: Sequence[Value],
    fixed: Mapping[TensorKey, bool],
) -> None:
    """Compare the outputs `made` of one entry with those of the whole model, where they are not random.

    `entered` has the entries of this run in their order, up to this one. `fixed` has its outputs in their order, each
    with whether it is the same in every run.
    """
    graph, runner, record = session.graph, session.runner, session.record
    region, inputs = entered[-1]
    wanted = runner.reference(region.subgraph, inputs)
    shaken: list[tuple[Value, ...]] = []
    for index, key in enumerate((region.subgraph, t) for t in graph.subgraphs[region.subgraph].outputs):
        if not fixed[key]:
            continue
        record.outputs += 1
        record.output_bytes += len(made[index].data or b"")
        difference = runner.compare(made[index], wanted[index])
        if difference is not None and not difference.tolerated:
            shaken = shaken or shaken_runs(graph, runner, entered, session.limits)
            difference = runner.compare(made[index], wanted[index], [values[index] for values in shaken])
        if difference is None:
            continue
        text = f"output {brief(graph.tensor(key).name)} differs from that of {runner.engine}: {difference.text}"
        if difference.tolerated:
            record.notes[text] = None
        else:
            machine.storage.violations.append(Violation("result", text, graph.tensor(key).name))
