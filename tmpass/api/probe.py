"""Measures the scratch of kernels with the interpreter that they belong to."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

from tmpass.base.errors import UsageError
from tmpass.loading.carrier import Carrier, load_carrier, open_carrier
from tmpass.loading.contract import ProbingFrontend
from tmpass.targets import RUNTIMES
from tmpass.targets.scratch.rule import ScratchRule


@dataclass(frozen=True, slots=True)
class Probe:
    """The measured scratch of a model.

    Fields:
        sha256: of the model's file.
        rules: one for each operator that needs scratch, or whose kind may need some.
        clean: the number of operators without scratch.
        unknown: a line for each operator that could not be measured.
    """

    sha256: str
    rules: tuple[ScratchRule, ...]
    clean: int
    unknown: tuple[str, ...]


def probe_scratch(model: object) -> Probe:
    """Measure the scratch of each operator of `model`: one buffer for all requests of its kernel.

    Args:
        model: a path, the bytes of a file, or a model in memory.

    Raises:
        UsageError: the interpreter is not installed, or no interpreter measures this format.
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
        # A row of 0 bytes is needed only where operators of this kind may need scratch.
        if measured or kind not in none:
            rules.append(ScratchRule(kind, measured, subgraph, index, f"measured with {engine}"))
    return Probe(loaded.info.sha256, tuple(rules), clean, tuple(unknown))


def _without_scratch(carrier: Carrier) -> Collection[str]:
    """The kinds of operators without scratch, of the runtime whose interpreter the frontend asks."""
    asked = (runtime for runtime in RUNTIMES.values() if carrier.frontend.NAME in runtime.probes)
    return next(asked, RUNTIMES[""]).without_scratch


def _prober(carrier: Carrier) -> ProbingFrontend:
    if not hasattr(carrier.frontend, "probe"):
        what = f"no interpreter measures {carrier.frontend.NAME} models"
        raise UsageError(what, where=carrier.name, hint="write the scratch file by hand: docs/scratch.md")
    return cast(ProbingFrontend, carrier.frontend)
