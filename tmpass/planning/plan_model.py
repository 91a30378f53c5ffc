"""Planning: all stages, one after the other."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import chain

from tmpass.base import collector, interrupts
from tmpass.base.choices import ConstantUse, Int8, Io, Objective, OrderMethod, Status, Transfers
from tmpass.graph.binding import batch_notes
from tmpass.graph.model import Graph, TensorKey, TensorKind
from tmpass.loading.load import Model
from tmpass.loading.registry import BUILT_IN
from tmpass.planning.assemble import assemble
from tmpass.planning.choose_order import OrderedLayout, choose_order
from tmpass.planning.fixed import check_fixed, fixed_note
from tmpass.planning.integers import find_names, integers_notes, keep_integers
from tmpass.planning.kept import keep_results
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.liveness import Storage
from tmpass.planning.memory_rows import MemoryRows, memory_rows
from tmpass.planning.residency.overhead import Besides, find_besides
from tmpass.planning.sharing.aliases import permitted
from tmpass.planning.sharing.in_place import unused_kernels
from tmpass.planning.sharing.moves import unused_moves
from tmpass.plans.plan import Options, Plan
from tmpass.targets import Target
from tmpass.targets.memory_order import faster_behind
from tmpass.targets.replaced import replaced_sharing
from tmpass.targets.scratch.rule import ScratchRule


def plan_model(
    model: Model, bound: Graph, target: Target, options: Options, *, threads: int = 1, keep: bool = False
) -> Plan:
    """The plan of `model`, not yet verified.

    Args:
        model: as it was read.
        bound: its graph, with the bindings of `options`.
        target: of the plan.
        options: of the plan, with those of the target.
        threads: how many may search at once. The plan does not depend on it.
        keep: Ctrl-C ends the search, and the plan is the best so far.

    Raises:
        ModelError, TargetError: there is no plan of any size.
        KeyboardInterrupt: Ctrl-C came before there was a plan, or `keep` is not set.
    """
    request, besides, notes = find_request(model, bound, target, options, threads=threads, keep=keep)
    made, whole = _fewest_bytes(model, request, besides, notes)
    if options.objective != Objective.TIME:
        return made
    from tmpass.planning.run_time.fastest import find_fastest  # which few plans need

    return find_fastest(made, request, whole, besides, lambda one: _assembled(model, request, one, besides, notes))


def _fewest_bytes(
    model: Model, request: LayoutRequest, besides: Besides, notes: tuple[str, ...]
) -> tuple[Plan, OrderedLayout]:
    """The plan that moves the fewest bytes, and the layout of all buffers in one memory that it came from."""
    options, target, keep = request.options, request.target, request.keep
    if options.transfers == Transfers.REQUIRED:
        from tmpass.planning.residency.transfers.behind import behind

        behind(target)
    with interrupts.caught() if keep else nullcontext():
        ordered = whole = choose_order(request)
        if options.transfers != Transfers.REQUIRED and (
            not ordered.layout.fits or _may_stream(request, ordered, besides)
        ):
            from tmpass.planning.residency.fewest_moved import fewest_moved  # which few plans need

            ordered = fewest_moved(request, ordered, besides)
    rows = memory_rows(request, ordered, besides)
    if not _short(target, ordered, rows) or len(target.memories) < 2:
        return _assembled(model, request, ordered, besides, notes, rows), whole
    from tmpass.planning.residency.divide_layout import can_divide  # as above
    from tmpass.planning.residency.only_here import is_ruled_out, with_held_bounds
    from tmpass.planning.residency.transfers.plan_transfers import try_transfers  # which few plans need
    from tmpass.planning.residency.transfers.too_small import decides_alone

    bounded = with_held_bounds(request, ordered, whole, besides) if can_divide(request) else ordered
    ruled_out = is_ruled_out(request, bounded, rows[0][0])
    try:
        with interrupts.caught() if keep else nullcontext():
            attempt = try_transfers(request, whole, besides, ruled_out=ruled_out)
    except KeyboardInterrupt:
        if not keep:
            raise
        ordered = replace(ordered, stopped=True, division=Status.UNKNOWN)  # nothing is known of transfers
        return _assembled(model, request, ordered, besides, notes, rows), whole
    if (found := attempt.layout) is not None:
        if found.travel is not None and not found.travel.transfers.moved:
            from tmpass.planning.residency.fewest_moved import with_bounds

            found = with_bounds(request, whole, besides, found)
        return _assembled(model, request, found, besides, notes), whole
    from tmpass.planning.residency.divide_beside import first_divided_beside  # as above
    from tmpass.planning.residency.fewest_moved import other_orders

    orders = () if ruled_out else chain([whole], other_orders(request, whole, besides))
    divided = first_divided_beside(request, orders, besides)
    if divided is not None:
        return _assembled(model, request, divided, besides, notes), whole
    if attempt.undecided or (ordered.division is None and can_divide(request)):
        ordered = replace(ordered, division=Status.UNKNOWN)
    elif attempt.need is not None and decides_alone(target, rows[0][0].constants):
        ordered = replace(ordered, order=replace(ordered.order, operator_bound=attempt.need))
    notes += (attempt.reason,) if attempt.reason else ()
    if ordered.division is not None:
        ordered = with_held_bounds(request, ordered, bounded, besides)
    return _assembled(model, request, ordered, besides, notes, rows), whole


def _short(target: Target, ordered: OrderedLayout, rows: MemoryRows) -> bool:
    """Whether a memory with buffers has less room than it needs, and the scratchpad is limited."""
    used = {placed.memory.name for placed in ordered.layout.allocations if placed.indices}
    first, *others = rows[0]
    arenas = (first, *(use for use in others if use.peak or use.name in used))
    return target.scratchpad.capacity is not None and any(use.shortfall for use in arenas)


def _may_stream(request: LayoutRequest, ordered: OrderedLayout, besides: Besides) -> bool:
    """Whether a run may have to stream constants: not all can be in the scratchpad, above the highest buffer."""
    stored, room = besides.stored, request.target.scratchpad.room
    if stored is None or stored.home.compute or room is None or request.options.schedule != OrderMethod.AUTO:
        return False
    alignment = request.target.scratchpad.alignment
    return ordered.layout.peak + sum(constant.size + alignment for constant in stored.constants) > room


def _assembled(
    model: Model,
    request: LayoutRequest,
    ordered: OrderedLayout,
    besides: Besides,
    notes: tuple[str, ...],
    rows: MemoryRows | None = None,
) -> Plan:
    """The plan of a layout, with the notes that it gets besides those of the layout; `rows` are of its memories."""
    more = _warnings(model, request, ordered.layout.storage)
    ordered = replace(ordered, warnings=(*ordered.warnings, *notes, *more))
    with collector.paused():
        made = assemble(model.info, request, ordered, besides, rows)
    return _with_time(made, request) if made.fits else made


def _with_time(made: Plan, request: LayoutRequest) -> Plan:
    """`made` with the time of a run, where there is anything that takes time."""
    target, others = request.target, made.memories[1:]
    moves = made.transfers is not None or ConstantUse.STREAMED in {row.use for row in made.constants}
    known = any(memory.bandwidth for memory in target.memories) and (moves or any(use.compute for use in others))
    if target.macs_per_second is None and not known:
        return made
    from tmpass.planning.run_time.find_time import find_time  # which many plans do not need

    return replace(made, time=find_time(made, request.graph, target))


def find_request(
    model: Model, bound: Graph, target: Target, options: Options, *, threads: int = 1, keep: bool = False
) -> tuple[LayoutRequest, Besides, tuple[str, ...]]:
    """The request for the layout of `model`, what memories hold besides, and notes for the plan.

    Args:
        model: as it was read.
        bound: its graph, with the bindings of `options`.
        target: as for `plan_model`, as are the others.
        options: of the plan.
        threads: that may search at once.
        keep: whether Ctrl-C ends the search alone.

    Raises:
        ModelError, TargetError: there is no plan of any size.
    """
    graph = bound
    check_fixed(graph, options, target.scratchpad.alignment)
    names = {} if graph.fixed else find_names(graph)
    notes = tuple(integers_notes(graph, names, options.int8, target))
    if options.int8 == Int8.NATIVE:
        graph = keep_integers(graph, names)
    graph = keep_results(graph, target.runtime)
    external = _ends(graph) if options.io == Io.EXTERNAL else frozenset()
    scratch = _sizes(graph, options.scratch)
    besides = find_besides(graph, target, model.info.bytes)
    request = LayoutRequest(
        graph, target, options, external, scratch, threads, keep, taken=besides.taken(target.scratchpad.name)
    )
    if options.tie:
        from tmpass.planning.sharing.tied import find_ties

        request = replace(request, ties=find_ties(graph, options.tie))
    return request, besides, notes


def _sizes(graph: Graph, rules: Sequence[ScratchRule]) -> dict[tuple[int, int], tuple[int, ...]]:
    """(subgraph, operator) -> the sizes of its scratch in bytes, for operators that need any."""
    if not rules:
        return {}
    from tmpass.targets.scratch.find import scratch_of  # most plans need no formulas

    return scratch_of(graph, rules)


def _warnings(model: Model, request: LayoutRequest, storage: Storage) -> list[str]:
    """Lines on what the plan cannot use or assumes, of the model, the target and the options."""
    runtime, target, options = request.target.runtime, request.target, request.options
    found = [*batch_notes(model.graph, fixed_by=runtime.title if runtime.tail else ""), *fixed_note(request.graph)]
    if runtime.reads and model.info.format not in runtime.reads and model.info.format in BUILT_IN:
        formats = " or ".join(runtime.reads)
        found.append(
            f"{runtime.title} does not read {model.info.format}: convert the model to {formats}, and plan that"
        )
    if (own := target.scratchpad.alignment) % runtime.alignment:
        found.append(
            f"offsets are multiples of {own} B, but {runtime.title} aligns tensors to {runtime.alignment} B: "
            f"a processor may stop where its kernels read them; give an alignment of {runtime.alignment}"
        )
    if request.ties and runtime.allocator:
        found.append(f"{runtime.title} places tensors itself: it does not keep --tie")
    found += filter(None, (replaced_sharing(target), faster_behind(target)))
    allowed = permitted(target.sharing, options.share, inplace=options.inplace)
    found += unused_kernels(request.graph, allowed)
    found += unused_moves(request.graph, allowed)
    # Rules of a profile are for every model; rules of the caller are for this one.
    if rules := [rule for rule in options.scratch if rule not in target.scratch]:
        from tmpass.targets.scratch.find import unused_rules

        found += unused_rules(model.graph, rules)
    if request.ties:
        from tmpass.planning.sharing.tied_writes import forced_in_place

        asked = replace(target, sharing=allowed)
        found += forced_in_place(request.graph, request.ties, asked, storage.members, storage.position)
    return found


def _ends(graph: Graph) -> frozenset[TensorKey]:
    """The inputs and outputs of every entry that only the caller of the model runs.

    An operator that runs an entry as well brings no memory for them. A variable among them stays a variable.
    """
    called = graph.called
    return frozenset(
        (entry.subgraph, t)
        for entry in graph.entries
        if entry.subgraph not in called
        for t in (*graph.subgraphs[entry.subgraph].inputs, *graph.subgraphs[entry.subgraph].outputs)
        if graph.tensor((entry.subgraph, t)).kind is TensorKind.ACTIVATION
    )
