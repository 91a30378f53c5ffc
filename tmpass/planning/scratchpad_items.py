"""The order problems of what the scratchpad holds in a layout."""

from collections.abc import Iterator, Sequence
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


def least_items(request: LayoutRequest, layout: Layout, roles: frozenset[Role] | None = None) -> tuple[ModelItems, int]:
    """The order problems of the least that the scratchpad holds at any sharing, and the bytes that are always alive.

    Args:
        request: that was laid out.
        layout: says what is in the scratchpad.
        roles: of the tensors that count, those of activations with scratch; all if None.
    """
    aliases, pairs = request.alias_classes(request.sharing_levels[0])[0], request.all_pairs
    atoms = None if request.one_choice else request.atoms
    items, always = _of_scratchpad(request, aliases, pairs, layout, request.bound_runtime, atoms, roles)
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
    roles: frozenset[Role] | None = None,
) -> tuple[ModelItems, int]:
    inside, always = set[TensorKey](), 0
    variables = {
        (s, t) for s, subgraph in enumerate(request.graph.subgraphs) for t in subgraph.of_kind(TensorKind.VARIABLE)
    }
    for index in layout.allocations[0].indices:
        members = layout.storage.members[index]
        if not variables.isdisjoint(members):
            if roles is not None and Role.VARIABLE not in roles:
                continue
            always += request.target.runtime.round_up(layout.storage.buffers[index].size)
        else:
            inside.update(members)
    if atoms is None and request.external and len(layout.allocations) == 1:
        inside.update(_brought_in(request, aliases, layout))
    if roles is not None:
        held = layout.storage.roles
        inside = {key for key in inside if held[key] in roles and key not in request.graph.held_in}
    counted = request.scratch if roles is None or Role.ACTIVATION in roles else {}
    own = {op: sum(map(request.target.runtime.round_up, sizes)) for op, sizes in counted.items()}
    later: Sequence[tuple[tuple[int, int], ...]] = ()
    if request.ties:
        from tmpass.planning.sharing.tied_order import tie_edges

        later = [tuple(tie_edges(request.graph, request.ties, s)) for s in range(len(request.graph.subgraphs))]
    contents = MemoryContents(
        request.graph, aliases, pairs, inside, own, request.options.keep_inputs, runtime, later, atoms
    )
    return items_of_model(contents), always


def _brought_in(request: LayoutRequest, aliases: Aliases, layout: Layout) -> Iterator[TensorKey]:
    """The tensors that are with the caller's in `layout`, but in the arena where tensors share by `aliases`."""
    stored = {key for members in layout.storage.members for key in members}
    outside = {aliases.of(key) for key in request.external}
    for key, role in layout.storage.roles.items():
        if role is Role.ACTIVATION and key not in stored and aliases.of(key) not in outside:
            yield key
