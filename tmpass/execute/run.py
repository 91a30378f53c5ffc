"""Execute a plan: a few runs on drawn inputs, compared with what the whole model gives."""

from collections.abc import Sequence
from dataclasses import dataclass

from tmpass.errors import ModelError
from tmpass.execute.machine import Machine
from tmpass.execute.places import lay_out
from tmpass.execute.promises import promised
from tmpass.execute.regions import Region, find_regions
from tmpass.graph import Graph
from tmpass.plan import Plan
from tmpass.runner import Runner, Value
from tmpass.verify.replay import Broken
from tmpass.verify.violation import Violation

MAX_SEEDS = 4
"""So many runs at most, each on other inputs, as long as they reach steps that none before has reached."""


@dataclass(frozen=True, slots=True)
class Execution:
    """What came of executing a plan.

    Fields: `steps` counts operators as they ran, a loop's body once per round; `unreached` are the steps that no run
    took, such as a branch never chosen; `notes` say where outputs are equal only within rounding, or not compared.
    """

    engine: str
    steps: int
    unreached: tuple[int, ...]
    notes: tuple[str, ...]
    violations: tuple[Violation, ...]


def execute_plan(plan: Plan, graph: Graph, runner: Runner) -> Execution:
    """Run `graph` in the bytes that `plan` gives its tensors, and compare the results.

    Raises:
        ModelError: the runner cannot run the model.
        UsageError: the plan's memories are too large to hold.
    """
    keep = plan.options.keep_inputs
    try:
        regions = find_regions(graph, plan.schedule, keep_inputs=keep)
    except Broken as broken:
        return Execution(runner.engine, 0, (), (), (broken.violation,))
    waiting = set(range(len(plan.schedule)))
    steps, notes = 0, dict[str, None]()
    for seed in range(MAX_SEEDS):
        machine = Machine(graph, lay_out(plan), runner, promised(graph, plan))
        violations = machine.storage.violations
        try:
            for region in regions:
                _run(machine, region, seed, keep, notes, graph, runner)
        except Broken as broken:
            violations.append(broken.violation)
        except ModelError:
            if not violations:
                raise
        steps += machine.runs
        waiting -= machine.reached
        if violations or not waiting:
            break
    return Execution(runner.engine, steps, tuple(sorted(waiting)), tuple(notes), tuple(violations))


def _run(
    machine: Machine, region: Region, seed: int, keep: bool, notes: dict[str, None], graph: Graph, runner: Runner
) -> None:
    inputs = runner.draw(region.subgraph, seed)
    wanted = runner.reference(region.subgraph, inputs)
    made = machine.run(region, inputs, keep_inputs=keep)
    if machine.storage.violations:
        return  # the run went on with the right bytes
    if runner.random:
        notes[f"outputs not compared: {runner.random} draws at random"] = None
        return
    names = [graph.subgraphs[region.subgraph].tensors[t].name for t in graph.subgraphs[region.subgraph].outputs]
    _compare(machine, names, made, wanted, notes, runner)


def _compare(
    machine: Machine,
    names: Sequence[str],
    made: Sequence[Value],
    wanted: Sequence[Value],
    notes: dict[str, None],
    runner: Runner,
) -> None:
    for name, mine, theirs in zip(names, made, wanted, strict=True):
        difference = runner.compare(mine, theirs)
        if difference is None:
            continue
        text = f"output {name!r} differs from that of {runner.engine}: {difference.text}"
        if difference.tolerated:
            notes[text] = None
        else:
            machine.storage.violations.append(Violation("result", text, name))
