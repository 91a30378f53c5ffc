"""What a runtime brings to a target, and what a profile says instead."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.profiles import BOARD, PROFILE, parse
from support.tflm_models import CASES, repeated

import tmpass
from tmpass.base.errors import TargetError
from tmpass.targets import RUNTIMES, Sharing, load_target, target_names
from tmpass.targets.parse import implied_rules, parse_target
from tmpass.targets.sharing import EVERY

MODEL = Path(__file__).parents[2] / "models" / "control_flow.tflite"


def board(runtime, more=""):
    return parse(PROFILE.replace('standing = "assumed"\n', f'standing = "assumed"\nruntime = "{runtime}"\n') + more)


@pytest.mark.parametrize(("runtime", "built_in"), [("tflm", "tflm"), ("litert", "litert-cpu")])
def test_a_board_of_ones_own_has_what_the_built_in_ones_have(runtime, built_in):
    own, known = board(runtime), load_target(built_in)
    assert own.sharing == known.sharing
    assert own.sharing.in_place
    assert own.scratch == known.scratch
    assert own.implied == known.implied == ("sharing",) + ("scratch",) * bool(known.scratch)


def test_a_plan_for_it_needs_as_little():
    profile = (Path(tmpass.__file__).parent / "targets" / "profiles" / "tflm-nrf52840.toml").read_text()
    without = load_target("tflm-nrf52840")
    own = replace(without, sharing=Sharing())
    made = tmpass.plan(MODEL, without), tmpass.plan(MODEL, own)
    assert "[sharing]" not in profile
    assert made[0].memories[0].peak < made[1].memories[0].peak


MEMORIES = """
[[memory]]
name = "sram"
capacity = { value = "1MiB", source = "data sheet" }
alignment = { value = 16, source = "runtime" }
holds = [HOLDS]
[[memory]]
name = "flash"
capacity = { value = "unlimited", source = "data sheet" }
alignment = { value = 16, source = "runtime" }
holds = ["weights"]
"""


def with_memories(holds, runtime="tflm"):
    heading = f'name = "own"\nsummary = "s"\nstanding = "data sheet"\nruntime = "{runtime}"\n'
    return parse_target(heading + MEMORIES.replace("HOLDS", holds), "own.toml")


def test_a_runtime_that_keeps_variables_brings_the_memory_for_them():
    own = with_memories('"activations", "inputs_outputs"')
    sram, tail, flash = own.memories
    assert (sram.name, tail.name, flash.name) == ("sram", "tail", "flash")
    assert (tail.holds, tail.capacity, tail.alignment) == (("variables",), None, 16)
    assert "runtime tflm" in tail.sources["capacity"]
    assert len(with_memories('"activations", "inputs_outputs"', "litert").memories) == 2


@pytest.mark.parametrize("holds", ['"activations", "inputs_outputs"', '"activations", "inputs_outputs", "variables"'])
def test_variables_are_not_counted_in_the_arena_twice(holds):
    """They are in the tail, and so in the overhead, of either profile."""
    lstm = next(case for case in CASES if case.kind == "UNIDIRECTIONAL_SEQUENCE_LSTM" and case.version == 1)
    model = repeated(lstm, "INT8", 3)
    own, known = (tmpass.plan(model, to) for to in (with_memories(holds), "tflm"))
    assert [use.name for use in own.memories if use.peak] == ["sram", "tail"]
    assert own.memories[0].needed == known.memories[0].needed


def test_a_table_of_the_profile_replaces_that_of_the_runtime():
    own = board("tflm", '[sharing]\nin_place = { value = ["ADD"], source = "our kernels" }\n')
    assert (own.sharing.in_place, own.sharing.views, own.implied) == (("ADD",), (), ())


def test_keys_that_the_table_lacks_are_a_warning_of_each_plan():
    given = 'in_place = { value = ["ADD"], source = "our kernels" }\n'
    warned = tmpass.plan(MODEL, parse(BOARD + f"[sharing]\n{given}")).warnings
    (line,) = [one for one in warned if one.startswith("[sharing] of target ")]
    assert (
        "has in_place alone and replaces that of TensorFlow Lite Micro, so nothing is shared by views and parts" in line
    )
    more = "".join(f'{key} = {{ value = "none", source = "our kernels" }}\n' for key in ("views", "parts"))
    for text in ("", "[sharing]\n", f"[sharing]\n{given}{more}"):
        warned = tmpass.plan(MODEL, parse(BOARD + text)).warnings
        assert not any(one.startswith("[sharing] of target ") for one in warned), text


def test_scratch_of_the_profile_replaces_that_of_its_kind_only():
    own = board("litert", '[[scratch]]\nop = "MEAN"\nbytes = { value = 64, source = "our kernels" }\n')
    kinds = [rule.kind for rule in own.scratch]
    assert (kinds[0], kinds.count("MEAN"), "CONV_2D" in kinds) == ("MEAN", 1, True)
    assert own.implied == ("sharing", "scratch")


def test_without_a_runtime_views_only():
    own = parse(PROFILE)
    assert (own.sharing.views, own.sharing.in_place, own.implied) == ((EVERY,), (), ())


def test_each_built_in_target_of_a_runtime_leaves_its_rules_to_it():
    named = [load_target(name) for name in target_names()]
    assert {target.name for target in named if target.runtime.rules and "sharing" not in target.implied} == set()


def test_rules_that_cannot_be_read_are_an_error(tmp_path):
    path = tmp_path / "rules.toml"
    with pytest.raises(TargetError, match=r"it is not a file of rules.*rules\.toml|rules\.toml: it is not a file"):
        implied_rules(replace(RUNTIMES["tflm"], rules=str(path)))
    path.write_text("[shering]\n")
    with pytest.raises(TargetError, match="did you mean 'sharing'"):
        implied_rules(replace(RUNTIMES["tflm"], rules=str(path)))
