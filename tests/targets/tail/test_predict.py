"""The tail by rules: hand-computed models, the sum of the rows, and that more of anything never needs less."""

from dataclasses import replace
from random import Random

import pytest
from sketch import Sketch
from support.tflite_operators import CASES
from support.tflm_models import drawn_model, repeated
from tflite_writer import Operator, Subgraph, Tensor, options, write_model

from tmpass.loading.load import load
from tmpass.targets import load_target
from tmpass.targets.tail import Kernel, load_rules, parse_rules, predict, runtime_bytes

TFLM = load_rules("tflm")

RULES = """
source = "a test"
alignment = 16

[[persistent]]
what = "base"
per = "model"
bytes = [20]
align = 4

[[persistent]]
what = "tensors"
per = "tensor"
together = true
bytes = ["word"]
align = "word"

[[persistent]]
what = "options"
per = "options"

[[persistent]]
what = "kernels"
per = "kernel"

[[persistent]]
what = "scratch handles"
per = "scratch"
together = true
bytes = ["word"]
align = "word"

[[persistent]]
what = "inputs"
per = "input"
bytes = ["in0.bytes"]
align = 1

[preparation]
request = 10
spare = 2
tensor = [40]
subgraph = 8
tensors = 16
buffer = 4

[[kernel]]
ops = ["TANH"]
options = [6]
persistent = [17, "in0.bytes"]
scratch = [64]

[[kernel]]
ops = ["ABS"]
temporaries = ["in0", "in0", "out0"]
"""


def graph_of(*kinds: str):
    main = Sketch()
    last = main.input("x", [5])
    for number, kind in enumerate(kinds):
        last = main.op(kind, [last], f"y{number}", [5])
    main.outputs = [last]
    return load(write_model([main.subgraph()])).graph


def rows_of(found) -> dict[str, tuple[int, int]]:
    return {row.what: (row.count, row.bytes) for row in found.rows}


def test_a_model_computed_by_hand():
    found = predict(graph_of("TANH", "ABS"), parse_rules(RULES, "rules"))
    # 20; three tensors of 8: 44 -> 48; options of 6: 54 -> 56; buffers of 17 and 20 on 16: 80, 112; a handle: 120; 20.
    assert rows_of(found) == {
        "base": (1, 20),
        "tensors": (3, 28),
        "options": (1, 8),
        "TANH": (2, 56),
        "scratch handles": (1, 8),
        "inputs": (1, 20),
    }
    assert (found.total, found.unknown) == (140, ())
    # Kernels end at 112. ABS looks at three tensors of 40, beside three requests of 10, on a word: 112 + 32 + 120.
    # The lists: 120 -> 128, then 32 + 8 + four of 16 -> 112, and four buffers of 4: less.
    assert found.preparation == 272
    assert found.arena(0) == 272
    assert found.arena(200) == 352  # 208 + 140 -> 352
    assert found.overhead(200) == 152


def test_pointers_of_four_bytes_take_less():
    found = predict(graph_of("TANH", "ABS"), parse_rules(RULES, "rules"), 4)
    assert rows_of(found)["tensors"] == (3, 12)
    assert found.total == 20 + 12 + 8 + 24 + 32 + 4 + 20  # 32; 40 for options on 4 is 40; 64; 96; 100; 120


def test_an_operator_without_a_rule_is_named():
    found = predict(graph_of("TANH", "SIN", "COS", "SIN"), parse_rules(RULES, "rules"))
    assert found.unknown == ("COS", "SIN")


def test_an_operator_for_which_a_formula_has_no_value_is_named():
    rules = parse_rules(RULES.replace('"in0.bytes"]\nscratch', '"in0[3]"]\nscratch'), "rules")
    assert predict(graph_of("TANH"), rules).unknown == ("TANH",)


def test_a_rule_for_one_operator_is_before_that_for_its_kind():
    rules = parse_rules(RULES, "rules").with_kernels([Kernel("TANH", persistent=(160,), place=(0, 1))])
    assert rows_of(predict(graph_of("TANH", "TANH"), rules))["TANH"] == (3, 56 + 160)
    every = rules.with_kernels([Kernel("TANH", persistent=(320,))])
    assert rows_of(predict(graph_of("TANH"), every))["TANH"][1] >= 320


def test_a_convolution_by_hand():
    case = next(case for case in CASES if case.kind == "CONV_2D")
    found = predict(load(repeated(case, "INT8", channels=True)).graph, TFLM)
    rows = rows_of(found)
    # 448 + 16 + 24 + 4 * 24 + 64 + 28 = 676; 80 more end at 768, and 5 channels of 4 bytes at 800 and 832.
    assert rows["CONV_2D"] == (3, 832 - 676)
    assert rows["tensors"] == (4, 4 * 24)
    assert rows["operators"] == (1, 64)
    assert rows["options"] == (1, 28)
    assert rows["inputs"] == (2, 16 + 64 + 24 + 8)
    assert (found.total, found.unknown) == (sum(size for _, size in rows.values()), ())


@pytest.mark.parametrize("seed", range(40))
def test_the_total_is_the_sum_of_the_rows_and_more_never_needs_less(seed):
    graph = load(drawn_model(seed)).graph
    main, rng = graph.subgraphs[0], Random(seed)
    found = predict(graph, TFLM)
    assert found.total == sum(row.bytes for row in found.rows)
    assert found.unknown == ()
    cut = rng.randrange(len(main.ops) + 1)
    fewer = replace(graph, subgraphs=(replace(main, ops=main.ops[:cut]),))
    assert predict(fewer, TFLM).total <= found.total
    assert predict(fewer, TFLM).preparation <= found.preparation
    shorter = predict(graph, TFLM, 4)
    assert (shorter.total, shorter.preparation) <= (found.total, found.preparation)
    heads = sorted(rng.randrange(1 << 16) for _ in range(5))
    arenas = [found.arena(head) for head in heads]
    assert arenas == sorted(arenas)
    assert all(arena >= head + found.total and arena % 16 == 0 for head, arena in zip(heads, arenas, strict=True))


@pytest.mark.parametrize("seed", range(10))
def test_another_order_changes_padding_only(seed):
    graph = load(drawn_model(seed)).graph
    order = list(range(len(graph.subgraphs[0].ops)))
    Random(seed).shuffle(order)
    one, other = predict(graph, TFLM), predict(graph, TFLM, orders=[order])
    assert abs(one.total - other.total) <= 8 * len(order)
    assert sorted(row.what for row in one.rows) == sorted(row.what for row in other.rows)
    assert predict(graph, TFLM, orders=[sorted(order)]) == one


def handles(*names: str):
    """A model that assigns its input to a variable of each name, in turn."""
    tensors, operators = [Tensor("x", [100], "FLOAT32")], []
    for name in names:
        tensors.append(Tensor(name, [], "RESOURCE", has_rank=True))
        place = len(tensors) - 1
        operators.append(Operator("VAR_HANDLE", [], [place], options("VarHandleOptions", shared_name=name)))
        operators.append(Operator("ASSIGN_VARIABLE", [place, 0], []))
    return load(write_model([Subgraph(tensors, operators, [0], [0])])).graph


def test_a_variable_is_kept_once_however_often_it_is_assigned():
    once, twice, two = (predict(handles(*names), TFLM) for names in ("a", "aa", "ab"))
    sizes = [rows_of(found)["resource variables"][1] for found in (once, twice, two)]
    assert sizes == [16 + 48 + 400, 16 + 48 + 400, 16 + 80 + 800]


def test_the_target_says_the_runtime_and_the_pointer():
    graph = load(drawn_model(1)).graph
    assert runtime_bytes(graph, load_target("tflm")) == predict(graph, TFLM)
    assert runtime_bytes(graph, load_target("tflm-nrf52840")) == predict(graph, TFLM, 4)
    assert runtime_bytes(graph, load_target("pixel6-tpu")) is None
