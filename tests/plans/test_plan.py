"""Plans as JSON: always the same text; read back whole, or refused with the place of the fault."""

import copy
import json
import time
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import get_args, get_type_hints

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, chain, graph_of, graphs

from tmpass.api.plan import plan
from tmpass.base.choices import FEWEST_STREAMED, FEWEST_TRANSFERS
from tmpass.base.dtypes import STRING
from tmpass.base.errors import UsageError
from tmpass.graph.model import TensorKind
from tmpass.loading.load import Model
from tmpass.plans import plan_json
from tmpass.plans.json_rows import optional_fields
from tmpass.plans.left_out import NotRun, Registration
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.plan import SCHEMA, MemoryUse, Options, Plan, PlannedBuffer, PlannedTransfers
from tmpass.plans.plan_json import parse_plan
from tmpass.plans.planned_time import PlannedTime
from tmpass.targets import RUNTIMES, Over

FORM = json.loads((Path(__file__).parents[2] / "docs" / "plan.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(FORM)


def planned(graph, **options) -> Plan:
    return plan(Model(ModelInfo("test", "test", "0" * 64), graph), **options)


def full_graph():
    """A tensor of each role, a view, and names that are not ASCII."""
    sketch = Sketch()
    x = sketch.input(16, name="entrée\n\U0001f600")
    y = sketch.view(sketch.op([x], 32))
    weights, state = sketch.tensor(64, TensorKind.CONSTANT), sketch.tensor(8, TensorKind.VARIABLE)
    sketch.outputs = [sketch.op([y, weights, state], 8)]
    sketch.tensor(("n", 3), dtype=STRING)
    sketch.tensor(None, name="without rank")
    return graph_of(sketch)


PLAN = planned(full_graph(), budget=128, alignment=16, io="external", allow_unplanned=True)
PLAN = replace(
    PLAN,
    options=replace(PLAN.options, bind={"b": 2, "a:0": 1}),
    target=replace(PLAN.target, in_place=(Over("SOFTMAX", 1),), assumed=False),
    warnings=("odd",),
    version="",
)
DATA = json.loads(PLAN.to_json())


# Writing.


@settings(max_examples=150, deadline=None)
@given(graphs(), st.booleans(), st.sampled_from(["arena", "external"]), st.sampled_from([None, 0, 7, 40]))
def test_what_is_read_back_is_what_was_written(graph, keep_inputs, io, budget):
    made = planned(graph, keep_inputs=keep_inputs, io=io, budget=budget)
    text = made.to_json()
    again = parse_plan(text)
    assert again == made
    assert again.to_json() == text
    assert parse_plan(text.encode()) == made
    VALIDATOR.validate(json.loads(text))


def test_every_kind_of_row_is_read_back():
    assert {row["role"] for row in DATA["tensors"]} == {
        "input",
        "output",
        "activation",
        "variable",
        "constant",
        "unplanned",
    }
    assert [row["shape"] for row in DATA["tensors"]][-2:] == [["n", 3], None]
    assert parse_plan(PLAN.to_json()) == PLAN
    VALIDATOR.validate(DATA)


def plan_keys():
    """The keys of a plan's JSON: the schema and the fields of Plan."""
    return ["schema", *(f.name for f in fields(Plan))]


def without_optional(kind, names):
    """The `names` without the keys that are left out where they have their defaults."""
    return [name for name in names if name not in optional_fields(kind)]


def test_keys_stand_in_the_order_of_the_fields():
    assert list(DATA) == without_optional(Plan, plan_keys())
    assert DATA["schema"] == SCHEMA == "tmpass.plan/2"
    assert list(DATA["options"]) == without_optional(Options, [f.name for f in fields(Options)])


def test_optional_keys_are_written_where_they_have_another_value():
    assert {kind: dict(optional_fields(kind)) for kind in (Plan, Options, PlannedBuffer, MemoryUse)} == {
        Plan: {"transfers": None, "time": None, "not_run": (), "registrations": (), "version": "", "is_of_file": False},
        Options: {"transfers": "auto", "objective": "bytes"},
        PlannedBuffer: {"first": None},
        MemoryUse: {"preparation": 0, "tail": None},
    }
    assert not any(word in PLAN.to_json() for word in ('"transfers"', '"time"', '"objective"'))
    assert '"first"' not in PLAN.to_json()
    travels = replace(
        PLAN,
        options=replace(PLAN.options, transfers="required", objective="time"),
        buffers=(*PLAN.buffers, replace(PLAN.buffers[0], id=len(PLAN.buffers), first=0)),
        transfers=PlannedTransfers("dram", 16, 32, 48),
        time=PlannedTime(9, None, 5, 4, 0, 7, ("prefetch",), ("macs_per_second",)),
        not_run=(NotRun("CONV_2D", "of uint8", "int8", True, 1, 0, 0),),
        registrations=(Registration("CONV_2D", "AddConv2D()"),),
        version="0.1.0",
        is_of_file=True,
    )
    data = json.loads(travels.to_json())
    assert list(data) == plan_keys()
    assert (data["options"]["transfers"], data["buffers"][-1]["first"]) == ("required", 0)
    assert data["transfers"] == {"memory": "dram", "spilled": 16, "fetched": 32, "lower_bound": 48}
    VALIDATOR.validate(data)
    assert parse_plan(travels.to_json()) == travels
    proved = replace(travels, transfers=replace(travels.transfers, any_order=40))
    assert json.loads(proved.to_json())["transfers"]["any_order"] == 40
    VALIDATOR.validate(json.loads(proved.to_json()))
    assert parse_plan(proved.to_json()) == proved


def test_bindings_are_sorted():
    one, other = (replace(PLAN, options=replace(PLAN.options, bind=b)) for b in ({"b": 2, "a": 1}, {"a": 1, "b": 2}))
    assert one.to_json() == other.to_json()


def test_each_row_has_a_line_and_the_text_ends_with_a_newline():
    text = PLAN.to_json()
    assert text.endswith("\n}\n")
    lines = text.splitlines()
    for name in ("memories", "schedule", "buffers", "tensors", "constants"):
        for row in DATA[name]:
            assert any(line.rstrip(",") == json.dumps(row, ensure_ascii=False) for line in lines)


def test_a_plan_holds_no_clock_and_no_folder(tmp_path, monkeypatch):
    from tflite_writer import Operator, Subgraph, Tensor, write_model

    tensors = [Tensor("x", [4]), Tensor("y", [4])]
    data = write_model([Subgraph(tensors, [Operator("TANH", [0], [1])], [0], [1])])
    texts = []
    for folder, now in ((tmp_path / "one", 1.0), (tmp_path / "two", 2e9)):
        folder.mkdir()
        (folder / "m.tflite").write_bytes(data)
        monkeypatch.setattr(time, "time", lambda now=now: now)
        monkeypatch.chdir(folder)
        texts.append(plan(folder / "m.tflite").to_json())
    assert texts[0] == texts[1]
    assert str(tmp_path) not in texts[0]


# The schema in docs/ and the dataclasses are kept in step.


def written(kind):
    """The fields of a dataclass that have a key in the JSON."""
    return [f.name for f in fields(kind) if not f.metadata.get("unwritten")]


def records(kind, form):
    """Each dataclass below `kind` with its part of the schema."""
    form = FORM["$defs"][form["$ref"].rpartition("/")[2]] if "$ref" in form else form
    yield kind, form
    hints = get_type_hints(kind)
    for name in written(kind):
        hint = hints[name]
        if is_dataclass(hint):
            yield from records(hint, form["properties"][name])
        elif get_args(hint) and is_dataclass(get_args(hint)[0]):
            part = form["properties"][name]
            yield from records(get_args(hint)[0], part.get("items", part))


def test_the_schema_has_the_fields_of_the_dataclasses_and_demands_all():
    pairs = list(records(Plan, FORM))
    assert {kind.__name__ for kind, _ in pairs} == {
        "Plan", "ModelInfo", "TargetInfo", "Options", "MemoryUse", "PlannedOrder", "PlannedStep", "PlannedBuffer",
        "PlannedTensor", "Gap", "ScratchRule", "NotCounted", "Over", "PlannedConstant", "PlannedTransfers",
            "PlannedTime", "NotRun", "Registration",
    }  # fmt: skip
    for kind, form in pairs:
        names = written(kind)
        assert list(form["properties"]) == (plan_keys() if kind is Plan else names)
        assert form["required"] == without_optional(kind, form["properties"])
        assert form["additionalProperties"] is False
        assert all(part.get("description") for part in form["properties"].values()), kind


def test_the_words_are_those_of_the_code():
    assert plan_json.WORDS["runtime"] == tuple(RUNTIMES)
    assert {*plan_json.WORDS["method"]} == {*plan_json.WORDS["schedule"], FEWEST_TRANSFERS, FEWEST_STREAMED} - {"auto"}
    for kind, form in records(Plan, FORM):
        for name in {f.name for f in fields(kind)} & plan_json.WORDS.keys() - (
            {"schedule", "transfers"} if kind is Plan else set()
        ):
            assert tuple(form["properties"][name]["enum"]) == plan_json.WORDS[name]


@settings(max_examples=25, deadline=None)
@given(graphs())
def test_the_queries_find_the_rows_that_a_search_finds(graph):
    made = planned(graph)
    rows = made.tensors_by_key()
    assert list(rows.values()) == list(made.tensors)
    assert all(made.tensor(row.key) == row == rows[row.subgraph, row.index] for row in made.tensors)
    with pytest.raises(KeyError):
        made.tensor((len(graph.subgraphs), 0))
    assert [made.memory(memory.name) for memory in made.memories] == list(made.memories)
    assert made.memory("nowhere") is None
    inside = [made.buffers_in(memory.name) for memory in made.memories]
    assert sorted(buffer.id for buffers in inside for buffer in buffers) == list(range(len(made.buffers)))
    assert made.buffers_in("nowhere") == ()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("tt0", "the plan of 'test' has no tensor 'tt0'; did you mean 't0'?"),
        ("else", "has no tensor 'else'; plan.tensors has all of them"),
        ((0, 9), "has no tensor (0, 9); subgraph 0 has tensors 0 to 1"),
        ((4, 0), "has no tensor (4, 0); subgraph 4 has none"),
        (3, "has no tensor 3; give its name, or (subgraph, index)"),
    ],
)
def test_a_tensor_that_is_not_there_is_named_with_the_nearest_ones(key, said):
    made = planned(chain(8, 8))
    with pytest.raises(KeyError) as error:
        made.tensor(key)
    assert isinstance(error.value, UsageError)
    assert str(error.value).endswith(said)


# Reading plans from anywhere.

JUNK = (
    st.none()
    | st.booleans()
    | st.sampled_from([-1, 0, 1, 2**31 - 1, 2**31, 2**31 + 1, 2**62, 2**62 + 1, 2**63, 10**30, 0.5, 1e300])
    | st.text(max_size=3)
    | st.sampled_from(["optimal", "input", "views", "0" * 64, "A" * 64])
    | st.lists(st.integers(-1, 3), max_size=3)
    | st.dictionaries(st.text(max_size=2), st.integers(-1, 3), max_size=2)
)


def places(data, path=()):
    """Every place in JSON data, as a path of keys and indices."""
    yield path
    for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield from places(data[key], (*path, key))


PLACES = list(places(DATA))


@st.composite
def broken(draw):
    """A plan's JSON data with something replaced, removed or added."""
    data = {"": copy.deepcopy(DATA)}
    for _ in range(draw(st.integers(1, 2))):
        *way, last = "", *draw(st.sampled_from(PLACES))
        parent = data
        for key in way:
            try:
                parent = parent[key]
            except (KeyError, IndexError, TypeError):
                break
        deed = draw(st.sampled_from(["replace", "replace", "remove", "add"]))
        if not isinstance(parent, dict | list) or (isinstance(last, str) and isinstance(parent, list)):
            continue
        if deed == "add" and isinstance(parent, dict) and parent is not data:
            parent[draw(st.sampled_from(["", "x", "offset", "\0"]))] = draw(JUNK)
        elif (
            deed == "remove"
            and parent is not data
            and (last in parent if isinstance(parent, dict) else last < len(parent))
        ):
            del parent[last]
        elif isinstance(parent, dict) or last < len(parent):
            parent[last] = draw(JUNK)
    return data[""]


@settings(max_examples=800, deadline=None)
@given(broken())
def test_a_plan_is_read_exactly_where_the_schema_allows_it(data):
    text = json.dumps(data)
    if VALIDATOR.is_valid(data):
        assert json.loads(parse_plan(text).to_json()) == data
    else:
        with pytest.raises(UsageError):
            parse_plan(text)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_text_is_refused_or_read_but_never_an_accident(data):
    text = bytearray(PLAN.to_json().encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    for form in (bytes(text), text.decode(errors="surrogateescape")):
        error = ""
        try:
            parse_plan(form).to_json().encode()
        except UsageError as fault:
            error = str(fault)
        assert len(error) < 500
        assert error.isprintable()


def edited(*way, value):
    data = copy.deepcopy(DATA)
    *parents, last = way
    place = data
    for key in parents:
        place = place[key]
    place[last] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    ("way", "value", "message"),
    [
        (("buffers", 0, "offset"), "3", "buffers[0].offset: '3' is not a whole number"),
        (("buffers", 0, "offset"), True, "buffers[0].offset: true is not a whole number"),
        (("buffers", 0, "offset"), None, "buffers[0].offset: null is not a whole number"),
        (("buffers", 0, "offset"), 1.0, "buffers[0].offset: 1.0 is not a whole number"),
        (("buffers", 0, "offset"), -1, "buffers[0].offset: -1 is not in 0 .. 4611686018427387904"),
        (("buffers", 0, "size"), 2**62 + 1, "buffers[0].size: 4611686018427387905 is not in"),
        (("buffers", 0, "tensors"), [[0, 1, 2]], "buffers[0].tensors[0]: 3 items instead of 2"),
        (("buffers", 0, "tensors"), [[0, "1"]], "buffers[0].tensors[0][1]: '1' is not a whole number"),
        (("buffers", 0, "tensors"), {}, "buffers[0].tensors: an object is not a list"),
        (("buffers", 0), 7, "buffers[0]: 7 is not an object"),
        (("buffers", 0, "more"), 7, "buffers[0].more: this key is unknown"),
        (("more",), 7, "more: this key is unknown"),
        (("memories",), [], "memories: is empty"),
        (("memories", 0, "alignment"), 0, "memories[0].alignment: 0 is not in 1 .. 2147483648"),
        (("tensors", 0, "shape"), [-1], "tensors[0].shape[0]: -1 is not in"),
        (("tensors", 0, "shape"), [True], "tensors[0].shape[0]: true is not a whole number"),
        (("tensors", 0, "role"), "king", "tensors[0].role: 'king' is unknown; one of input, output, activation"),
        (("tensors", 0, "name"), "\ud800", "tensors[0].name: '\\ud800' is not Unicode text"),
        (("options", "bind"), {"\udc80": 1}, "options.bind: '\\udc80' is not Unicode text"),
        (("options", "bind"), {"n": 0}, "options.bind.n: 0 is not in 1 .. 2147483647"),
        (("options", "bind"), [], "options.bind: a list is not an object"),
        (("options", "keep_inputs"), 1, "options.keep_inputs: 1 is not true or false"),
        (("status",), "fine", "status: 'fine' is unknown; one of optimal, feasible, infeasible, unknown"),
        (("fits",), "yes", "fits: 'yes' is not true or false"),
        (("model", "sha256"), "0" * 63, "is not a SHA-256"),
        (("model", "sha256"), "0" * 64 + "\n", "is not a SHA-256"),
        (("model",), [], "model: a list is not an object"),
        (("journeys",), [], "journeys: this key is unknown"),
        (("constants", 0, "use"), "kept", "constants[0].use: 'kept' is unknown; one of stored, resident, streamed"),
        (("constants", 0, "upper"), 0, "constants[0].upper: 0 is not in 1 .. "),
        (("schema",), "tmpass.plan/3", "not a plan of schema 'tmpass.plan/2', but 'tmpass.plan/3'"),
        (("schema",), {"x": [1] * 1000}, "not a plan of schema 'tmpass.plan/2', but an object"),
    ],
)
def test_an_error_names_the_place(way, value, message):
    with pytest.raises(UsageError) as caught:
        parse_plan(edited(*way, value=value), "my.json")
    assert str(caught.value).startswith("my.json: ")
    assert message in str(caught.value)


KEYS = [p for p in PLACES if p and isinstance(p[-1], str) and p[:2] not in (("options", "bind"), ("options", "tie"))]


def test_a_target_that_nobody_asked_for_is_marked():
    assumed = planned(chain(4, 4))
    assert assumed.target.assumed
    assert parse_plan(assumed.to_json()) == assumed
    VALIDATOR.validate(json.loads(assumed.to_json()))
    asked = planned(chain(4, 4), target="pixel6-tpu")
    assert asked == replace(assumed, target=replace(assumed.target, assumed=False))
    assert '"assumed"' not in asked.to_json()


@pytest.mark.parametrize("path", KEYS)
def test_every_key_is_needed(path):
    data = copy.deepcopy(DATA)
    place = data
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    assert not VALIDATOR.is_valid(data)
    with pytest.raises(UsageError, match=r"this key is missing|not a plan of schema"):
        parse_plan(json.dumps(data))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        (b"\xff\xfe{", "not valid JSON"),
        (b'{"a": "\xff"}', "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[" * 700 + "]" * 700, "but a list"),
        ('{"schema": ' + "[" * 700 + "]" * 700 + "}", "but a list"),
        ("1" * 5000, "not valid JSON"),
        ("12", "not a plan of schema 'tmpass.plan/2', but 12"),
        ("null", "and has no schema"),
        ("{}", "and has no schema"),
        (json.dumps("x" * 10_000), "but 'xxx"),
        (json.dumps({"schema": "x" * 10_000}), "but 'xxx"),
        ('{"schema": "a", "schema": "b"}', "key 'schema' occurs twice"),
        ('{"a": NaN}', "NaN is not a number"),
        ('{"a": -Infinity}', "-Infinity is not a number"),
    ],
)
def test_what_is_no_plan_is_refused(text, message):
    with pytest.raises(UsageError) as caught:
        parse_plan(text)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_thousand_digits_are_not_repeated():
    text = PLAN.to_json().replace('"peak": ', '"peak": ' + "9" * 4000, 1)
    with pytest.raises(UsageError, match=r"memories\[0\]\.peak: 999.*\.\.\. is not in") as caught:
        parse_plan(text)
    assert len(str(caught.value)) < 200


def test_many_keys_and_one_double_one_are_read_in_no_time():
    keys = ", ".join(f'"{i}": 0' for i in range(100_000))
    began = time.monotonic()
    with pytest.raises(UsageError, match="occurs twice"):
        parse_plan("{" + keys + ', "99999": 0}')
    assert time.monotonic() - began < 5


def test_a_plan_of_thousands_of_tensors_is_read_in_a_moment():
    made = planned(chain(*(64 for _ in range(4000))))
    text = made.to_json()
    began = time.monotonic()
    assert parse_plan(text) == made
    assert time.monotonic() - began < 5
