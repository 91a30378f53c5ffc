"""Problems in JSON: read with their numbers, refused with one line that names the place, and plans written back."""

import copy
import json

import pytest
from planning.residency.transfers.drawn import ACTIVATION, INPUT, PARAMETER
from support.shared import parametrize

from tmpass.base.choices import Status
from tmpass.base.errors import UsageError
from tmpass.planning.residency.transfers.problem import Episode, TransferPlan
from tmpass.planning.residency.transfers.problem_json import read_transfer_problem, write_transfer_plan

GRAPH = {
    "name": "net",
    "tensors": [
        {"name": "x", "size": 4, "kind": "input"},
        {"name": "w", "size": 2, "kind": "param"},
        {"name": "a", "size": 8, "kind": "act"},
        {"name": "b", "size": 8, "kind": "act"},
    ],
    "ops": [{"kind": "Conv", "ins": [0, 1], "outs": [2]}, {"kind": "ReLU", "ins": [2], "outs": [3]}],
    "outputs": [3],
}


def read(graph, **how):
    text = graph if isinstance(graph, str) else json.dumps(graph)
    return read_transfer_problem(text, "g.json", **{"capacity": 20, **how})


def test_a_graph_is_read_as_it_stands():
    problem = read(GRAPH, alignment=4)
    assert [tensor.kind for tensor in problem.tensors] == [INPUT, PARAMETER, ACTIVATION, ACTIVATION]
    assert [(row.inputs, row.outputs) for row in problem.operators] == [((0, 1), (2,)), ((2,), (3,))]
    assert (problem.outputs, problem.capacity, problem.alignment) == ((3,), 20, 4)


def test_without_parameters_all_numbers_stay():
    problem = read(GRAPH, parameters=False)
    assert [row.inputs for row in problem.operators] == [(0,), (2,)]
    assert len(problem.tensors) == 4


def changed(path, value):
    graph = copy.deepcopy(GRAPH)
    *way, last = path
    place = graph
    for key in way:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return graph


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("tensors",), None, "g.json: tensors: this key is missing; add it"),
        (("tensors",), {}, "g.json: tensors: {} is not a list; write [...]"),
        (("tensors", 0), [], "g.json: tensors[0]: [] is not an object; write {...}"),
        (("tensors", 0, "name"), 3, "g.json: tensors[0].name: 3 is not a text"),
        (("tensors", 0, "size"), 0, "g.json: tensors[0].size: 0 is not a size; write bytes, from 1 on"),
        (("tensors", 0, "size"), 1.5, "g.json: tensors[0].size: 1.5 is not a size"),
        (("tensors", 0, "size"), True, "g.json: tensors[0].size: True is not a size"),
        (("tensors", 0, "size"), 2**50, "g.json: tensors: all together have 1125899906842642 bytes; the most is 2^50"),
        (("tensors", 0, "size"), 2**60, "g.json: tensors[0].size: 1152921504606846976 bytes are too many; the most is"),
        (("tensors", 0, "kind"), "weight", "g.json: tensors[0].kind: 'weight' is unknown; write one of act, param,"),
        (("tensors", 0, "kind"), [], "g.json: tensors[0].kind: [] is unknown"),
        (("tensors", 0, "kind"), "act", "g.json: ops[0]: reads tensor 0 'x', which no operator makes; add its"),
        (("ops", 0, "ins"), [4], "g.json: ops[0].ins[0]: 4 is not the number of a tensor; there are tensors 0 .. 3"),
        (("ops", 0, "ins"), [-1], "g.json: ops[0].ins[0]: -1 is not the number of a tensor"),
        (("ops", 0, "ins"), [0, 0], "g.json: ops[0].ins: tensor 0 is there twice; list it once"),
        (("ops", 0, "ins"), [3], "g.json: ops[0]: reads tensor 3 'b', which ops[1] makes; sort the operators"),
        (("ops", 0, "ins"), [2], "g.json: ops[0]: reads tensor 2 'a', which ops[0] makes; sort the operators"),
        (("ops", 0, "kind"), 1, "g.json: ops[0].kind: 1 is not a text"),
        (("ops", 0, "outs"), [], "g.json: ops[1]: reads tensor 2 'a', which no operator makes"),
        (("ops", 0, "outs"), [2, 1], "g.json: ops[0]: makes tensor 1 'w', which is of kind param"),
        (("ops", 1, "outs"), [2, 3], "g.json: ops[1]: makes tensor 2 'a', which ops[0] makes too"),
        (("ops", 1, "outs"), [], "g.json: tensors[3]: no operator makes 'b'; remove it, or correct its kind"),
        (("outputs",), [1], "g.json: outputs[0]: no operator makes 1 'w'"),
        (("outputs",), [3, 3], "g.json: outputs: tensor 3 is there twice"),
    ],
)
def test_a_wrong_graph_is_one_line(path, value, message):
    with pytest.raises(UsageError) as caught:
        read(changed(path, value))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "g.json: it is not valid JSON: "),
        ("[]", "g.json: [] is not an object; write one with tensors, ops and outputs"),
        ('{"ops": 1, "ops": 2}', "g.json: it is not valid JSON: key 'ops' occurs twice in one object"),
        ('{"ops": NaN}', "g.json: it is not valid JSON: NaN is not a number"),
        ('{"name": "\\ud800"}', "g.json: a text has one half of a surrogate pair"),
        ("[" * 100_000, "g.json: its lists and objects are nested too deep"),
        ('{"ops": ' + "9" * 5000 + "}", "g.json: it is not valid JSON: a number has 5000 digits, more than 1000"),
    ],
)
def test_a_text_that_is_not_a_graph_is_one_line(text, message):
    with pytest.raises(UsageError) as caught:
        read(text)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("how", [{"capacity": -1}, {"capacity": 2**62 + 1}, {"alignment": 0}, {"alignment": 2**32}])
def test_capacity_and_alignment_have_ranges(how):
    with pytest.raises(UsageError, match=r"^the (capacity|alignment) is"):
        read(GRAPH, **how)


def test_a_plan_has_the_numbers_of_the_file():
    plan = TransferPlan((0, 1), (Episode(0, 0, 0, 8), Episode(2, 0, 1, 0)), 0, 0, Status.OPTIMAL, "exact")
    assert json.loads(write_transfer_plan(read(GRAPH), plan)) == {
        "schema": "tmpass.spill/1",
        "capacity": 20,
        "alignment": 1,
        "order": [0, 1],
        "episodes": [[0, 0, 0, 8], [2, 0, 1, 0]],
        "cost": 0,
        "lower_bound": 0,
        "status": "optimal",
        "method": "exact",
    }


@parametrize("problems/transfers/[kt]*_*.json")
def test_the_known_graphs_are_read(path):
    graph = json.loads(path.read_text())
    problem = read(path.read_text())
    assert (len(problem.tensors), len(problem.operators)) == (len(graph["tensors"]), len(graph["ops"]))
