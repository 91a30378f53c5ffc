"""The kernels that firmware registers for TensorFlow Lite Micro: all of the file, with the calls of its resolver."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

import tmpass
from tmpass.plans.plan_json import parse_plan
from tmpass.report.resolver import resolver_line, resolver_lines
from tmpass.targets import RUNTIMES
from tmpass.targets.resolver import registration

MODELS = Path(__file__).parents[2] / "models"
TFLM = RUNTIMES["tflm"]


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        ("CONV_2D", "AddConv2D()"),
        ("L2_POOL_2D", "AddL2Pool2D()"),
        ("PADV2", "AddPadV2()"),
        ("SPLIT_V", "AddSplitV()"),
        ("BATCH_MATMUL", "AddBatchMatMul()"),
        ("UNIDIRECTIONAL_SEQUENCE_LSTM", "AddUnidirectionalSequenceLSTM()"),
        ("custom:SignalPCAN", "AddPCAN()"),
        ("custom:TFLite_Detection_PostProcess", "AddDetectionPostprocess()"),
        ("custom:ethos-u", "AddEthosU()"),
        ('custom:my"own', 'AddCustom("my\\"own", registration)'),
        ("custom:SignalOwn", 'AddCustom("SignalOwn", registration)'),
        ("POW", ""),
    ],
)
def test_a_kind_has_the_call_of_the_resolver(kind, call):
    assert registration(kind, TFLM) == call


def test_a_plan_has_every_kind_of_the_file_also_in_bodies():
    made = tmpass.plan(MODELS / "control_flow.tflite", "tflm")
    assert {"IF", "WHILE"} <= {row.kind for row in made.registrations}
    assert {row.kind for row in made.schedule} <= {row.kind for row in made.registrations}
    assert parse_plan(made.to_json()) == made


@pytest.mark.parametrize("target", ["litert-cpu", "pixel6-tpu"])
def test_a_runtime_with_all_kernels_has_nothing_to_register(target):
    made = tmpass.plan(MODELS / "branchy.tflite", target)
    assert (made.registrations, resolver_line(made), resolver_lines(made)) == ((), "", [])
    assert "registrations" not in json.loads(made.to_json())
    assert "Resolver" not in made.emit("c")


def test_header_summary_and_table_have_them():
    made = tmpass.plan(MODELS / "branchy.tflite", "tflm")
    lines = made.emit("c").splitlines()
    assert lines[1:4] == [
        "/* tflite::MicroMutableOpResolver<7> resolver;",
        " *   resolver.AddAdd();",
        " *   resolver.AddConcatenation();",
    ]
    assert resolver_line(made).startswith("7 to register: AddAdd, AddConcatenation, AddConv2D, ")
    assert resolver_line(made).endswith(" and 3 more (tmpass show)")
    assert len(resolver_line(made)) <= 107
    first, *others = resolver_lines(made)
    assert first == "kernels to register in tflite::MicroMutableOpResolver<7>:"
    assert ", ".join(others).split(", ")[-1] == "AddSoftmax"


def test_the_verifier_finds_a_registration_that_is_wrong_and_takes_older_plans():
    path = MODELS / "branchy.tflite"
    made = tmpass.plan(path, "tflm")
    assert tmpass.verify(replace(made, registrations=()), path, target="tflm") == ()
    for wrong in (made.registrations[1:], (replace(made.registrations[0], call="AddSub()"), *made.registrations[1:])):
        (found,) = tmpass.verify(replace(made, registrations=wrong), path, target="tflm")
        assert found.kind == "kernels"
        assert "registration 'AddAdd()' of 'ADD': plan again" in found.message
