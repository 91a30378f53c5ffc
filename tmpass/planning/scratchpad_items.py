"""The order problems of what the scratchpad holds in a layout."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tmpass.base.choices import Role
from tmpass.graph.model import TensorKey, TensorKind
from tmpass.planning.layout import Layout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.ordering.items import MemoryContents
from tmpass.planning.ordering.subgraphs import ModelItems, items_of_model
from tmpass.planning.sharing.aliases import Aliases
from tmpass.planning.sharing.atoms import Atoms
from tmpass.planning.sharing.timed_classes import InPlace
from tmpass.targets import Sharing
from tmpass.targets.runtime import Runtime


def items_of(request: LayoutRequest, sharing: Sharing, layout: Layout) -> ModelItems:
    """The order problems of the scratchpad's contents with `sharing`."""
    return _of_scratchpad(request, *request.alias_classes(sharing), layout, request.target.runtime, None)[0]


def least_items(
    request: LayoutRequest, layout: Layout, above: Mapping[Role, int] | None = None
) -> tuple[ModelItems, int]:
    """The order problems of the least that the scratchpad holds at any sharing, and the bytes that are always alive.

    Args:
        request: that was laid out.
        layout: says what is in the scratchpad.
        above: role -> a number of bytes; larger tensors of this role count, and larger scratch for that of activations.
            All count if None.
    """
    aliases, pairs = request.alias_classes(request.sharing_levels[0])[0], request.all_pairs
    atoms = None if request.one_choice else request.atoms
    items, always = _of_scratchpad(request, aliases, pairs, layout, request.bound_runtime, atoms, above)
    rows = (row for part in items.items for row in part.in_place_counts)
    if any(count > 1 for count in rows):
        items = replace(items, items=tuple(replace(part, partial=True) for part in items.items))
    return items, always


def _of_scratchpad(
    request: LayoutRequest,
    aliases: Aliases,
    pairs: tuple[InPlace, ...],
    layout: Layout,
    runtime: Runtime,
    atoms: Atoms | None,
    above: Mapping[Role, int] | None = None,
) -> tuple[ModelItems, int]:
    inside, always = set[TensorKey](), 0
    variables = {
        (s, t) for s, subgraph in enumerate(request.graph.subgraphs) for t in subgraph.of_kind(TensorKind.VARIABLE)
    }
    for index in layout.allocations[0].indices:
        members = layout.storage.members[index]
        if not variables.isdisjoint(members):
            if above is not None and not _variables_count(request, members, above):
                continue
            always += request.target.runtime.round_up(layout.storage.buffers[index].size)
        else:
            inside.update(members)
    if atoms is None and request.external and len(layout.allocations) == 1:
        inside.update(_brought_in(request, aliases, layout))
    if above is not None:
        held = layout.storage.roles
        inside = {key for key in inside if counts(request, held[key], key, above)}
    round_up, least = request.target.runtime.round_up, 0 if above is None else above.get(Role.ACTIVATION)
    counted = {} if least is None else request.scratch
    own = {op: sum(round_up(size) for size in sizes if size > (least or 0)) for op, sizes in counted.items()}
    later: Sequence[tuple[tuple[int, int], ...]] = ()
    if request.ties:
        from tmpass.planning.sharing.tied_order import tie_edges

        later = [tuple(tie_edges(request.graph, request.ties, s)) for s in range(len(request.graph.subgraphs))]
    contents = MemoryContents(
        request.graph, aliases, pairs, inside, own, request.options.keep_inputs, runtime, later, atoms
    )
    return items_of_model(contents), always


def counts(request: LayoutRequest, role: Role, key: TensorKey, above: Mapping[Role, int]) -> bool:
    """Whether a tensor of a role counts, as for `least_items`. One that is held in another has no bytes of its own."""
    return key not in request.graph.held_in and role in above and (request.graph.tensor(key).bytes or 0) > above[role]


def _variables_count(request: LayoutRequest, members: Sequence[TensorKey], above: Mapping[Role, int]) -> bool:
    """Whether a buffer of variables counts as a whole: no plan has a tensor of it elsewhere."""
    least = above.get(Role.VARIABLE)
    return least is not None and all((request.graph.tensor(key).bytes or 0) > least for key in members)


def _brought_in(request: LayoutRequest, aliases: Aliases, layout: Layout) -> Iterator[TensorKey]:
    """The tensors that are with the caller's in `layout`, but in the arena where tensors share by `aliases`."""
    stored = {key for members in layout.storage.members for key in members}
    outside = {aliases.of(key) for key in request.external}
    for key, role in layout.storage.roles.items():
        if role is Role.ACTIVATION and key not in stored and aliases.of(key) not in outside:
            yield key
