"""Measures what kernels need and keep, with the interpreter that they belong to."""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.graph.model import Graph
from tmpass.loading.carrier import Carrier, load_carrier, open_carrier
from tmpass.loading.contract import MeasuringFrontend, ProbingFrontend
from tmpass.loading.load import Model, load_to_plan
from tmpass.targets import RUNTIMES, Runtime
from tmpass.targets.not_run import find_not_run_by
from tmpass.targets.scratch.find import scratch_of
from tmpass.targets.scratch.rule import ScratchRule
from tmpass.targets.sharing import CUSTOM
from tmpass.targets.tail import Kernel, Rules, load_rules, predict
from tmpass.targets.tail.scratch import runtime_scratch


@record
class Probe:
    """The measured scratch of a model.

    Fields:
        sha256: of the model's file.
        rules: one for each operator that needs scratch, or whose kind may need some; then it may be of 0 bytes.
        clean: the number of operators without scratch, those with a rule of 0 bytes included.
        unknown: a line for each operator that could not be measured.
    """

    sha256: str
    rules: tuple[ScratchRule, ...]
    clean: int
    unknown: tuple[str, ...]


@record
class ArenaProbe:
    """The measured arena of a model.

    Fields:
        sha256: of the model's file.
        source: what measured.
        whole: "head", "tail" and "arena" of the model in bytes, the last the least in which it can be prepared; empty
            where they are unknown.
        kernels: for each operator that the rules of the runtime do not know, or for which they have other numbers.
        clean: the number of operators that are as the rules say.
        unknown: a line for each operator, and for the plan in the file, that could not be measured.
        fault: why the model cannot be set up, or the first operator that is known not to run; empty if it runs.
    """

    sha256: str
    source: str
    whole: Mapping[str, int]
    kernels: tuple[Kernel, ...]
    clean: int
    unknown: tuple[str, ...]
    fault: str


def probe_arena(model: object) -> ArenaProbe:
    """Measure the arena of `model`, and what each of its operators keeps and needs in it.

    It takes what `probe_scratch` takes, and raises what that raises.
    """
    carrier, loaded, frontend, runtime = _open(model)
    if not hasattr(frontend, "measure"):
        what = f"no interpreter measures the arena of {frontend.NAME} models"
        raise UsageError(what, where=carrier.name, hint="tmpass probe-scratch measures scratch")
    rules = load_rules(runtime.tail) if runtime.tail else Rules("")
    engine, whole, operators = cast(MeasuringFrontend, frontend).measure(carrier.data, loaded.graph)
    kernels, clean = list[Kernel](), 0
    unknown = ["the plan in the file: the model is measured without it"] * carrier.planned
    figures: dict[str, int] = {}
    fault = _fault(loaded.graph, runtime)
    if isinstance(whole, str):
        fault = f"it cannot be set up: {whole}"
    else:
        figures = dict(zip(("head", "tail", "arena"), whole, strict=True))
    for s, index, measured in operators:
        op = loaded.graph.subgraphs[s].ops[index]
        if isinstance(measured, str):
            unknown.append(f"operator {index} ({op.kind}) of subgraph {s}: {measured}")
            continue
        alone, scratch, tail = measured
        kept = _kept(load_to_plan(alone, {}).graph, rules, runtime, scratch, tail, custom=op.custom)
        if kept is None:
            clean += 1
            continue
        kind = CUSTOM + op.kind if op.custom else op.kind
        kernels.append(Kernel(kind, persistent=kept, scratch=(scratch,) * (scratch > 0), place=(s, index)))
    return ArenaProbe(
        loaded.info.sha256, f"measured with {engine}", figures, tuple(kernels), clean, tuple(unknown), fault
    )


def _fault(graph: Graph, runtime: Runtime) -> str:
    """The first operator that `runtime` is known not to run, which may be told only when it computes."""
    for s, index, fault in find_not_run_by(graph, runtime):
        if fault.known:
            kind = f"{graph.subgraphs[s].ops[index].kind} {fault.text}".strip()
            return f"{runtime.title} refuses {kind} (operator {index})"
    return ""


def _kept(
    alone: Graph, rules: Rules, runtime: Runtime, scratch: int, tail: int, *, custom: bool
) -> tuple[int, ...] | None:
    """What the kernel of a model of one operator keeps; None where the rules say all of what was measured."""
    expected = predict(alone, rules)
    known = scratch_of(alone, runtime_scratch(alone, runtime)).get((0, 0), ())
    rounded = sum(runtime.round_up(size) for size in known)
    if not expected.unknown and expected.total == tail and rounded == scratch:
        return None
    base = predict(alone, replace(rules, kernels={})).total
    # Options of less than the padding behind them do not show: one rounding more is an upper bound. Custom operators
    # have none. A buffer of scratch has a handle in the tail, which counts for it.
    kept = max(tail - base + (0 if custom else rules.alignment), 0)
    return (kept,) if kept else ()


def probe_scratch(model: object) -> Probe:
    """Measure the scratch of each operator of `model`: one buffer for all requests of its kernel.

    Args:
        model: a path, the bytes of a file, or a model in memory.

    Raises:
        UsageError: the interpreter is not installed, or no interpreter measures this format.
        ModelError: the model cannot be read.
    """
    carrier, loaded, frontend, runtime = _open(model)
    engine, found = frontend.probe(carrier.data, loaded.graph)
    none = runtime.without_scratch
    rules, unknown, clean = list[ScratchRule](), list[str](), 0
    for subgraph, index, measured in found:
        op = loaded.graph.subgraphs[subgraph].ops[index]
        kind = op.kind
        if isinstance(measured, str):
            unknown.append(f"operator {index} ({kind}) of subgraph {subgraph}: {measured}")
            continue
        clean += not measured
        # A row of 0 bytes is needed only where operators of this kind may need scratch.
        if measured or (f"custom:{kind}" if op.custom else kind) not in none:
            rules.append(ScratchRule(kind, measured, subgraph, index, f"measured with {engine}"))
    return Probe(loaded.info.sha256, tuple(rules), clean, tuple(unknown))


def _open(model: object) -> tuple[Carrier, Model, ProbingFrontend, Runtime]:
    """The file of `model`, what was read of it, the frontend that measures it, and the runtime that this asks."""
    carrier = open_carrier(model)
    loaded = load_carrier(carrier, {})
    if not hasattr(carrier.frontend, "probe"):
        what = f"no interpreter measures {carrier.frontend.NAME} models"
        raise UsageError(what, where=carrier.name, hint="write the scratch file by hand: docs/scratch.md")
    asked = (runtime for runtime in RUNTIMES.values() if carrier.frontend.NAME in runtime.probes)
    return carrier, loaded, cast(ProbingFrontend, carrier.frontend), next(asked, RUNTIMES[""])
