"""`tmpass emit`, and the option --emit of `tmpass plan`."""

import json

import pytest

from tmpass.api.plan import plan
from tmpass.api.verify import verify
from tmpass.base.errors import UsageError
from tmpass.plans.plan_json import parse_plan
from tmpass.report.formats.registry import FORMATS, all_formats, compares


@pytest.fixture
def made(run, model, tmp_path):
    path = tmp_path / "plan.json"
    assert run("plan", model, "-o", path).code == 0
    return path


@pytest.mark.parametrize("form", list(all_formats()), ids=FORMATS)
def test_every_format_afterwards_at_once_and_from_the_library(run, model, tmp_path, form):
    target, made = "tflm" if form.NAME == "tflm-planner" else "pixel6-tpu", tmp_path / "made.json"
    assert run("plan", model, "-t", target, "-o", made).code == 0
    text = form.emit(plan(model, target))
    assert run("emit", made, "--format", form.NAME).out == text
    assert run("emit", "-", "-f", form.NAME, "-o", "-", stdin=made.read_text()).out == text
    by_end, by_name = tmp_path / f"by_end{form.SUFFIX}", tmp_path / "by_name"
    done = run("plan", model, "-t", target, "--emit", by_end, "--emit", f"{form.NAME}={by_name}")
    assert done == run("plan", model, "-t", target)
    if compares(form):
        before = plan(model, target, schedule="given", share="none", allocator="greedy-by-size")
        text, alone = form.emit(plan(model, target), before), text
        assert text != alone
        (tmp_path / "before.json").write_text(before.to_json())
        assert run("emit", made, "-f", form.NAME, "--before", tmp_path / "before.json").out == text
    assert by_end.read_bytes() == by_name.read_bytes() == text.encode()
    assert run("emit", made, "-o", by_end).out == ""
    assert by_end.read_bytes() == form.emit(plan(model, target)).encode()


def test_a_name_is_that_of_the_macros(run, fails, made):
    out = run("emit", made, "-f", "c", "--name", "kws").out
    assert "#ifndef KWS_PLAN_H" in out
    assert "/* Memory plan of kws for" in out
    assert out == parse_plan(made.read_text()).emit("c", name="kws")
    assert "a plan has the name of its model's file" in fails(2, "emit", made, "-f", "json", "--name", "kws")
    for name in ("", "  ", "a\nb"):
        assert "give a text such as 'net.tflite'" in fails(2, "emit", made, "-f", "c", "--name", name)


def test_a_model_without_a_file_gets_a_name(model):
    data = model.read_bytes()
    named = plan(data, name="kws.tflite")
    assert (named.model.file, plan(data).model.file) == ("kws.tflite", "<memory>.tflite")
    assert "#ifndef KWS_PLAN_H" in named.emit("c")
    assert verify(named, data, target="pixel6-tpu") == ()
    for wrong in ("", "a\nb", 7):
        with pytest.raises(UsageError, match="name is"):
            plan(data, name=wrong)
    with pytest.raises(UsageError, match=r"the model has its own: 'net\.tflite'"):
        plan(model, name="kws.tflite")


def test_a_format_that_shows_one_plan_refuses_another(fails, made):
    message = fails(2, "emit", made, "-f", "csv", "--before", made)
    assert message == "--before has no effect with csv: it shows one plan; try tmpass emit --help"


def test_the_help_lists_every_format(run):
    out = run("emit", "--help").out
    assert all(f"      {form.NAME:<15} {form.SUMMARY}\n" in out for form in all_formats())
    option = " ".join(run("plan", "--help").out.split())
    assert ", ".join(FORMATS) in option


def test_to_standard_output_the_format_must_be_named(run, model, fails, made):
    assert run("plan", model, "--emit", "csv=-").out == run("emit", made, "-f", "csv").out
    assert fails(2, "emit", made) == "no format: give --format, or --output with a suffix; try tmpass emit --help"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("csv", "invalid value for '--emit': 'csv' is a format: write csv=FILE; try tmpass plan --help"),
        ("plan.txt", "plan.txt: no format has files that end so; name the format, or end in one of .json, .csv"),
        ("cvs=plan.txt", "no format is named 'cvs'; did you mean 'csv'? choose one of json, csv"),
        ("csv=", "the path to write to is empty; give a file, or - for standard output"),
    ],
)
def test_outputs_that_cannot_be_written(fails, model, word, message):
    assert message in fails(2, "plan", model, "--emit", word)


def test_a_wrong_format_is_refused_before_planning(fails, tmp_path):
    fails(2, "plan", tmp_path / "none.tflite", "-o", tmp_path / "p.json", "--emit", tmp_path / "p.txt")
    assert not list(tmp_path.iterdir())


def test_a_plan_that_does_not_fit_is_emitted_too(run, model, tmp_path):
    assert run("plan", model, "--budget", 10, "--emit", tmp_path / "p.csv").code == 1
    assert (tmp_path / "p.csv").exists()


def test_allocate_reads_the_csv_again(run, model, made, tmp_path):
    assert run("emit", made, "-o", tmp_path / "p.csv").code == 0
    done = run("allocate", tmp_path / "p.csv", "--minimize")
    assert done.code == 0
    assert f"peak {plan(model).memories[0].peak}," in done.out


def broken(data, *path, value):
    for key in path[:-1]:
        data = data[key]
    data[path[-1]] = value


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("buffers", 0, "memory"), "dram", "buffers[0] is in memory 'dram', which the plan does not have"),
        (("buffers", 0, "id"), 7, "buffers[0] has id 7"),
        (("buffers", 1, "lower"), 2, "buffers[1] lives in [2, 2)"),
        (("buffers", 0, "tensors"), [[0, 9]], "buffers[0] holds tensor (0, 9), which the plan does not have"),
        (("buffers", 2, "step"), 2, "buffers[2] is scratch of step 2, which the plan does not have"),
        (("tensors", 0, "buffer"), 3, "tensors[0] is in buffer 3, which the plan does not have"),
        (("tensors", 1, "index"), 0, "two tensors have the same number"),
        (("schedule", 1, "step"), 0, "schedule[1] is step 0"),
    ],
)
def test_a_plan_whose_rows_refer_to_missing_rows(fails, made, path, value, message):
    data = json.loads(made.read_text())
    broken(data, *path, value=value)
    made.write_text(json.dumps(data))
    assert fails(2, "emit", made, "-f", "csv") == f"{made}: {message}; write the plan again with tmpass plan -o"


def test_a_file_that_is_not_a_plan(fails, tmp_path):
    assert fails(2, "emit", "-", "-f", "csv", stdin="{}").startswith("-: it is not a plan of schema")
    assert "cannot read it" in fails(2, "emit", tmp_path / "none.json", "-f", "csv")
