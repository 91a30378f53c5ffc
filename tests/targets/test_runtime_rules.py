"""Plans for a runtime whose rules are known: how it counts bytes, and how its loops pass values on."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, chain, graph_of, graphs

from tmpass.api.plan import plan
from tmpass.api.verify import verify
from tmpass.base.errors import TargetError
from tmpass.graph.model import Call, Graph
from tmpass.loading.load import Model
from tmpass.planning.liveness import live_ranges
from tmpass.planning.ordering.file_order import file_order
from tmpass.planning.timeline.lay_out import schedule
from tmpass.plans.model_info import ModelInfo
from tmpass.targets import RUNTIMES, load_target, parse_target
from tmpass.verification.plan import check_plan

TFLM = load_target("tflm")
ANY = replace(TFLM, runtime=RUNTIMES[""])


def model(graph: Graph) -> Model:
    return Model(ModelInfo("drawn", "none", "0" * 64), graph)


def loop() -> Graph:
    """A body whose input ends long before its output is made."""
    main, cond, body = Sketch(), Sketch("cond"), Sketch("body")
    main.outputs = [main.op([main.input(100)], 100, calls=(Call(1, "cond", True), Call(2, "body", True)))]
    cond.outputs = [cond.op([cond.input(100)], 1)]
    small = body.op([body.input(100)], 1)
    body.outputs = [body.op([small], 100)]
    return graph_of(main, cond, body)


def test_sizes_are_rounded_up():
    made = plan(model(chain(20, 4, 30)), TFLM)
    assert [b.size for b in made.buffers] == [20, 4, 30]
    memory = made.memories[0]
    assert (memory.peak, memory.lower_bound, memory.live_bytes, made.order.lower_bound) == (48, 48, 48, 48)
    assert plan(model(chain(20, 4, 30)), ANY).memories[0].peak < 48


def test_a_plan_that_fits_only_without_rounding_does_not_fit():
    whole = plan(model(chain(20, 4, 30)), TFLM).memories[0]
    assert whole.needed == 48 + whole.overhead > 48
    assert not plan(model(chain(20, 4, 30)), TFLM, budget=whole.needed - 1).fits
    assert plan(model(chain(20, 4, 30)), TFLM, budget=whole.needed).fits


def test_loop_state_waits_in_the_outputs_of_its_operator():
    graph = loop()
    timeline = schedule(graph, file_order)
    assert live_ranges(graph, timeline, keep_inputs=False)[2, 0] == (0, 4)
    found = live_ranges(graph, timeline, keep_inputs=False, loops_copy=True)
    assert (found[1, 0], found[2, 0], found[2, 2]) == ((1, 2), (2, 3), (3, 4))
    assert plan(model(graph), TFLM).memories[0].peak < plan(model(graph), ANY).memories[0].peak


@settings(max_examples=200, deadline=None)
@given(graphs(), st.booleans(), st.sampled_from(["auto", "views", "none"]), st.sampled_from(["auto", "given"]))
def test_plans_are_good_and_whole_in_multiples(graph, keep_inputs, share, order):
    made = plan(model(graph), TFLM, keep_inputs=keep_inputs, share=share, schedule=order, states=200)
    assert check_plan(made, graph) == []
    assert all(m.peak % 16 == m.lower_bound % 16 == m.live_bytes % 16 == 0 for m in made.memories)
    assert made.order.lower_bound <= made.memories[0].live_bytes


def test_a_plan_by_other_rules_is_recognised():
    graph = loop()
    made = plan(model(graph), ANY)
    forged = replace(made, target=replace(made.target, runtime="tflm"))
    assert {v.kind for v in check_plan(forged, graph)} >= {"live range"}
    (violation,) = verify(made, model(graph), target=TFLM)
    assert violation.message == "the plan names no runtime, tflm has runtime 'tflm'"


def test_a_profile_names_its_runtime():
    text = 'name = "a"\nsummary = "b"\nstanding = "c"\nruntime = "tflite"\n'
    text += '[[memory]]\nname = "m"\nholds = ["activations"]\n'
    text += 'capacity = { value = "unlimited", source = "d" }\nalignment = { value = 1, source = "d" }\n'
    with pytest.raises(TargetError, match="line 4, runtime: 'tflite' is not a runtime; known are tflm, litert"):
        parse_target(text, "a.toml")
    assert parse_target(text.replace("tflite", "tflm"), "a.toml").runtime is RUNTIMES["tflm"]


def test_the_name_of_a_runtime_stands_in_one_place():
    root = Path(__file__).parent.parent.parent
    names = set(RUNTIMES) - {""}
    found = {
        path.name
        for folder in ("tmpass", "frontends")
        for path in (root / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in names
    }
    # A format that only one runtime reads names it: what it refuses is not a rule for plans. So does an extra.
    assert found == {"runtime.py", "refuse.py", "tflm.py"}
