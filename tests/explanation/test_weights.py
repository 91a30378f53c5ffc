"""Where constants are and why: figures and reasons are held against sums over the rows, and against all choices."""

import json
import random
import re
from dataclasses import replace
from itertools import product

import pytest
from fuzz.drawn_graphs import draw_case
from support.graphs import Sketch, graph_of
from support.planning import INFO

from tmpass.api.plan import plan
from tmpass.base.errors import ModelError, TargetError
from tmpass.explanation.weight_facts import Place
from tmpass.explanation.weights import find_weights
from tmpass.graph.model import Graph, TensorKind
from tmpass.loading.load import Model
from tmpass.plans.plan import Plan
from tmpass.report.json.weights import to_json
from tmpass.report.page.data import page_data
from tmpass.report.weights import reason, shares, weight_lines
from tmpass.targets import EVERY as ALL
from tmpass.targets import Memory, Sharing, Target

EVERY = ("activations", "variables", "weights", "inputs_outputs")
LACKS = re.compile(r"to stay it needs (\d+) B, and step (\d+) has (\d+) B left$")


def network(rng: random.Random) -> Graph:
    """A chain of operators, each with constants of its own, and some that several read."""
    sketch = Sketch()
    x = sketch.input(rng.choice((8, 16, 40)))
    common = [sketch.tensor(rng.choice((4, 24)), TensorKind.CONSTANT) for _ in range(rng.randint(0, 2))]
    for _ in range(rng.randint(2, 4)):
        own = [sketch.tensor(rng.choice((3, 8, 16, 17, 40, 64)), TensorKind.CONSTANT) for _ in range(rng.randint(0, 2))]
        x = sketch.op([x, *own, *rng.sample(common, rng.randint(0, len(common)))], rng.choice((8, 16, 48)))
    sketch.outputs = [x]
    return graph_of(sketch)


def target(capacity: int | None, alignment: int = 1, chunk: int | None = None, *, compute: bool = False) -> Target:
    inner = Memory("near", capacity, alignment, EVERY)
    far = Memory("far", None, 4, EVERY, compute=compute, chunk=chunk)
    return Target("mine", "", "", (inner, far), Sharing((ALL,), (), ()))


def planned(graph: Graph, goal: Target) -> Plan:
    return plan(Model(INFO, graph), goal)


class Choices:
    """The bytes of the scratchpad at each step for any choice of residents, counted from the model."""

    def __init__(self, made: Plan, graph: Graph, goal: Target) -> None:
        near, far = goal.memories
        self.alignment, self.room = near.alignment, near.capacity
        self.stored = {row.id: row for row in made.constants if row.use == "stored"}
        owner = {key[1]: row.id for row in self.stored.values() for key in row.tensors}
        ops = [graph.subgraphs[0].ops[step.op] for step in made.schedule]
        self.reads = [{owner[t] for t in op.inputs if t in owner} for op in ops]
        self.tops = [
            max([0, *(self.up(b.offset + b.size) for b in made.buffers_in("near") if b.lower <= step < b.upper)])
            for step in range(len(ops))
        ]
        self.sums = [
            sum(self.up(b.size) for b in made.buffers_in("near") if b.lower <= step < b.upper)
            for step in range(len(ops))
        ]
        self.window = {
            number: row.size if far.chunk is None else min(row.size, far.chunk) for number, row in self.stored.items()
        }

    def up(self, size: int) -> int:
        return -(-size // self.alignment) * self.alignment

    def needed(self, residents: set[int]) -> list[int]:
        kept = sum(self.up(self.stored[number].size) for number in residents)
        staged = [sum(self.up(self.window[number]) for number in read - residents) for read in self.reads]
        return [top + bytes_ + kept for top, bytes_ in zip(self.tops, staged, strict=True)]

    def fit(self, residents: set[int]) -> bool:
        """Whether they fit in some order: what is topmost is not rounded up."""

        def spare(ids: set[int], sizes: dict[int, int]) -> int:
            return max([0, *(self.up(sizes[number]) - sizes[number] for number in ids)])

        whole = spare(residents, {number: row.size for number, row in self.stored.items()})
        ends = zip(self.needed(residents), self.reads, strict=True)
        return all(end - (whole if residents else spare(read, self.window)) <= self.room for end, read in ends)

    def streamed(self, residents: set[int]) -> int:
        return sum(self.stored[number].size for read in self.reads for number in read - residents)

    def least(self) -> int:
        ids = list(self.stored)
        choices = [
            {number for number, stays in zip(ids, bits, strict=True) if stays}
            for bits in product((0, 1), repeat=len(ids))
        ]
        return min(self.streamed(c) for c in choices if self.fit(c))


def drawn(seed: int):
    for number in range(100):
        rng = random.Random(100 * seed + number)
        graph = network(rng)
        goal = target(
            rng.choice((rng.randint(60, 260), 16 * rng.randint(4, 16))), rng.choice((1, 4, 16)), rng.choice((None, 4))
        )
        made = planned(graph, goal)
        if made.constants:
            yield made, graph, goal


@pytest.mark.parametrize("seed", range(3))
def test_each_reason_is_the_sum_that_it_names_and_no_choice_goes_below_the_bound(seed):
    lacking = resident = proved = 0
    for made, graph, goal in drawn(seed):
        known, choices = find_weights(made, graph), Choices(made, graph, goal)
        choices.tops = choices.sums if known.among else choices.tops
        ids = {row.id for row in known.rows if row.place is Place.RESIDENT}
        assert known.streamed == choices.streamed(ids)
        for row in known.rows:
            if row.place is Place.RESIDENT:
                resident += 1
                assert row.saved == choices.streamed(ids - {row.id}) - known.streamed
                assert f"saves {row.saved} B a run" in row.why or row.saved == 0
            elif row.place is Place.STREAMED and (found := LACKS.search(row.why)):
                needed, step, left = map(int, found.groups())
                with_it = choices.needed(ids | {row.id})
                assert needed == choices.up(row.size)
                assert max(with_it) == with_it[step]
                assert with_it[step] - choices.up(choices.room) == needed - left
                assert not choices.fit(ids | {row.id})
                lacking += 1
        if known.among:  # the copies lie among the buffers
            assert known.least_streamed is None
        elif made.fits:
            least = choices.least()
            assert known.least_streamed <= least <= known.streamed
            if choices.room % choices.alignment == 0:
                assert least == known.streamed
            proved += known.least_streamed == least > 0
            assert known.left == made.memories[0].capacity - made.memories[0].needed
    assert min(lacking, resident) > 50
    assert proved > 8


@pytest.mark.parametrize("seed", range(2))
def test_layers_have_the_constants_that_their_operators_read(seed):
    for made, graph, goal in drawn(seed):
        known, choices = find_weights(made, graph), Choices(made, graph, goal)
        assert known.layers is not None
        assert [layer.step for layer in known.layers] == [at for at, read in enumerate(choices.reads) if read]
        for layer in known.layers:
            rows = [known.rows[number] for number in layer.rows]
            assert {row.id for row in rows} == choices.reads[layer.step]
            assert layer.bytes == sum(row.size for row in rows) == sum(size for _, size in layer.shares)
            assert [row.size for row in rows] == sorted((row.size for row in rows), reverse=True)
            assert any(reason(layer, known).endswith(row.why) for row in rows)


def mixed_case():
    """A plan with constants that stay and others that do not."""
    return next(case for case in drawn(0) if {"resident", "streamed"} <= {row.use for row in case[0].constants})


def test_without_the_model_only_streamed_copies_have_steps():
    made, graph, _ = mixed_case()
    alone, known = find_weights(made), find_weights(made, graph)
    assert alone.layers is None
    assert alone.least_streamed is None
    assert alone.streamed == known.streamed
    for without, row in zip(alone.rows, known.rows, strict=True):
        assert without.steps == (row.steps if row.place is Place.STREAMED else None)
        assert without.saved is None


def test_constants_that_are_read_in_place_need_no_copy():
    graph = network(random.Random(1))
    known = find_weights(planned(graph, target(None, compute=True)), graph)
    assert {row.place for row in known.rows} == {Place.IN_PLACE}
    assert {row.why for row in known.rows} == {"operators use far directly"}
    assert (known.memory, known.room, known.resident, known.streamed) == ("", None, 0, 0)
    lines = dict(weight_lines(known))
    assert list(lines) == ["weights", "streamed", "in place"]
    assert lines["streamed"] == "0 B in each run"


def test_where_the_plan_does_not_fit_nothing_stays_and_the_step_that_lacks_bytes_is_named():
    graph = network(random.Random(3))
    made = planned(graph, target(40))
    known = find_weights(made, graph)
    assert not made.fits
    assert known.left == 0
    assert known.resident == 0
    assert any("nothing stays, since step" in row.why for row in known.rows)


def test_a_constant_that_no_operator_reads_is_named_so():
    sketch = Sketch()
    x, read = sketch.input(8), sketch.tensor(32, TensorKind.CONSTANT)
    sketch.outputs = [sketch.op([x, read], 8), sketch.tensor(16, TensorKind.CONSTANT)]
    graph = graph_of(sketch)
    known = find_weights(planned(graph, target(64, chunk=4)), graph)
    rows = {row.size: row for row in known.rows}
    assert "no operator reads it" in rows[16].why
    assert rows[16].steps == ()


@pytest.mark.parametrize("seed", range(60))
def test_figures_are_those_of_the_rows_in_any_plan(seed):
    """Drawn models of all kinds: bodies, constants stored once for several tensors, memories without limits."""
    _, graph, goal, options = draw_case(seed, 6)
    try:
        made = plan(Model(INFO, graph), goal, **options)
    except (ModelError, TargetError):
        return
    known = find_weights(made, graph)
    sizes = {row.tensors: row.size for row in made.constants if row.use == "stored"}
    for use, total in (("streamed", known.streamed), ("resident", known.resident)):
        assert total == sum(sizes[row.tensors] for row in made.constants if row.use == use)
    assert known.stored == sum(sizes.values())
    assert all(row.why for row in known.rows)
    if known.left is not None and made.fits:
        memory = made.memory(known.memory)
        assert known.left == memory.capacity - memory.needed
    assert json.loads(to_json(made, known))["streamed"] == known.streamed


def test_a_broken_plan_is_described_all_the_same():
    made, graph, _ = next(drawn(1))
    rows = tuple(replace(row, lower=-5, upper=1 << 62, size=1 << 62, offset=1 << 62) for row in made.constants)
    buffers = tuple(replace(buffer, lower=-3, upper=1 << 62) for buffer in made.buffers)
    steps = tuple(replace(step, subgraph=7, op=1 << 40) for step in made.schedule)
    known = find_weights(replace(made, constants=rows, buffers=buffers, schedule=steps), graph)
    assert known.layers == ()
    assert find_weights(replace(made, constants=())).rows == ()


def test_json_and_page_say_what_the_table_says():
    made, graph, _ = mixed_case()
    known = find_weights(made, graph)
    facts = json.loads(to_json(made, known))
    assert facts["schema"] == "tmpass.weights/1"
    assert [row["why"] for row in facts["constants"]] == [row.why for row in known.rows]
    assert [layer["why"] for layer in facts["layers"]] == [reason(layer, known) for layer in known.layers]
    assert [layer["places"] for layer in facts["layers"]] == [
        {str(place): size for place, size in layer.shares} for layer in known.layers
    ]
    view = page_data(made, None, graph)["views"][0]["constants"]
    assert view["lines"] == weight_lines(known)
    assert [row[-3:-1] for row in view["known"]] == [[row.why, row.steps] for row in known.rows]
    mixed = next((layer for layer in known.layers if len(layer.shares) > 1), None)
    assert mixed is None or shares(mixed).count(" B") == len(mixed.shares)
    lines = dict(weight_lines(known))
    assert lines["left"].startswith(f"{known.left} B")
    assert lines["streamed"].startswith(f"{known.streamed} B in each run; ")
