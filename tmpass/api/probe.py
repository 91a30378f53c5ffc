"""Measures what kernels need while they run, with the interpreter whose kernels they are."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

from tmpass.base.errors import UsageError
from tmpass.loading.load import Carrier, ProbingFrontend, load_carrier, open_carrier
from tmpass.targets import RUNTIMES
from tmpass.targets.scratch.rule import ScratchRule


@dataclass(frozen=True, slots=True)
class Probe:
    """What was measured of the model with that `sha256`: `rules` for the operators that need scratch, or might by their
    kind, `clean` that need none, and in `unknown` a line for each that could not be asked.
    """

    sha256: str
    rules: tuple[ScratchRule, ...]
    clean: int
    unknown: tuple[str, ...]


def probe_scratch(model: object) -> Probe:
    """The scratch of each operator of `model`, a path, bytes or a model in memory: one buffer, in which all that the
    kernel asks for has room.

    Raises:
        UsageError: the interpreter is not installed, or there is none for this format.
        ModelError: the model cannot be read.
    """
    carrier = open_carrier(model)
    loaded = load_carrier(carrier, {})
    engine, found = _prober(carrier).probe(carrier.data, loaded.graph)
    none = _without_scratch(carrier)
    rules, unknown, clean = list[ScratchRule](), list[str](), 0
    for subgraph, index, measured in found:
        kind = loaded.graph.subgraphs[subgraph].ops[index].kind
        if isinstance(measured, str):
            unknown.append(f"operator {index} ({kind}) of subgraph {subgraph}: {measured}")
            continue
        clean += not measured
        # That it needs nothing is worth a row where the kind of operator does not say so.
        if measured or kind not in none:
            rules.append(ScratchRule(kind, measured, subgraph, index, f"measured with {engine}"))
    return Probe(loaded.info.sha256, tuple(rules), clean, tuple(unknown))


def _without_scratch(carrier: Carrier) -> Collection[str]:
    """The kinds of operators without scratch, of the runtime whose interpreter the frontend asks."""
    asked = (runtime for runtime in RUNTIMES.values() if carrier.frontend.NAME in runtime.probes)
    return next(asked, RUNTIMES[""]).without_scratch


def _prober(carrier: Carrier) -> ProbingFrontend:
    if not hasattr(carrier.frontend, "probe"):
        what = f"no interpreter for {carrier.frontend.NAME} models can be asked"
        raise UsageError(what, where=carrier.name, hint="write the scratch file by hand: docs/scratch.md")
    return cast(ProbingFrontend, carrier.frontend)
