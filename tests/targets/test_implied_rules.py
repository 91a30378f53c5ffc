"""What a runtime brings to a target, and what a profile says instead."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.profiles import PROFILE, parse

import tmpass
from tmpass.base.errors import TargetError
from tmpass.targets import RUNTIMES, Sharing, load_target, target_names
from tmpass.targets.parse import implied_rules
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


def test_a_table_of_the_profile_replaces_that_of_the_runtime():
    own = board("tflm", '[sharing]\nin_place = { value = ["ADD"], source = "our kernels" }\n')
    assert (own.sharing.in_place, own.sharing.views, own.implied) == (("ADD",), (), ())


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
