"""All stages of planning, one after the other."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

from tmpass.base import interrupts
from tmpass.graph.binding import batch_notes
from tmpass.graph.model import Graph, TensorKind
from tmpass.loading.load import BUILT_IN, Model
from tmpass.planning.assemble import assemble
from tmpass.planning.choose_order import lay_in_order
from tmpass.planning.fixed import check_fixed, fixed_note
from tmpass.planning.integers import find_names, integers_notes, keep_integers
from tmpass.planning.liveness import Storage
from tmpass.planning.sharing.aliases import Key, permitted
from tmpass.planning.sharing.in_place import unused_kernels
from tmpass.planning.sharing.moves import unused_moves
from tmpass.planning.task import Task
from tmpass.plans.plan import Options, Plan
from tmpass.targets import Target
from tmpass.targets.scratch.rule import ScratchRule


def plan_model(
    model: Model, bound: Graph, target: Target, options: Options, *, threads: int = 1, keep: bool = False
) -> Plan:
    """The plan of `model`, not yet verified.

    Args:
        model: what was read from the file.
        bound: its graph, with the bindings of `options`.
        target: what the plan is for.
        options: of the plan; those of the target are in them.
        threads: how many may search at once. The plan does not depend on it.
        keep: let Ctrl-C end the search, not the call.

    Raises:
        ModelError, TargetError: there is no plan, whatever its size.
        KeyboardInterrupt: Ctrl-C came before there was a plan, or `keep` is not set.
    """
    graph = bound
    check_fixed(graph, options, target.scratchpad.alignment)
    names = {} if graph.fixed else find_names(graph)
    notes = tuple(integers_notes(graph, names, options.int8, target))
    if options.int8 == "native":
        graph = keep_integers(graph, names)
    external = _ends(graph) if options.io == "external" else frozenset()
    scratch = _sizes(graph, options.scratch)
    task = Task(graph, target, options, external, scratch, threads, keep)
    if options.tie:
        from tmpass.planning.sharing.tied import find_ties

        task = replace(task, ties=find_ties(graph, options.tie))
    with interrupts.caught() if keep else nullcontext():
        laid = lay_in_order(task)
    arena = laid.arena
    if notes or laid.warnings:
        graph = replace(graph, warnings=(*graph.warnings, *laid.warnings, *notes))
    return assemble(
        model.info,
        target,
        options,
        graph,
        laid.timeline,
        arena.storage,
        arena.fills,
        laid.order,
        stopped=laid.stopped,
        warnings=_warnings(model, task, arena.storage),
    )


def _sizes(graph: Graph, rules: Sequence[ScratchRule]) -> dict[tuple[int, int], tuple[int, ...]]:
    """The scratch of each operator that needs any."""
    if not rules:
        return {}
    from tmpass.targets.scratch.find import scratch_of  # most plans have no use for formulas

    return scratch_of(graph, rules)


def _warnings(model: Model, task: Task, storage: Storage) -> list[str]:
    """What target and model do not agree on, though there is a plan."""
    runtime, target, options = task.target.runtime, task.target, task.options
    found = [*batch_notes(model.graph), *fixed_note(task.graph)]
    if runtime.reads and model.info.format not in runtime.reads and model.info.format in BUILT_IN:
        formats = " or ".join(runtime.reads)
        found.append(
            f"{runtime.title} does not read {model.info.format}: convert the model to {formats}, and plan that"
        )
    if task.ties and runtime.allocator:
        found.append(f"{runtime.title} places tensors itself: it does not keep --tie")
    allowed = permitted(target.sharing, options.share, inplace=options.inplace)
    found += unused_kernels(task.graph, allowed)
    found += unused_moves(task.graph, allowed)
    # What a profile has is for every model; what the caller gives is for this one.
    own = [rule for rule in options.scratch if rule not in target.scratch]
    if own:
        from tmpass.targets.scratch.find import unused_rules

        found += unused_rules(model.graph, own)
    if task.ties:
        from tmpass.planning.sharing.tied_writes import forced_in_place

        asked = replace(target, sharing=allowed)
        found += forced_in_place(task.graph, task.ties, asked, storage.members, storage.position)
    return found


def _ends(graph: Graph) -> frozenset[Key]:
    """The inputs and outputs of every entry that only the caller of the model runs: an operator that runs it as well
    brings no memory for them. A variable that is one of them stays a variable.
    """
    called = graph.called
    return frozenset(
        (entry.subgraph, t)
        for entry in graph.entries
        if entry.subgraph not in called
        for t in (*graph.subgraphs[entry.subgraph].inputs, *graph.subgraphs[entry.subgraph].outputs)
        if graph.tensor((entry.subgraph, t)).kind is TensorKind.ACTIVATION
    )
