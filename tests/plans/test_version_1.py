"""Plans of version 1 are read as plans of version 2 that mean the same."""

import copy
import json

import pytest
from support.graphs import Sketch, graph_of

from tmpass.api.plan import plan
from tmpass.base.errors import UsageError
from tmpass.graph.model import TensorKind
from tmpass.loading.load import Model
from tmpass.plans.left_out import NotCounted
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.plan import Plan
from tmpass.plans.plan_json import parse_plan

NEW_OF_MEMORY = (
    "constants",
    "overhead",
    "reserve",
    "overhead_source",
    "reserve_source",
    "compute",
    "loaded",
    "loaded_bound",
    "chunk",
    "traffic",
    "preparation",
    "tail",
)


def made() -> Plan:
    sketch = Sketch()
    x, weights = sketch.input(16), sketch.tensor(64, TensorKind.CONSTANT)
    sketch.outputs = [sketch.op([x, weights], 32)]
    return plan(Model(ModelInfo("test", "test", "0" * 64, 100), graph_of(sketch)), "tflm")


def version_1(new: Plan) -> dict:
    """The plan as version 1 had it: without constants, and with an empty list of transfers."""
    data = json.loads(new.to_json())
    del data["constants"], data["model"]["bytes"]
    data["schema"], data["transfers"] = "tmpass.plan/1", []
    data["memories"] = [m for m in data["memories"] if m["peak"]]
    for memory in data["memories"]:
        for key in NEW_OF_MEMORY:
            memory.pop(key, None)
    data["not_counted"].append({"what": "weights", "count": 1, "bytes": 64, "names": []})
    return data


def test_it_says_the_same_and_has_no_constants():
    new = made()
    old = parse_plan(json.dumps(version_1(new)))
    assert (old.buffers, old.tensors, old.schedule, old.order) == (new.buffers, new.tensors, new.schedule, new.order)
    assert (old.constants, old.model.bytes) == ((), None)
    assert NotCounted("weights", 1, 64) in old.not_counted
    assert [(m.peak, m.constants, m.overhead, m.reserve, m.compute) for m in old.memories] == [
        (new.memories[0].peak, 0, 0, 0, True)
    ]
    assert parse_plan(old.to_json()) == old


def test_keys_that_were_added_to_it_later_have_defaults():
    data = version_1(made())
    del data["not_counted"], data["target"]["in_place"], data["options"]["int8"], data["options"]["tie"]
    for memory in data["memories"]:
        del memory["capacity_source"]
    old = parse_plan(json.dumps(data))
    assert (old.options.int8, old.options.tie, old.not_counted, old.target.in_place) == ("float", {}, (), ())
    assert [memory.capacity_source for memory in old.memories] == [""]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"transfers": [{}]}, "transfers: is not an empty list"),
        ({"transfers": None}, "transfers: is not an empty list"),
        ({"constants": []}, "constants: this key is unknown; tmpass.plan/1 does not have it"),
        ({"memories": 3}, "memories: 3 is not a list"),
        ({"memories": [3]}, "memories[0]: 3 is not an object"),
        ({"model": []}, "model: a list is not an object"),
        ({"options": None}, "options: null is not an object"),
    ],
)
def test_what_it_cannot_have_is_refused(change, message):
    with pytest.raises(UsageError) as caught:
        parse_plan(json.dumps(version_1(made()) | change), "old.json")
    assert str(caught.value).startswith("old.json: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("key", NEW_OF_MEMORY)
def test_a_key_of_version_2_is_refused(key):
    data = copy.deepcopy(version_1(made()))
    data["memories"][0][key] = 0
    with pytest.raises(UsageError, match=rf"memories\[0\]\.{key}: this key is unknown"):
        parse_plan(json.dumps(data))


def test_transfers_are_needed():
    data = version_1(made())
    del data["transfers"]
    with pytest.raises(UsageError, match=r"transfers: this key is missing"):
        parse_plan(json.dumps(data))
