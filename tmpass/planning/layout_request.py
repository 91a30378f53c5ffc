"""The request for a layout, with the facts that do not depend on the order of operators, computed once."""

from collections.abc import Mapping
from dataclasses import field, replace
from functools import cached_property
from math import lcm
from typing import TYPE_CHECKING

from tmpass.base.choices import Share
from tmpass.base.record import Cached, record
from tmpass.graph.model import Graph, TensorKey
from tmpass.planning.liveness import Roles, find_roles
from tmpass.planning.sharing.aliases import Aliases, captured_classes, find_aliases, permitted
from tmpass.planning.sharing.atoms import Atoms, find_atoms
from tmpass.planning.sharing.classes import Classes
from tmpass.planning.sharing.in_place import in_place_pairs
from tmpass.planning.sharing.moves import find_links
from tmpass.planning.sharing.timed_classes import InPlace
from tmpass.plans.plan import Options
from tmpass.targets import Sharing, Target
from tmpass.targets.runtime import Runtime

if TYPE_CHECKING:
    from tmpass.planning.sharing.tied import EndTie


@record
class LayoutRequest(Cached):
    """The graph to lay out, and how.

    Fields:
        graph: with dimensions bound.
        external: tensors that have no place in the arena.
        scratch: (subgraph, operator) -> the sizes of its scratch in bytes.
        threads: how many may search at once.
        keep: Ctrl-C ends a search, and not the call.
        ties: outputs that must take the storage of inputs.
        taken: memory -> bytes of it that are not for buffers: constants, and what the runtime takes.
    """

    graph: Graph
    target: Target
    options: Options
    external: frozenset[TensorKey]
    scratch: Mapping[tuple[int, int], tuple[int, ...]]
    threads: int = 1
    keep: bool = False
    ties: "tuple[EndTie, ...]" = ()
    taken: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def sharing_levels(self) -> tuple[Sharing, ...]:
        """The levels of the sharing that target and options allow, from the most to the least."""
        most = permitted(self.target.sharing, self.options.share, inplace=self.options.inplace)
        choices = [most]
        if self.options.share == Share.AUTO:
            views = replace(most, parts=(), in_place=())
            choices += [replace(most, parts=()), replace(most, in_place=()), views, replace(views, views=())]
        elif self.ties:
            choices.append(replace(most, views=()))  # a tie may hold only where a view is a copy
        return tuple(dict.fromkeys(choices))

    @cached_property
    def roles(self) -> Roles:
        """The roles of all tensors."""
        return find_roles(self.graph)

    def alias_classes(self, sharing: Sharing) -> tuple[Aliases, tuple[InPlace, ...]]:
        """The alias classes that hold in any order, and the in-place pairs, at one level of sharing.

        They are computed once. Levels that differ only in what no operator of the graph does have the same object.
        """
        sharing = self._used_part(sharing)
        if sharing not in self._alias_classes:
            graph, options, external = self.graph, self.options, self.external
            aliases = find_aliases(
                graph,
                sharing,
                share_io=options.share_io,
                external=external,
                tied=self.ends,
                alignment=self.alignment,
                classes=self._captured.copy(),
            )
            pairs = in_place_pairs(
                graph,
                aliases,
                sharing,
                share_io=options.share_io,
                keep_inputs=options.keep_inputs,
                external=external,
                tied=self.ends,
            )
            if self.ties:
                from tmpass.planning.sharing.tied_writes import tie_pairs  # which few plans need

                pairs = tuple(dict.fromkeys((*tie_pairs(graph, self.ties, aliases, self._tie_candidates), *pairs)))
            if graph.fixed:
                from tmpass.planning.sharing.fixed import join_fixed  # which few models need

                aliases = join_fixed(graph, aliases)
            self._alias_classes[sharing] = aliases, pairs
        return self._alias_classes[sharing]

    def _used_part(self, sharing: Sharing) -> Sharing:
        """The part of `sharing` that operators of the graph can use."""
        return replace(
            sharing,
            views=sharing.views if True in self._links else (),
            parts=sharing.parts if False in self._links else (),
        )

    @cached_property
    def _captured(self) -> Classes:
        """The alias classes of captures alone."""
        return captured_classes(self.graph, self.external, self.ends, share_io=self.options.share_io)

    @cached_property
    def _links(self) -> frozenset[bool]:
        """Whether operators link tensors with the same bytes: True for views, False for parts of others."""
        return frozenset(link.op.view for link in find_links(self.graph, self.target.sharing, constants=True))

    @cached_property
    def _tie_candidates(self) -> list[InPlace]:
        """The pairs that may have to be written in place for a tie."""
        from tmpass.planning.sharing.tied_writes import tie_candidates

        return tie_candidates(self.graph, self.ties, self.target.sharing)

    @cached_property
    def ends(self) -> frozenset[TensorKey]:
        """The inputs and outputs that ties name."""
        return frozenset(key for tie in self.ties for key in (tie.input, tie.output))

    @cached_property
    def all_pairs(self) -> tuple[InPlace, ...]:
        """The in-place pairs of all levels of sharing: at a lower level, other operators may keep a tie."""
        levels = self.sharing_levels if self.ties else self.sharing_levels[:1]
        return tuple(dict.fromkeys(pair for sharing in levels for pair in self.alias_classes(sharing)[1]))

    @cached_property
    def pairs_by_operator(self) -> Mapping[tuple[int, int], tuple[InPlace, ...]]:
        """(subgraph, operator) -> its in-place pairs of all levels of sharing."""
        found: dict[tuple[int, int], tuple[InPlace, ...]] = {}
        for pair in self.all_pairs:
            found[pair.subgraph, pair.op] = (*found.get((pair.subgraph, pair.op), ()), pair)
        return found

    @cached_property
    def _alias_classes(self) -> dict[Sharing, tuple[Aliases, tuple[InPlace, ...]]]:
        return {}

    @cached_property
    def alignment(self) -> int:
        """The alignment of every tensor, in bytes."""
        homes = [m.alignment for m in self.target.memories if "activations" in m.holds or "inputs_outputs" in m.holds]
        return lcm(*homes)

    @cached_property
    def bound_runtime(self) -> Runtime:
        """The runtime whose rounding counts in lower bounds: pieces within one granule are not rounded up."""
        runtime = self.target.runtime
        return runtime if self.alignment % runtime.rounding == 0 else replace(runtime, rounding=1)

    @cached_property
    def one_choice(self) -> bool:
        """Whether the first level shares all tensors that may share, in the only possible way."""
        aliases = self.alias_classes(self.sharing_levels[0])[0]
        outside = any(key in aliases.root for key in self.external)
        return aliases.whole and not outside and self.bound_runtime is self.target.runtime

    @cached_property
    def atoms(self) -> Atoms:
        """The atoms of the graph: bytes that tensors have in common, whichever of them share."""
        return find_atoms(
            self.graph,
            self.sharing_levels[0],
            self.bound_runtime.round_up,
            share_io=self.options.share_io,
            external=self.external,
            tied=self.ends,
            alignment=self.alignment,
            loops_copy=self.target.runtime.loops_copy,
        )
