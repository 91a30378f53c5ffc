"""What is to be planned, and what of that does not depend on the order of the operators, worked out once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import lcm
from typing import TYPE_CHECKING

from tmpass.graph.model import Graph
from tmpass.planning.sharing.aliases import Aliases, Key, find_aliases, permitted
from tmpass.planning.sharing.atoms import Atoms, find_atoms
from tmpass.planning.sharing.in_place import in_place_pairs
from tmpass.planning.sharing.rooms import InPlace
from tmpass.plans.plan import Options
from tmpass.targets import Sharing, Target
from tmpass.targets.runtime import Runtime

if TYPE_CHECKING:
    from tmpass.planning.sharing.tied import EndTie


@dataclass(frozen=True)
class Task:
    """What is to be laid out, and how: `external` tensors have no place in it, `scratch` has the bytes that operators,
    by subgraph and index, need while they run; `ties` must hold. With `keep`, Ctrl-C ends a search and not the call.
    """

    graph: Graph
    target: Target
    options: Options
    external: frozenset[Key]
    scratch: Mapping[Key, tuple[int, ...]]
    threads: int = 1
    keep: bool = False
    ties: "tuple[EndTie, ...]" = ()

    @cached_property
    def levels(self) -> tuple[Sharing, ...]:
        """What of the sharing that target and options allow is tried, from the most to the least."""
        most = permitted(self.target.sharing, self.options.share, inplace=self.options.inplace)
        choices = [most]
        if self.options.share == "auto":
            views = replace(most, parts=(), in_place=())
            choices += [replace(most, parts=()), replace(most, in_place=()), views, replace(views, views=())]
        elif self.ties:
            choices.append(replace(most, views=()))  # a tie may hold only where a view is a copy
        return tuple(dict.fromkeys(choices))

    def tied(self, sharing: Sharing) -> tuple[Aliases, tuple[InPlace, ...]]:
        """The classes in any order, and what may be written in place, as far as `sharing` lists the operators."""
        if sharing not in self._tied:
            graph, options, external = self.graph, self.options, self.external
            aliases = find_aliases(
                graph,
                sharing,
                share_io=options.share_io,
                external=external,
                tied=self.ends,
                alignment=self.alignment,
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
            self._tied[sharing] = aliases, pairs
        return self._tied[sharing]

    @cached_property
    def _tie_candidates(self) -> list[InPlace]:
        from tmpass.planning.sharing.tied_writes import tie_candidates

        return tie_candidates(self.graph, self.ties, self.target.sharing)

    @cached_property
    def ends(self) -> frozenset[Key]:
        """The inputs and outputs that are tied."""
        return frozenset(key for tie in self.ties for key in (tie.input, tie.output))

    @cached_property
    def every_pair(self) -> tuple[InPlace, ...]:
        """What may be written in place at any level of sharing: with less of it, other operators may keep a tie."""
        levels = self.levels if self.ties else self.levels[:1]
        return tuple(dict.fromkeys(pair for sharing in levels for pair in self.tied(sharing)[1]))

    @cached_property
    def _tied(self) -> dict[Sharing, tuple[Aliases, tuple[InPlace, ...]]]:
        return {}

    @cached_property
    def alignment(self) -> int:
        """What the begin of every tensor is a multiple of."""
        homes = [m.alignment for m in self.target.memories if "activations" in m.holds or "inputs_outputs" in m.holds]
        return lcm(*homes)

    @cached_property
    def counted(self) -> Runtime:
        """How bytes count in what no plan can do without: pieces that lie within a granule are not rounded up."""
        runtime = self.target.runtime
        return runtime if self.alignment % runtime.rounding == 0 else replace(runtime, rounding=1)

    @cached_property
    def one_choice(self) -> bool:
        """Whether the first level shares all that may be shared, in the only way there is."""
        aliases = self.tied(self.levels[0])[0]
        outside = any(key in aliases.root for key in self.external)
        return aliases.whole and not outside and self.counted is self.target.runtime

    @cached_property
    def atoms(self) -> Atoms:
        """What tensors hold in common, whichever of them share."""
        return find_atoms(
            self.graph,
            self.levels[0],
            self.counted.round_up,
            share_io=self.options.share_io,
            external=self.external,
            tied=self.ends,
            alignment=self.alignment,
            loops_copy=self.target.runtime.loops_copy,
        )
