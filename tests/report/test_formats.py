"""The registry of output formats."""

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from support.graphs import chain, graphs

from tmpass.api.plan import plan
from tmpass.base.errors import UsageError
from tmpass.cli.emit_option import make_all
from tmpass.loading.load import Model
from tmpass.plans.model_info import ModelInfo
from tmpass.report.formats.registry import FORMATS, all_formats, compares, format_of, load_format


def planned(graph, **options):
    return plan(Model(ModelInfo("net.tflite", "test", "0" * 64), graph), **options)


def test_each_has_a_name_an_end_of_its_own_and_a_summary_for_the_help():
    forms = list(all_formats())
    assert [form.NAME for form in forms] == list(FORMATS)
    assert len({form.SUFFIX for form in forms}) == len(forms)
    assert all(form.SUFFIX.startswith(".") and form.SUFFIX.lower() == form.SUFFIX for form in forms)
    assert all(0 < len(form.SUMMARY) <= 60 for form in forms)


@settings(max_examples=25, deadline=None)
@given(graphs())
def test_each_writes_every_plan_as_the_same_lines(graph):
    made = planned(graph)
    for form in all_formats():
        if form.NAME == "tflm-planner":
            with pytest.raises(UsageError, match="the plan is for 'pixel6-tpu'"):
                form.emit(made)
            continue
        text = form.emit(made)
        assert text.endswith("\n")
        assert form.emit(made) == text


@settings(max_examples=25, deadline=None)
@given(graphs())
def test_the_planner_writes_plans_for_its_runtime_as_the_same_lines(graph):
    made = plan(Model(ModelInfo("net.tflite", "tflite", "0" * 64), graph), "tflm")
    form = load_format("tflm-planner")
    if any(t.role == "unplanned" for t in made.tensors):
        with pytest.raises(UsageError, match="which has none in the plan"):
            form.emit(made)
        return
    text = form.emit(made)
    assert text.endswith("\n")
    assert form.emit(made) == text


def test_json_is_the_plan():
    made = planned(chain(8, 16, 8))
    assert load_format("json").emit(made) == made.to_json()


def test_the_longest_suffix_of_a_file_tells_the_format():
    assert format_of("out/plan.CSV").NAME == "csv"
    assert format_of("plan.h").NAME == "c"
    assert format_of("net.planner.h").NAME == "tflm-planner"
    assert format_of("plan.json").NAME == "json"
    assert format_of("plan.model-explorer.json").NAME == "model-explorer"


def test_an_unknown_format_is_an_error_that_lists_the_known_ones():
    with pytest.raises(UsageError, match=r"plan\.txt: no format has files that end so; .*\.json, \.csv"):
        format_of("plan.txt")
    with pytest.raises(UsageError, match=r"no format is named 'cvs'; did you mean 'csv'\? choose one of json"):
        load_format("cvs")


@pytest.mark.parametrize(("given", "wanted"), [({}, False), ({"COMPARES": False}, False), ({"COMPARES": True}, True)])
def test_a_format_compares_only_where_it_says_so(given, wanted):
    form = SimpleNamespace(NAME="a", SUFFIX=".a", SUMMARY="a", emit=lambda _plan: "", **given)
    assert compares(form) is wanted
    assert compares(load_format("html"))
    assert not compares(load_format("csv"))


def test_a_format_with_compares_off_is_given_one_plan():
    form = SimpleNamespace(NAME="a", SUFFIX=".a", SUMMARY="a", COMPARES=False, emit=lambda plan: plan.model.file + "\n")

    def before():
        raise AssertionError("there is nothing to compare with")

    assert make_all(planned(chain(8, 16)), ((form, "p"),), before, before) == [("p", "net.tflite\n")]
