"""What is fuzzed: for each reader of the project, inputs to begin with, ways to damage them, and a check.

A check returns a word for what came of an input. A TmpassError is a documented end, but for one that says that a plan
is wrong; any other exception is a find. What is accepted is used: planned, verified, written in a format, read again.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from fuzz.mutate import Mutator, change_bytes, change_json, change_onnx, change_tokens, change_words
from fuzz.seeds import onnx_models, plans, problems, profiles, scratch_files, tflite_models, transfer_graphs

CORPUS = Path(__file__).parent / "corpus"

NODES, STATES = 300, 100
"""What the searches of one run may spend."""

Check = Callable[[random.Random, bytes], str]


@dataclass(frozen=True)
class Target:
    """One reader: `seeds` makes the inputs to begin with, `ways` damage them, `check` tries one."""

    name: str
    suffix: str
    seeds: Callable[[], list[bytes]]
    ways: tuple[Mutator, ...]
    check: Check
    apart: Check | None = field(default=None)
    """The same where a crash of other packages' native code is kept apart, which `check` does not."""

    def inputs(self) -> list[bytes]:
        """The seeds, and the finds of earlier runs."""
        folder = CORPUS / self.name
        return [*self.seeds(), *(path.read_bytes() for path in sorted(folder.glob("*")) if path.is_file())]


def _options(rng: random.Random) -> dict[str, Any]:
    """Drawn options of a plan."""
    return {
        "target": rng.choice(("pixel6-tpu", "pixel6-tpu", "tflm", "litert-cpu", "minimalloc")),
        "io": rng.choice(("arena", "arena", "external")),
        "share": rng.choice(("auto", "auto", "auto", "views", "none")),
        "share_io": rng.random() < 0.3,
        "keep_inputs": rng.random() < 0.3,
        "inplace": rng.random() < 0.8,
        "allow_unplanned": rng.random() < 0.3,
        "schedule": rng.choice(("auto", "auto", "given", "topological")),
        "budget": rng.choice((None, None, 64, 1 << 16)),
    }


def _plan_of(rng: random.Random, graph: Any, data: bytes, form: str, **more: Any) -> str:
    """Plan a graph that was accepted, verify the plan, and write and read it."""
    import hashlib

    from tmpass.api.plan import plan
    from tmpass.api.verify import verify
    from tmpass.loading.load import Model
    from tmpass.plans.model_info import ModelInfo
    from tmpass.plans.plan_json import parse_plan

    model = Model(ModelInfo(f"m.{form}", form, hashlib.sha256(data).hexdigest()), graph)
    options = {**_options(rng), **more}
    made = plan(model, nodes=NODES, states=STATES, **options)
    if rng.random() < 0.2:
        target = options["target"]
        assert verify(made, model, target=target) == ()
        again = parse_plan(made.to_json())
        assert again == made
        _write(rng, made)
    return "planned" if made.fits else "does not fit"


def _write(rng: random.Random, made: Any) -> None:
    """Write a plan in every format, and what a terminal gets."""
    from tmpass.report.formats.registry import all_formats
    from tmpass.report.terminal.picture import picture
    from tmpass.report.terminal.summary import summary
    from tmpass.report.terminal.tables import buffer_table

    form = rng.choice([*all_formats()])
    if len(made.memories) < 100:
        form.emit(made).encode()
    for memory in made.memories[:3]:
        picture(made, memory)
    summary(made)
    buffer_table(made)


def check_tflite(rng: random.Random, data: bytes) -> str:
    """Read a TFLite file, plan it, and put a plan into it and take it off."""
    from tmpass.frontends import tflite

    if not tflite.accepts(data):
        return "not taken"
    bindings = rng.choice(({}, {}, {"x:0": 2}))
    graph = tflite.load(data, bindings)
    outcome = _plan_of(rng, graph, data, "tflite", bind=bindings)
    if rng.random() < 0.1:
        orders = [list(range(len(subgraph.ops))) for subgraph in graph.subgraphs]
        offsets = [[16 * t for t in range(len(subgraph.tensors))] for subgraph in graph.subgraphs]
        planned = tflite.apply(data, orders, offsets, keeps_offsets=False, bindings=bindings, plan="")
        assert tflite.strip(planned) == data
    return outcome


def check_onnx(rng: random.Random, data: bytes) -> str:
    """Read an ONNX file in this process, plan it, and put a plan into it and take it off."""
    from tmpass.frontends.onnx.convert import convert

    return _onnx(rng, data, convert)


def check_onnx_apart(rng: random.Random, data: bytes) -> str:
    """The same as the command line does it, in a child process."""
    from tmpass.frontends.onnx import load

    return _onnx(rng, data, load)


def _onnx(rng: random.Random, data: bytes, load: Callable[..., Any]) -> str:
    from tmpass.frontends import onnx

    if not onnx.accepts(data):
        return "not taken"
    bindings = rng.choice(({}, {"N": 2}, {"N": 3}))
    graph = load(data, bindings)
    outcome = _plan_of(rng, graph, data, "onnx", bind=bindings)
    if rng.random() < 0.05:
        onnx.other_files(data)
        onnx.strip(data)
    return outcome


@cache
def _planned() -> list[tuple[Any, bytes]]:
    """The models of the seeds that are plans, and these."""
    from tmpass.loading.load import load
    from tmpass.plans.plan_json import parse_plan

    models = {model.info.sha256: model for model in map(load, tflite_models())}
    return [(models[sha], text) for text in plans() if (sha := parse_plan(text).model.sha256) in models]


def check_plan(rng: random.Random, data: bytes) -> str:
    """Read a plan, verify it, compare it, write it in every format."""
    from tmpass.api.verify import trusted, verify
    from tmpass.plans.diff import diff
    from tmpass.plans.plan_json import parse_plan
    from tmpass.report.references import check_references
    from tmpass.report.terminal.difference import head, shift_table, to_json

    made = parse_plan(data.decode("utf-8-sig"))
    assert parse_plan(made.to_json()) == made
    model, text = rng.choice(_planned())
    model = next((m for m, _ in _planned() if m.info.sha256 == made.model.sha256), model)
    target = rng.choice((None, "tflm", "pixel6-tpu"))
    violations = verify(made, model, target=target)
    trusted(made, target=target)
    assert all("\n" not in violation.message for violation in violations)
    check_references(made, "plan")
    _write(rng, made)
    other = parse_plan(text)
    found = diff(other, made)
    head(other, made, found)
    shift_table(found)
    to_json(other, made, found, None)
    return "wrong" if violations else "right"


def check_csv(rng: random.Random, data: bytes) -> str:
    """Read a problem, solve it with few nodes, explain it, write it and read it again."""
    from tmpass.packing.allocate import allocate
    from tmpass.packing.conflict import find_conflict
    from tmpass.packing.problem_csv import read_problem, write_solution
    from tmpass.packing.problem_memories import parse_memories
    from tmpass.report.terminal.conflict import conflict_table, headline, remedy

    memories = parse_memories(rng.choice(((), (), ("sram=1KiB", "dram=1MiB"))), 1)
    capacity = rng.choice((None, None, 64, 1 << 20))
    problem = read_problem(data.decode("utf-8-sig"), "p.csv", capacity=capacity, memories=memories)
    method = rng.choice(("auto", "auto", "first-fit", "greedy-by-size", "minimalloc", "telamalloc", "best-fit"))
    answer = allocate(problem, method, minimize=rng.random() < 0.5, nodes=NODES)
    if answer.offsets is None or answer.status == "infeasible":
        conflict = find_conflict(problem, answer, nodes=NODES)
        if conflict is not None:
            headline(problem, conflict)
            conflict_table(problem, conflict)
            remedy(problem, conflict)
        return str(answer.status)
    if answer.status != "unknown":
        text = write_solution(problem, answer.offsets)
        again = read_problem(text, "s.csv", capacity=capacity, memories=memories)
        assert [b.offset for b in again.buffers] == list(answer.offsets)
        assert [b.id for b in again.buffers] == [b.id for b in problem.buffers]
    return str(answer.status)


@cache
def _small() -> Any:
    from tmpass.loading.load import load

    return load(tflite_models()[0])


def check_toml(rng: random.Random, data: bytes) -> str:
    """Read a target, show it, and plan a small model for it."""
    from tmpass.api.plan import plan
    from tmpass.api.verify import verify
    from tmpass.report.json.target import target_json
    from tmpass.report.terminal.tables import memory_table, scratch_table, sharing_table, target_list
    from tmpass.targets import parse_target

    target = parse_target(data.decode("utf-8-sig"), "t.toml")
    for table in (memory_table, sharing_table, scratch_table):
        table(target)
    target_list([target])
    target_json(target).encode()
    made = plan(_small(), target, nodes=NODES, states=STATES, share_io=rng.random() < 0.5)
    assert verify(made, _small(), target=target) == ()
    return "planned" if made.fits else "does not fit"


def check_scratch(rng: random.Random, data: bytes) -> str:
    """Read a scratch file, and plan a small model with it."""
    from tmpass.api.plan import plan
    from tmpass.api.verify import verify
    from tmpass.plans.plan_json import parse_plan
    from tmpass.targets.scratch.read import read_scratch
    from tmpass.targets.scratch.write import scratch_json

    rules = read_scratch(data.decode("utf-8-sig"), "s.json")
    made = plan(_small(), rng.choice(("tflm", "pixel6-tpu")), nodes=NODES, states=STATES, scratch=rules)
    assert verify(made, _small()) == ()
    assert parse_plan(made.to_json()) == made
    scratch_json(rules, "0" * 64).encode()
    return "planned" if made.fits else "does not fit"


@cache
def _open() -> list[Any]:
    from tmpass.frontends.onnx.convert import convert

    return [convert(data, {}) for data in onnx_models()]


def check_bindings(rng: random.Random, data: bytes) -> str:
    """Read the texts of --bind, --memory, --budget and --fail-if-grows, a line each, and bind a model."""
    from tmpass.base.sizes import parse_size
    from tmpass.graph.binding import bind, check_bindings, parse_bindings
    from tmpass.packing.problem_memories import parse_memories

    lines = data.decode(errors="surrogateescape").split("\n")
    match rng.randrange(3):
        case 0:
            parse_memories(lines, 64)
            return "memories"
        case 1:
            parse_size(lines[0], "--budget")
            return "size"
    bindings = check_bindings(parse_bindings(lines))
    bind(rng.choice(_open()), bindings, allow_unplanned=rng.random() < 0.5)
    return "bound"


def check_transfers(rng: random.Random, data: bytes) -> str:
    """Read a graph of operators and tensors, plan its transfers with few nodes, and write what came of it."""
    from tmpass.api.spill import spill
    from tmpass.base.choices import SpillOrder
    from tmpass.planning.residency.transfers.methods import METHODS
    from tmpass.planning.residency.transfers.problem_json import read_transfer_problem, write_transfer_plan
    from tmpass.report.terminal.transfers import transfer_json, transfer_summary, travel_table

    problem = read_transfer_problem(
        data.decode("utf-8-sig"),
        "g.json",
        capacity=rng.choice((0, 600, 600, 610, 1 << 20, 1 << 62)),
        alignment=rng.choice((1, 1, 4, 1 << 31)),
        parameters=rng.random() < 0.7,
    )
    order = rng.choice((*SpillOrder,))
    plan = spill(problem, order=order, residency=rng.choice((*METHODS,)), nodes=NODES)
    write_transfer_plan(problem, plan).encode()
    transfer_json(problem, plan, order).encode()
    transfer_summary(problem, plan, order).encode()
    travel_table(problem, plan)
    return str(plan.status)


def _binding_texts() -> list[bytes]:
    return [b"N=2", b"N=2\nx:0=2", b"sram=512KiB\ndram=1MiB@0x80000000", b"1.5MiB", b"x:0=4\nx:1=4\nM=3", b"4096"]


_TEXT = (change_tokens,) * 5 + (change_bytes,)

TARGETS = {
    target.name: target
    for target in (
        Target("tflite", ".tflite", tflite_models, (change_bytes, change_words, change_words), check_tflite),
        Target("onnx", ".onnx", onnx_models, (change_onnx, change_onnx, change_bytes), check_onnx, check_onnx_apart),
        Target("plan", ".json", plans, (change_json,) * 8 + (change_tokens, change_bytes), check_plan),
        Target("csv", ".csv", problems, _TEXT, check_csv),
        Target("toml", ".toml", profiles, _TEXT, check_toml),
        Target("scratch", ".json", scratch_files, (change_json,) * 6 + _TEXT, check_scratch),
        Target("transfers", ".json", transfer_graphs, (change_json,) * 6 + _TEXT, check_transfers),
        Target("bindings", ".txt", _binding_texts, _TEXT, check_bindings),
    )
}
