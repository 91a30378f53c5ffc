"""Claims that the verifier takes on trust are listed: with a target, only those that it does not settle."""

from dataclasses import replace

import pytest
from make_models import FOLDER
from support.graphs import Sketch, chain, graph_of
from support.planning import ALL, INFO

from tmpass.api.plan import plan
from tmpass.api.verify import proved, trusted, verify
from tmpass.loading.load import Model
from tmpass.plans.plan import Plan
from tmpass.targets import Memory, Sharing, load_target
from tmpass.targets.scratch.rule import ScratchRule

MODEL = Model(INFO, chain(64, 32, 64))


def whats(plan: Plan, **more) -> list[str]:
    return [one.what for one in trusted(plan, **more)]


def says(plan: Plan, what: str, **more) -> list[str]:
    return [one.message for one in trusted(plan, **more) if one.what == what]


def test_without_a_target_every_fact_of_a_device_is_named():
    made = plan(MODEL, "tflm", budget=4096, scratch=[ScratchRule("OP", 16)])
    assert whats(made)[:6] == ["memories", "capacity", "alignment", "runtime", "sharing", "scratch"]
    assert says(made, "memories") == ["'tflm' has the memory 'arena', for what is in it"]
    assert says(made, "capacity") == ["'arena' has 4096 B (4 KiB)"]
    assert says(made, "alignment") == ["'arena' needs offsets that are multiples of 16 B"]
    assert says(made, "runtime") == ["it is tflm"]
    assert says(made, "scratch") == ["kernels need what 1 rule of the plan's options says"]


def test_with_its_target_a_plan_leaves_what_its_options_say_and_the_bounds():
    assert whats(plan(MODEL, ALL), target=ALL) == ["scratch", "order"]
    made = plan(MODEL, ALL, budget=4096, alignment=32, scratch=[ScratchRule("OP", 16)])
    assert whats(made, target=ALL) == ["capacity", "alignment", "scratch", "order"]
    assert says(made, "capacity", target=ALL) == ["'arena' has 4096 B (4 KiB), by the plan's own budget"]
    assert says(made, "scratch", target=ALL) == [
        f"kernels need what 1 rule of the plan's options says, which {ALL.name} does not have"
    ]


def test_rules_of_the_target_are_no_trust():
    target = replace(ALL, scratch=(ScratchRule("OP", 16, source="data sheet"),))
    assert "scratch" not in whats(plan(MODEL, target), target=target)


def test_kernels_that_are_known_to_need_no_scratch_do_not_read_as_if_rules_were_missing():
    made = plan(FOLDER / "attention.tflite", "tflm")
    assert made.options.scratch == made.not_counted == ()
    assert says(made, "scratch", target="tflm") == ["the kernels of this model need none, by tflm"]


def test_kernels_of_which_nothing_is_known_read_as_such():
    made = plan(MODEL, "tflm")
    assert made.not_counted
    assert says(made, "scratch", target="tflm") == [
        "kernels need no memory of their own: tflm has no rules for the kernels of this model"
    ]


def test_what_a_profile_assumes_is_named():
    made = plan(MODEL, "pixel6-tpu")
    assert says(made, "capacity", target="pixel6-tpu") == ["that of 'scratchpad' is an assumption of pixel6-tpu"]
    made = plan(MODEL, "tflm")
    assert load_target("tflm").assumed == ("word",)
    assert says(made, "capacity", target="tflm") == []
    assert says(made, "overhead", target="tflm") == ["pointers of 8 B are an assumption of tflm"]


def test_tensors_that_share_are_counted():
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.view(sketch.op([sketch.input(16)], 16))], 8)]
    model = Model(INFO, graph_of(sketch))
    assert says(plan(model, ALL), "sharing") == ["the runtime lets 1 tensor share storage as the plan has it"]
    none = "no tensor shares storage as a view, as a piece or in place"
    assert says(plan(model, ALL, share="none"), "sharing") == [none]


def test_tensors_that_share_are_counted_without_the_reasons_of_the_plan():
    sketch = Sketch()
    a = sketch.op([sketch.view(sketch.input(16))], 16)
    sketch.outputs = [sketch.op([sketch.concat(sketch.view(a), sketch.op([a], 16))], 8)]
    for share in ("auto", "views", "none"):
        made = plan(Model(INFO, graph_of(sketch)), ALL, share=share)
        bare = replace(made, tensors=tuple(replace(row, reason="") for row in made.tensors))
        assert says(bare, "sharing") == says(made, "sharing")


def test_bounds_that_stand_for_a_search_are_named():
    made = plan(MODEL, ALL)
    (memory,) = made.memories
    claimed = replace(made, memories=(replace(memory, live_bytes=memory.lower_bound - 1),))
    wanted = [f"no addresses in 'arena' take less than {memory.lower_bound} B"]
    assert says(claimed, "lower bound", target=ALL) == wanted
    assert says(made, "lower bound", target=ALL) == []
    assert says(made, "order") == ["no order has less than 96 B alive at once"]


def test_a_bound_on_orders_is_proved_from_the_model_and_not_trusted_then():
    made = plan(MODEL, ALL)
    assert [one.message for one in proved(made, MODEL)] == ["no order has less than 96 B alive at once"]
    assert "order" in whats(made)
    assert "order" not in whats(made, model=MODEL)
    higher = replace(made, order=replace(made.order, lower_bound=97))
    assert proved(higher, MODEL) == ()
    assert "order" in whats(higher, model=MODEL)
    other = replace(made, model=replace(made.model, sha256="1" * 64))
    assert proved(other, MODEL) == ()


def test_a_target_that_lets_less_share_proves_more():
    sketch = Sketch()
    made = sketch.unary(sketch.op([sketch.input(1)], 64))
    sketch.outputs = [sketch.op([made], 1)]
    model = Model(INFO, graph_of(sketch))
    target = replace(ALL, sharing=Sharing(("every",), (), ()))
    found = plan(model, target)
    assert found.order.lower_bound == 128
    assert proved(found, model) == ()
    assert [one.what for one in proved(found, model, target=target)] == ["order"]


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"name": "other"}, "the plan is for target 'all', not for 'other'"),
        (
            {"memories": (Memory("arena", 1 << 20, 1, ALL.memories[0].holds),)},
            "arena has capacity unlimited",
        ),
        ({"sharing": Sharing(views=())}, "nothing ties them"),
    ],
)
def test_what_a_target_says_is_held(change, wanted):
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.view(sketch.op([sketch.input(16)], 16))], 8)]
    model = Model(INFO, graph_of(sketch))
    made = plan(model, ALL)
    assert verify(made, model, target=ALL) == ()
    found = verify(made, model, target=replace(ALL, **change))
    assert any(wanted in violation.message for violation in found), found
