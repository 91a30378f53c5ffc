"""Execute a plan: a few runs, on inputs that are given or drawn, compared with what the whole model gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tmpass.base.errors import BudgetError, ModelError, UsageError, brief
from tmpass.base.violation import Violation
from tmpass.execution.limits import Limits, Trips, too_many_bytes
from tmpass.execution.machine import Machine
from tmpass.execution.marks import RANDOM
from tmpass.execution.places import lay_out
from tmpass.execution.promises import promised
from tmpass.execution.regions import Region, find_regions
from tmpass.execution.rounding import shaken_runs
from tmpass.graph.model import Graph, TensorKind
from tmpass.loading.runner import Runner, Value
from tmpass.plans.plan import Plan
from tmpass.targets import RUNTIMES
from tmpass.verification.replay import Broken

MAX_SEEDS = 4
"""So many runs at most, each on other inputs, as long as they reach steps that none before has reached."""


@dataclass(frozen=True, slots=True)
class Execution:
    """What came of executing a plan.

    Fields: `steps` counts operators as they ran, a loop's body once per round; `unreached` are the steps that no run
    took, such as a branch never chosen; `notes` say what was equal only within rounding, or was not compared, and why.
    `given` and `drawn` are the inputs by where their values came from, `seeds` those of the runs. `compared` are the
    bytes that operators read and that were held against what was written; `outputs` the outputs that were compared
    with those of `engine`, and `output_bytes` their bytes, over all runs.
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
    """What the runs have found so far."""

    notes: dict[str, None] = field(default_factory=dict)
    outputs: int = 0
    output_bytes: int = 0


def execute_plan(
    plan: Plan,
    graph: Graph,
    runner: Runner,
    *,
    inputs: Mapping[str, object] | None = None,
    limits: Limits | None = None,
    files: int = 0,
) -> Execution:
    """Run `graph` in the bytes that `plan` gives its tensors, and compare the results.

    Args:
        plan: from wherever it comes.
        graph: of the model.
        runner: computes.
        inputs: values for inputs by their names; the others are drawn.
        limits: how far the runs may go.
        files: bytes that the files of the model have, which executing it may take besides those of `limits`.

    Raises:
        BudgetError: a limit was reached before there was an answer.
        ModelError: the runner cannot run the model.
        UsageError: `inputs` names no input, or gives one a value that is not for it.
    """
    limits = Limits() if limits is None else limits
    keep, values = plan.options.keep_inputs, {} if inputs is None else dict(inputs)
    names = [
        graph.subgraphs[e.subgraph].tensors[t].name for e in graph.entries for t in graph.subgraphs[e.subgraph].inputs
    ]
    _check_names(values, names)
    _check_bytes(plan, graph, limits.bytes + files)
    given, drawn = (tuple(name for name in names if (name in values) is told) for told in (True, False))
    try:
        regions = find_regions(graph, plan.schedule, keep_inputs=keep)
    except Broken as broken:
        return Execution(runner.engine, 0, (), (), (broken.violation,), given, drawn)
    waiting = set(range(len(plan.schedule)))
    copies, kernels = RUNTIMES[plan.target.runtime].loops_copy, promised(graph, plan)
    steps, compared, seeds, record = 0, 0, [], _Record()
    for seed in range(MAX_SEEDS if drawn else 1):
        layout, trips = lay_out(plan, limits.bytes), Trips(limits.trips)
        machine = Machine(graph, layout, runner, trips, loops_copy=copies, promised=kernels)
        violations = machine.storage.violations
        try:
            for region in regions:
                _run(machine, region, seed, keep, values, record, graph, runner, limits)
        except Broken as broken:
            violations.append(broken.violation)
        except (BudgetError, ModelError) as error:
            if seed and not violations:  # the first run has said what this one was to add
                record.notes[f"run {seed + 1} not finished: {error.what}"] = None
                break
            if not violations:
                raise
        seeds.append(seed)
        steps += machine.runs
        compared += machine.storage.compared
        waiting -= machine.reached
        if violations or not waiting:
            break
    return Execution(
        runner.engine,
        steps,
        tuple(sorted(waiting)),
        tuple(record.notes),
        tuple(violations),
        given,
        drawn,
        tuple(seeds),
        compared,
        record.outputs,
        record.output_bytes,
    )


def _on_drawn(error: ModelError, drawn: Sequence[str]) -> ModelError:
    """`error`, saying on which inputs it came: their numbers may mean something, such as a shape."""
    if not drawn:
        return error
    error.hint = f"give values for {', '.join(map(brief, drawn[:4]))} with --inputs, if others suit the model better"
    return error.within("on drawn inputs")


def _check_names(given: Mapping[str, object], names: Sequence[str]) -> None:
    for name in given:
        if name not in names:
            listed = ", ".join(map(brief, names[:8])) + (", ..." if len(names) > 8 else "")
            raise UsageError(f"the model has no input {brief(name)}", hint=f"its inputs are {listed}")


def _check_bytes(plan: Plan, graph: Graph, allowed: int) -> None:
    """Refuse before anything is made; what tensors of unknown size take is known only when they are there."""
    total = sum(memory.peak for memory in plan.memories)
    if total > allowed:
        raise too_many_bytes("the memories of the plan take", total, allowed)
    placed = {row.key for row in plan.tensors if row.buffer is not None}
    for s, subgraph in enumerate(graph.subgraphs):
        used = subgraph.used
        for t, tensor in enumerate(subgraph.tensors):
            # Constants also where only other constants are computed from them.
            if tensor.kind is TensorKind.CONSTANT or (
                t in used and (s, t) not in placed and tensor.kind is not TensorKind.CAPTURE
            ):
                total += tensor.bytes or 0
    if total > allowed:
        raise too_many_bytes("the plan's memories, constants and the caller's tensors take", total, allowed)


def _run(
    machine: Machine,
    region: Region,
    seed: int,
    keep: bool,
    given: Mapping[str, object],
    record: _Record,
    graph: Graph,
    runner: Runner,
    limits: Limits,
) -> None:
    subgraph = graph.subgraphs[region.subgraph]
    names = [subgraph.tensors[t].name for t in subgraph.inputs]
    drawn = [name not in given for name in names]
    inputs = tuple(
        runner.draw(region.subgraph, index, seed)
        if name not in given
        else runner.take(region.subgraph, index, given[name])
        for index, name in enumerate(names)
    )
    # Not the other way round: only this run counts the rounds of loops.
    try:
        made = machine.run(region, inputs, drawn, keep_inputs=keep)
    except ModelError as error:
        raise _on_drawn(error, [name for name in names if name not in given]) from None
    record.notes |= dict.fromkeys(machine.sizes.values())
    if machine.storage.violations:
        return  # the run went on with the right bytes
    keys = [(region.subgraph, t) for t in subgraph.outputs]
    titles = {key: brief(graph.tensor(key).name) for key in keys}
    fixed = [not machine.marks.of([key]) & RANDOM for key in keys]
    if not all(fixed):
        random = ", ".join(titles[key] for key, same in zip(keys, fixed, strict=True) if not same)
        record.notes[f"not compared: output {random}, which follows from {runner.random}, drawn at random"] = None
    if not any(fixed):
        return
    wanted = runner.reference(region.subgraph, inputs)
    shaken: list[tuple[Value, ...]] = []
    for index, (key, same) in enumerate(zip(keys, fixed, strict=True)):
        if not same:
            continue
        record.outputs += 1
        record.output_bytes += len(made[index].data or b"")
        difference = runner.compare(made[index], wanted[index])
        if difference is not None and not difference.tolerated:
            shaken = shaken or shaken_runs(graph, region, runner, inputs, limits)
            difference = runner.compare(made[index], wanted[index], [values[index] for values in shaken])
        if difference is None:
            continue
        text = f"output {titles[key]} differs from that of {runner.engine}: {difference.text}"
        if difference.tolerated:
            record.notes[text] = None
        else:
            machine.storage.violations.append(Violation("result", text, graph.tensor(key).name))
