"""Preparing a model for TensorFlow Lite Micro may need more of the arena than a run."""

import json
from dataclasses import replace

import pytest
from test_layers import ROOT

from tmpass.api.plan import plan
from tmpass.explanation.explain import explain
from tmpass.report.json.explanation import to_json
from tmpass.report.needs import usable, usable_name
from tmpass.report.page.data import page_data
from tmpass.report.terminal.explanation import change_table, conflict_text, head, notes
from tmpass.targets import Memory, Target, load_target

STATES = ROOT / "models" / "states.tflite"
"""Its preparation needs 4976 B by the rules, a run 4576 B."""

PREPARED, RUN = 4976, 4576
RULES = "by rules that may count 528 B and 3 % too much"


def lines(text: str) -> dict[str, str]:
    """First word or words of a line -> the rest of it."""
    return {line[:12].rstrip(): line[13:] for line in text.splitlines()}


def with_psram(capacity: int) -> Target:
    tflm = load_target("tflm")
    sram = replace(tflm.memories[0], name="sram", capacity=capacity)
    psram = Memory("psram", 8 << 20, 16, ("activations", "inputs_outputs"))
    return replace(tflm, name="board", memories=(sram, psram, *tflm.memories[1:]))


def test_the_figures_of_the_model_are_as_the_tests_say():
    memory = plan(STATES, "tflm").memories[0]
    assert memory.tail is not None
    assert (memory.needed, memory.peak + memory.tail) == (PREPARED, RUN)


@pytest.mark.parametrize("budget", [RUN, 4704, PREPARED - 1])
def test_where_only_preparation_lacks_room_no_tensor_and_no_step_is_blamed(budget):
    """Before, a buffer was said not to fit, steps to need more than the capacity, and a tiling was hinted at."""
    known = explain(STATES, "tflm", budget=budget)
    assert known.only_preparation
    assert (known.over, known.conflict, known.tilings, known.rematerialisations) == ((), None, (), ())
    assert change_table(known) is None
    assert conflict_text(known).startswith(f"preparing the model needs {PREPARED} B (4.859 KiB), {RULES}: addresses, ")
    assert "no order helps" not in notes(known)
    assert lines(head(known))["fits"].startswith(f"not found: {PREPARED - budget} B are missing to prepare the model")


def test_an_arena_too_small_for_the_run_as_well_is_explained_by_its_buffers_too():
    """The buffers are judged by what a run leaves them: the capacity less the tail."""
    known = explain(STATES, "tflm", budget=RUN - 16)
    memory = known.peak_step.memory
    assert not known.only_preparation
    assert known.over
    assert memory.room == memory.peak - 16
    first, *rest = conflict_text(known).splitlines()
    assert first.startswith("preparing the model needs ")
    assert rest
    assert f"within {memory.room} B" in rest[0]


def test_what_is_proved_for_preparation_is_said_for_any_order():
    text = conflict_text(explain(STATES, "tflm", budget=4000))
    assert text.startswith("preparing the model needs at least 4256 B (4.156 KiB), in any order: addresses, ")
    assert text.count("\n") == 1


def test_the_least_budget_is_not_called_proved_where_rules_decide_it():
    least = lines(head(explain(STATES, "tflm")))["least budget"]
    assert least.startswith(f"{PREPARED} B (4.859 KiB) to prepare the model, {RULES}; none below {RUN} B")
    assert "proved" not in least


def test_another_memory_for_buffers_does_not_help_to_prepare():
    """Before: "less may be enough, with more buffers in psram"."""
    known = explain(STATES, with_psram(4704))
    assert known.elsewhere == "psram"
    assert known.only_preparation
    said = head(known) + conflict_text(known)
    assert "more buffers in psram" not in said
    assert f"preparing the model needs {PREPARED} B" in said


def test_the_line_of_the_capacity_leaves_buffers_the_room_of_a_run():
    made = plan(STATES, "tflm", budget=4704)
    memory = made.memories[0]
    assert usable(memory) == 4704 - memory.tail >= memory.peak
    assert usable_name(memory) == "capacity less runtime in a run"
    view = page_data(made)["views"][0]
    assert view["memories"][0]["usable"] == usable(memory)
    assert "missing to prepare the model" in view["verdict"]


def test_an_answer_by_rules_that_may_count_too_much_has_a_next_step():
    """Exit code 4: what to try, and below which bytes it is in vain."""
    answer = lines(plan(STATES, "tflm", budget=4704).summary())["fits"]
    assert f"{RULES}: try an arena of 4704 B (4.594 KiB) on the device, it may do; below {RUN} B" in answer
    reserved = load_target("tflm")
    arena = replace(reserved.memories[0], capacity=5728, reserve=1024)
    made = plan(STATES, replace(reserved, memories=(arena, *reserved.memories[1:])))
    assert "try an arena of 4704 B " in made.summary()


@pytest.mark.parametrize("budget", [RUN - 16, 4704, PREPARED])
def test_the_json_says_what_is_missing_to_prepare_the_model_and_what_for_a_run(budget):
    """A program tells the two apart as the text does."""
    known = explain(STATES, "tflm", budget=budget)
    memory = known.plan.memories[0]
    found = json.loads(to_json(known))
    assert found["preparation"] == {
        "at_least": memory.preparation,
        "missing": PREPARED - budget,
        "kept_in_run": memory.tail,
        "missing_in_run": max(0, RUN - budget),
    }
    assert found["missing"] == PREPARED - budget


def test_the_json_has_no_preparation_where_a_runtime_has_none():
    assert "preparation" not in json.loads(to_json(explain(STATES, "pixel6-tpu")))
