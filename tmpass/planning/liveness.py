"""Live ranges of tensors, and the buffers to place: from a graph, a timeline and alias classes."""

from collections.abc import Mapping, Sequence
from dataclasses import field

from tmpass.base.choices import Role
from tmpass.base.record import maker, record
from tmpass.graph.model import ABSENT, Graph, Tensor, TensorKey, TensorKind
from tmpass.packing.problem import Buffer
from tmpass.planning.sharing.aliases import Aliases
from tmpass.planning.timeline.schedule import Schedule
from tmpass.planning.windows import Span, find_gaps

Ranges = Mapping[TensorKey, tuple[int, int]]
"""Tensor -> `[lower, upper)` in steps."""

_LISTED = 8
"""How many dimensions of a tensor a reason lists. The rest is counted."""


@record
class Storage:
    """The buffers to place, and their tensors.

    Fields:
        buffers: by rising lower end of the live range, then upper end, then first tensor.
        members: `members[i]` are the tensors of `buffers[i]`.
        roles: of every tensor of the graph.
        reasons: why a tensor has no buffer, or shares one.
        position: first byte of a tensor in its buffer, where that is not 0.
    """

    buffers: tuple[Buffer, ...]
    members: tuple[tuple[TensorKey, ...], ...]
    roles: dict[TensorKey, Role]
    reasons: dict[TensorKey, str]
    position: Mapping[TensorKey, int] = field(default_factory=dict)


@record
class Roles:
    """The roles of all tensors of a graph, which no timeline changes.

    Fields:
        of: tensor -> its role.
        reasons: of each unplanned tensor, why it is.
        size: bytes of each tensor that a buffer may hold: neither constant nor unplanned.
    """

    of: dict[TensorKey, Role]
    reasons: dict[TensorKey, str]
    size: dict[TensorKey, int]


def find_storage(
    graph: Graph, roles: Roles, aliases: Aliases, ranges: Ranges, *, external: frozenset[TensorKey]
) -> Storage:
    """The buffers that `graph` needs on a timeline.

    The tensors of one alias class get one buffer, as large as the class, and alive from the first to the last step of
    any of them. Steps at which only some of it is in use are its live-range gaps.

    Args:
        graph: of the model.
        roles: of its tensors.
        aliases: the alias classes.
        ranges: the live ranges on the timeline.
        external: tensors outside the arena; their classes get no buffer.
    """
    reasons, sizes, root = dict(roles.reasons), roles.size, aliases.root
    outside = {aliases.of(key): key for key in external}
    wholes = {*root, *root.values()}
    classes: dict[TensorKey, list[TensorKey]] = {}
    found: list[tuple[int, int, tuple[TensorKey, ...]]] = []
    for key in sizes:
        if outside and (owner := outside.get(aliases.of(key))) is not None:
            reasons[key] = "outside the arena"
            if owner != key:
                name = graph.tensor(owner).name
                reasons[key] = f"{aliases.reason.get(key, 'shares')}; outside the arena with {name!r}"
        elif key in wholes:
            classes.setdefault(root.get(key, key), []).append(key)
        else:
            lower, upper = ranges[key]
            found.append((lower, upper, (key,)))
    for members in classes.values():
        lives = [ranges[key] for key in members]
        found.append((min(lower for lower, _ in lives), max(upper for _, upper in lives), tuple(members)))
    found.sort()
    buffers, made, fixed, offset = list[Buffer](), maker(Buffer), graph.fixed, None
    for number, (lower, upper, keys) in enumerate(found):
        if fixed:
            offset = min((fixed[key] for key in keys if key in fixed), default=None)
        if len(keys) == 1:
            buffers.append(made(str(number), lower, upper, sizes[keys[0]], 1, offset))
            continue
        spans = [_span(sizes, aliases, ranges, key) for key in keys]
        size = max(span.high for span in spans)
        buffers.append(Buffer(str(number), lower, upper, size, 1, offset, gaps=tuple(find_gaps(spans, size))))
        reasons |= {key: aliases.reason[key] for key in keys if key in aliases.reason}
    return Storage(tuple(buffers), tuple([keys for _, _, keys in found]), roles.of, reasons, aliases.position)


def _span(sizes: Mapping[TensorKey, int], aliases: Aliases, ranges: Ranges, key: TensorKey) -> Span:
    low = aliases.position.get(key, 0)
    return Span(*ranges[key], low, low + sizes[key])


def live_ranges(graph: Graph, schedule: Schedule, *, keep_inputs: bool, loops_copy: bool = False) -> Ranges:
    """Tensor -> `[lower, upper)` in steps, for each tensor that a run touches.

    - Inputs, outputs and temporaries of an operator are alive in its step, and in all steps of its bodies.
    - Inputs of a region are alive from its start; those of an entry to its end with `keep_inputs`.
    - Outputs of a region are alive to its end.
    - Inputs and outputs of a loop's body are alive through the whole loop, unless `loops_copy`.
    - Variables are alive always.
    - A tensor of a subgraph that runs several times is alive from the first run to the last.
    """
    lower: dict[TensorKey, int] = {}
    upper: dict[TensorKey, int] = {}

    def touch(s: int, tensors: tuple[int, ...], begin: int, end: int) -> None:
        for t in tensors:
            key = (s, t)
            if begin < lower.setdefault(key, begin):
                lower[key] = begin
            if end > upper.setdefault(key, end):
                upper[key] = end

    ops = [subgraph.ops for subgraph in graph.subgraphs]
    for at, step in enumerate(schedule.steps):
        s, end = step.subgraph, step.end
        op = ops[s][step.op]
        for t in (*op.inputs, *op.outputs, *op.temporaries):
            key = (s, t)
            if key not in upper:
                lower[key], upper[key] = at, end
            elif end > upper[key]:  # its first step stays, since steps rise
                upper[key] = end
    for region in schedule.regions:
        subgraph = graph.subgraphs[region.subgraph]
        begin, end = region.lower, region.upper
        if region.repeats and region.caller is not None and not loops_copy:
            begin, end = region.caller, schedule.steps[region.caller].end
            touch(region.subgraph, subgraph.inputs, begin, end)
            touch(region.subgraph, subgraph.outputs, begin, end)
        keep = keep_inputs and region.caller is None
        touch(region.subgraph, subgraph.inputs, begin, end if keep else begin + 1)
        touch(region.subgraph, subgraph.outputs, end - 1, end)
    for s, subgraph in enumerate(graph.subgraphs):
        variables = subgraph.of_kind(TensorKind.VARIABLE)
        touch(s, tuple([t for t in variables if (s, t) in lower]), 0, schedule.horizon)
    for s in range(len(graph.subgraphs)):
        lower.pop((s, ABSENT), None)
        upper.pop((s, ABSENT), None)
    # Both have their keys in one order.
    return dict(zip(lower, zip(lower.values(), upper.values(), strict=True), strict=True))


def find_roles(graph: Graph) -> Roles:
    """The role of every tensor, and why an unplanned one is."""
    entries, touched = {entry.subgraph for entry in graph.entries}, _touched(graph)
    roles: dict[TensorKey, Role] = {}
    reasons: dict[TensorKey, str] = {}
    size: dict[TensorKey, int] = {}
    stored, kept, constant, inner = TensorKind.CONSTANT, TensorKind.VARIABLE, Role.CONSTANT, Role.ACTIVATION
    for s, subgraph in enumerate(graph.subgraphs):
        inputs, outputs = (set(subgraph.inputs), set(subgraph.outputs)) if s in entries else (set[int](), set[int]())
        used = touched[s]
        for t, (tensor, bytes_) in enumerate(zip(subgraph.tensors, subgraph.sizes, strict=True)):
            key, kind = (s, t), tensor.kind
            if kind is stored:
                roles[key] = constant
                continue
            known = bytes_ is not None and t in used
            if not known and (reason := _why_unplanned(tensor, t in used)):
                cause = graph.causes.get(key, "")
                roles[key], reasons[key] = Role.UNPLANNED, f"{reason}: {cause}" if cause else reason
                continue
            size[key] = bytes_ or 0
            if kind is kept:
                roles[key] = Role.VARIABLE
            elif t in inputs:
                roles[key] = Role.INPUT
            else:
                roles[key] = Role.OUTPUT if t in outputs else inner
    return Roles(roles, reasons, size)


def _touched(graph: Graph) -> Sequence[frozenset[int]]:
    """Of each subgraph, the tensors that a run touches."""
    touched = [frozenset[int]()] * len(graph.subgraphs)
    open_ = {entry.subgraph for entry in graph.entries}
    seen = set(open_)
    while open_:
        s = open_.pop()
        touched[s] = graph.subgraphs[s].used
        fresh = {call.subgraph for op in graph.subgraphs[s].ops if op.calls for call in op.calls} - seen
        seen |= fresh
        open_ |= fresh
    return touched


def _why_unplanned(tensor: Tensor, touched: bool) -> str:
    if tensor.dtype.bits is None:
        return tensor.dtype.reason
    if not touched:
        return "no operator reads or writes it"
    if tensor.shape is None:
        return "its rank is not known"
    if tensor.unknown:
        more = f" and {len(tensor.unknown) - _LISTED} more" if len(tensor.unknown) > _LISTED else ""
        return f"dimension {', '.join(tensor.unknown[:_LISTED])}{more} is not known"
    return ""
