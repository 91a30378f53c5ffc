"""Bytes that a plan leaves out: they are in the plan and its summary, and the verifier counts them again."""

import json
from dataclasses import replace

import pytest
from support.graphs import Sketch, chain, graph_of

from tmpass.api.plan import plan
from tmpass.base.dtypes import INT4, RESOURCE, STRING
from tmpass.base.errors import UsageError
from tmpass.cli.options import EXIT_CODES
from tmpass.explanation.explain import explain
from tmpass.graph.model import TensorKind
from tmpass.loading.load import Model
from tmpass.plans.diff import diff
from tmpass.plans.left_out import NotCounted
from tmpass.plans.model_info import ModelInfo
from tmpass.report.left_out import not_counted
from tmpass.report.page.data import page_data
from tmpass.report.terminal import difference, explanation
from tmpass.report.terminal.summary import summary
from tmpass.targets import Memory, Target
from tmpass.targets.scratch.rule import ScratchRule
from tmpass.verification.plan import check_plan


def planned(graph, target="pixel6-tpu", format_="test", **options):
    return plan(Model(ModelInfo(f"net.{format_}", format_, "0" * 64), graph), target, **options)


def rows(made):
    return {row.what: row for row in made.not_counted}


def open_graph(dtype=None):
    """An operator that makes 8 bytes and a tensor of unknown size."""
    main = Sketch()
    first = main.op([main.input(16)], 8, ("n",))
    if dtype is not None:
        main.tensors[first + 1] = type(main.tensors[first + 1])("odd", dtype, (2,))
    main.outputs = [main.op([first, first + 1], 8)]
    return graph_of(main)


def test_tensors_of_unknown_size_prove_nothing():
    made = planned(open_graph(), allow_unplanned=True)
    assert rows(made)["tensors"] == NotCounted("tensors", 1, None, ("t2",))
    assert (made.status, made.fits, EXIT_CODES[made.status]) == ("feasible", True, 0)
    assert made.memories[0].peak == made.memories[0].lower_bound
    fits, left_out = summary(made).splitlines()[0], summary(made).splitlines()[6]
    assert fits == (
        "fits         yes, as far as it is planned; 1 tensor of unknown size is not counted, so nothing is proved"
    )
    assert left_out.startswith("not counted  1 tensor of unknown size; ")
    assert page_data(made)["views"][0]["verdict"].startswith("fits, as far as it is planned; 1 tensor of unknown size")
    assert json.loads(made.to_json())["not_counted"][0] == {
        "what": "tensors", "count": 1, "bytes": None, "names": ["t2"],
    }  # fmt: skip


def test_an_explanation_claims_no_proof_with_tensors_of_unknown_size():
    known = explain(Model(ModelInfo("net.test", "test", "0" * 64), open_graph()), allow_unplanned=True)
    text = explanation.head(known) + explanation.notes(known)
    assert not known.proved
    assert "1 tensor of unknown size is not counted, so nothing is proved; 8388" in text
    assert "least budget 72 B without transfers for what is planned; what is not counted is on top of it" in text
    assert "order: others are not judged, since 1 tensor of unknown size is not counted" in text
    assert "proved:" not in text
    assert "no order" not in text


def test_what_does_not_fit_without_them_does_not_fit_with_them():
    made = planned(open_graph(), allow_unplanned=True, budget=8)
    assert made.status == "infeasible"
    assert "no; proved" in summary(made)


def test_strings_have_bytes_that_are_not_counted_and_handles_have_none():
    text = planned(open_graph(STRING))
    assert (text.status, rows(text)["tensors"].names) == ("feasible", ("odd",))
    handle = planned(open_graph(RESOURCE))
    assert (handle.status, "tensors" in rows(handle)) == ("optimal", False)


def test_a_model_without_operators_says_that_only_its_ends_are_planned():
    main = Sketch()
    main.outputs = [main.input(8)]
    fits = summary(planned(graph_of(main))).splitlines()[0]
    assert fits == "fits         yes, as far as it is planned: the model has no operators, only inputs and outputs"


def test_weights_that_no_memory_holds_are_not_counted():
    main = Sketch()
    weights = [main.tensor(300, TensorKind.CONSTANT), main.tensor(24, TensorKind.CONSTANT)]
    main.tensor(999, TensorKind.CONSTANT)  # which no operator reads
    main.outputs = [main.op([main.input(8), *weights], 8)]
    alone = Target("t", "s", "assumed", (Memory("sram", None, 1, ("activations", "inputs_outputs")),))
    made = planned(graph_of(main), alone)
    assert rows(made)["weights"] == NotCounted("weights", 2, 324)
    assert not_counted(made).startswith("weights, 324 B; ")
    kept = planned(graph_of(main))
    assert "weights" not in rows(kept)
    assert sum(row.size for row in kept.constants if row.use == "stored") == 324


def test_what_the_caller_brings_is_not_counted():
    made = planned(chain(16, 64, 8), io="external")
    assert rows(made)["inputs_outputs"] == NotCounted("inputs_outputs", 2, 24)
    assert "inputs and outputs of the caller, 24 B" in not_counted(made)


def test_ends_of_two_entries_that_run_one_subgraph_are_counted_once():
    graph = chain(16, 64, 8)
    twice = replace(graph, entries=(*graph.entries, replace(graph.entries[0], name="again")))
    assert rows(planned(twice, io="external"))["inputs_outputs"] == NotCounted("inputs_outputs", 2, 24)


def kernels(*kinds, dtype=None, **more):
    main = Sketch()
    last = main.input((4,))
    for kind in kinds:
        reads = [last] if dtype is None else [last, main.tensor(4, TensorKind.CONSTANT, dtype=dtype)]
        last = main.op(reads, 4, kind=kind, **more)
    main.outputs = [last]
    return graph_of(main)


@pytest.mark.parametrize(
    ("kinds", "named"),
    [
        (("CONV_2D", "ADD", "SOFTMAX"), None),
        (("SVDF", "ADD", "SVDF"), (2, ("SVDF",))),
        (("UNIDIRECTIONAL_SEQUENCE_LSTM", "MEAN"), (2, ("MEAN", "UNIDIRECTIONAL_SEQUENCE_LSTM"))),
    ],
)
def test_kernels_whose_scratch_is_unknown_are_named(kinds, named):
    row = rows(planned(kernels(*kinds), "tflm")).get("scratch")
    assert (row and (row.count, row.names)) == named


def test_custom_operators_and_packed_weights_may_need_scratch():
    assert rows(planned(kernels("ADD", custom=True), "tflm"))["scratch"].names == ("ADD",)
    assert rows(planned(kernels("ADD", dtype=INT4), "tflm"))["scratch"].names == ("ADD",)


def test_a_rule_makes_scratch_known_be_it_nothing():
    graph = kernels("SVDF", "MEAN", "MEAN")
    rules = [ScratchRule("SVDF", 64), ScratchRule("MEAN", 0, 0, 1)]
    assert rows(planned(graph, "tflm", scratch=rules))["scratch"].count == 1
    rules.append(ScratchRule("MEAN", 0, 0, 2))
    assert "scratch" not in rows(planned(graph, "tflm", scratch=rules))


def test_of_a_target_without_a_runtime_no_kernel_is_known():
    assert not_counted(planned(chain(8, 8))) == "scratch of kernels (unknown without --scratch)"
    many = [f"K{i}" for i in range(6)]
    told = not_counted(planned(kernels(*many), scratch=[ScratchRule("K0", 8)]))
    assert told == "scratch of K1, K2, K3 and 2 more kinds (unknown)"


def test_assumed_capacities_are_marked():
    made = planned(chain(8, 8))
    assert made.memories[0].assumed == "assumed: 4 processing elements with 2 MiB each; not public"
    assert "(assumed: 4 processing elements" in summary(made)
    assert planned(chain(8, 8), budget=2**20).memories[0].assumed == ""
    assert planned(chain(8, 8), budget=2**20).memories[0].capacity_source == "--budget"
    assert planned(chain(8, 8), "tflm").memories[0].assumed == ""


def test_a_runtime_that_does_not_read_the_format_is_told_and_planned_for():
    for target, title in (("tflm", "TensorFlow Lite Micro"), ("litert-cpu", "LiteRT")):
        made = planned(chain(8, 8), target, "onnx")
        assert made.warnings == (f"{title} does not read onnx: convert the model to tflite, and plan that",)
        assert planned(chain(8, 8), target, "tflite").warnings == ()
    assert planned(chain(8, 8), "pixel6-tpu", "onnx").warnings == ()


def test_offsets_between_what_the_runtime_aligns_to_are_told():
    (line,) = planned(chain(8, 8), "tflm", "tflite", alignment=8).warnings
    assert line.startswith(
        "offsets are multiples of 8 B, but TensorFlow Lite Micro aligns tensors to 16 B: a processor"
    )
    assert line.endswith("; give an alignment of 16")
    assert planned(chain(8, 8), "tflm", "tflite", alignment=64).warnings == ()
    assert planned(chain(8, 8), "litert-cpu", "tflite", alignment=4).warnings == ()


def test_inputs_outside_the_arena_are_refused_where_the_runtime_has_none():
    with pytest.raises(UsageError, match=r"TensorFlow Lite Micro has all inputs and outputs in its arena; plan with"):
        planned(chain(8, 8), "tflm", io="external")
    assert planned(chain(8, 8), "litert-cpu", io="external").fits
    outside = planned(chain(8, 8), io="external")
    claimed = replace(outside, target=replace(outside.target, runtime="tflm"))
    assert "inputs and outputs are outside the arena" in check_plan(claimed, chain(8, 8))[0].message


@pytest.mark.parametrize(
    "change",
    [
        {"not_counted": ()},
        {"not_counted": (NotCounted("tensors", 2),)},
        {"not_counted": (NotCounted("tensors", 1), NotCounted("weights", 1, 8))},
        {"status": "optimal"},
    ],
)
def test_a_plan_that_claims_to_count_more_is_wrong(change):
    made = planned(open_graph(), allow_unplanned=True)
    assert check_plan(made, open_graph()) == []
    assert {v.kind for v in check_plan(replace(made, **change), open_graph())} <= {"not counted", "status"}
    assert check_plan(replace(made, **change), open_graph())


def test_a_comparison_says_which_plan_leaves_out_tensors():
    whole, part = planned(graph_of(Sketch())), planned(open_graph(), allow_unplanned=True)
    old, new, *_ = difference.head(whole, part, diff(whole, part)).splitlines()
    assert old.endswith("fits, 0 steps")
    assert new.endswith("fits, 2 steps; 1 tensor of unknown size is not counted")
