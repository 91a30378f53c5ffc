"""Graphs made in Python with lists where a field is a tuple."""

from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest

import tmpass
from tmpass.loading.load import load

MODELS = Path(__file__).parents[2] / "models"


def listed(value):
    """`value` with a list in the place of each tuple, as far down as records and tuples go."""
    if isinstance(value, tuple):
        return [listed(one) for one in value]
    if is_dataclass(value):
        return replace(value, **{one.name: listed(getattr(value, one.name)) for one in fields(value)})
    return value


@pytest.mark.parametrize("name", ["branchy.tflite", "control_flow.tflite", "attention.tflite", "states.tflite"])
@pytest.mark.parametrize("target", ["tflm", "pixel6-tpu"])
def test_the_plan_is_the_same(name, target):
    model = load(MODELS / name)
    graph = listed(model.graph)
    assert isinstance(graph.subgraphs[0].ops[0].inputs, list)
    made = tmpass.plan(replace(model, graph=graph), target)
    assert made.emit("json") == tmpass.plan(model, target).emit("json")
    assert tmpass.verify(made, replace(model, graph=graph), target=target) == ()
