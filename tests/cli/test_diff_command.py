"""`tmpass diff`, as in continuous integration."""

import json
from types import SimpleNamespace

import pytest
from make_models import FOLDER

from tmpass.base.sizes import format_size
from tmpass.cli.terminal import coloured
from tmpass.plans.diff import diff
from tmpass.plans.plan_json import parse_plan
from tmpass.report.terminal.difference import head, percent


@pytest.fixture
def plans(run, model, larger_model, tmp_path):
    """The plans of a model before and after one of its tensors grew."""
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    run("plan", model, "--alignment", 1, "-o", old)
    run("plan", larger_model, "--alignment", 1, "-o", new)
    return old, new


def test_the_changes_between_two_plans(run, plans):
    done = run("diff", *plans)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "models       two files, with the same names of all 3 tensors: all are compared by name",
        "old          net.tflite on pixel6-tpu (assumed), fits, 2 steps",
        "new          larger.tflite on pixel6-tpu (assumed), fits, 2 steps",
        "peak         4024 B -> 4096 B (4 KiB), +72 B, +1.79 %",
        "tensors      1 grew, 2 moved",
        "",
        "       change         bytes        offset  tensor",
        "grew      +72  3000 -> 3072             0  t1",
        "moved                  1024  3000 -> 3072  t0",
        "moved                   512  3000 -> 3072  t2",
    ]


def test_nothing_changed(run, plans):
    done = run("diff", plans[0], plans[0], "--fail-if-grows", "0")
    assert done.code == 0
    assert done.out.splitlines()[2:] == [
        "peak         4024 B -> 4024 B (3.93 KiB), unchanged",
        "tensors      none changed: each has the same place in both plans",
    ]


def test_a_planned_file_and_its_plan_have_the_same_places_and_no_other_options(run, tmp_path):
    """The file holds offsets: how the search went and with which budget is not in it."""
    model, planned, plan = FOLDER / "branchy.tflite", tmp_path / "planned.tflite", tmp_path / "plan.json"
    asked = ("--target", "tflm", "--states", 1000, "--nodes", 5000)
    assert run("plan", model, *asked, "-o", planned).code == run("plan", model, *asked, "-o", plan).code == 0
    for pair in ((planned, plan), (plan, planned)):
        done = run("diff", *pair)
        assert "options" not in done.out
        assert done.out.splitlines()[-1] == "tensors      none changed: each has the same place in both plans"


@pytest.mark.parametrize(("limit", "code"), [("1%", 1), ("1.8%", 0), ("2 %", 0), ("0", 1), ("71B", 1), ("1KiB", 0)])
def test_a_peak_that_grew_by_more_is_exit_code_1(run, plans, limit, code):
    done = run("diff", *plans, "--fail-if-grows", limit)
    assert done.code == code
    wanted = "tmpass: the peak of scratchpad grew more than allowed: +72 B, +1.79 %\n"
    assert done.err == (wanted if code else "")
    assert run("diff", *reversed(plans), "--fail-if-grows", limit).code == 0


@pytest.fixture
def boards(run, weights_model, tmp_path):
    """The plans of a model of one board, before and after its weights grew."""
    paths = [tmp_path / "small.json", tmp_path / "large.json"]
    for size, path in zip((1000, 3000), paths, strict=True):
        run("plan", weights_model(size), "--target", "tflm-stm32f746", "-o", path)
    return paths


def test_constants_that_grew_have_lines(run, boards):
    lines = run("diff", *boards).out.splitlines()
    assert lines[3:6] == [
        "peak         arena: 32 B -> 32 B, unchanged",
        "constants    flash: 1008 B -> 3008 B (2.938 KiB), +2000 B, +198 %",
        "needed       flash: 1456 B -> 3456 B (3.375 KiB), +2000 B, +137 %",
    ]


@pytest.mark.parametrize(("limit", "code"), [("0", 1), ("1999B", 1), ("2000B", 0), ("100%", 1), ("140%", 0)])
def test_all_that_is_needed_is_judged_as_well(run, boards, limit, code):
    done = run("diff", *boards, "--fail-if-grows", limit)
    assert done.code == code
    wanted = "tmpass: what is needed of flash grew more than allowed: +2000 B, +137 %\n"
    assert done.err == (wanted if code else "")


def test_a_plan_of_version_1_is_compared_by_its_peak(run, boards):
    data = json.loads(boards[0].read_text())
    data["schema"], data["transfers"] = "tmpass.plan/1", []
    del data["constants"], data["model"]["bytes"]
    data["memories"] = [
        {key: row[key] for key in ("name", "capacity", "alignment", "peak", "lower_bound", "live_bytes")}
        for row in data["memories"][:1]
    ]
    boards[0].write_text(json.dumps(data))
    done = run("diff", *boards, "--fail-if-grows", "0")
    assert (done.code, done.err) == (0, "")
    assert "needed       not compared: one of the plans is of version 1, which has buffers only\n" in done.out
    (arena, flash) = json.loads(run("diff", *boards, "--json").out)["memories"]
    assert (arena["new_needed"], arena["growth"], flash["new_constants"]) == (None, 0, None)


def test_json_has_every_tensor(run, plans):
    done = run("diff", *plans, "--json", "--fail-if-grows", "1%")
    assert done.code == 1
    found = json.loads(done.out)
    assert (found["schema"], found["too_much"]) == ("tmpass.diff/1", ["scratchpad"])
    assert found["memories"] == [
        {
            "name": "scratchpad",
            "old_peak": 4024,
            "new_peak": 4096,
            "old_lower_bound": 4024,
            "new_lower_bound": 4096,
            "growth": 72,
            "old_constants": 0,
            "new_constants": 0,
            "old_overhead": 0,
            "new_overhead": 0,
            "old_needed": 4024,
            "new_needed": 4096,
        }
    ]
    assert [row["name"] for row in found["changes"]] == ["t1", "t0", "t2"]
    assert json.loads(run("diff", plans[0], plans[0], "--json").out)["changes"] == []


def test_a_long_list_is_cut_short(run, model, long_model, tmp_path):
    for path in (model, long_model):
        run("plan", path, "-o", tmp_path / f"{path.stem}.json")
    out = run("diff", tmp_path / "net.json", tmp_path / "long.json").out
    assert len(out.splitlines()) < 30
    assert out.endswith("more; --json lists them\n")


def test_a_plan_from_standard_input(run, fails, plans):
    assert run("diff", plans[0], "-", stdin=plans[1].read_text()).out == run("diff", *plans).out
    assert fails(2, "diff", "-", "-").startswith("both plans come from standard input")


@pytest.mark.parametrize("limit", ["x", "-1%", "1%%", "%", "1.5.5"])
def test_a_limit_that_is_none(fails, plans, limit):
    assert f"--fail-if-grows '{limit}' is not" in fails(2, "diff", *plans, "--fail-if-grows", limit)


def test_strange_names(run, odd_model, tmp_path):
    run("plan", odd_model, "-o", tmp_path / "odd.json")
    run("plan", odd_model, "--alignment", 1, "-o", tmp_path / "one.json")
    assert "a\\nb\\x1b[2J" in run("diff", tmp_path / "odd.json", tmp_path / "one.json").out


def test_bytes_that_transfers_move_are_judged_as_well(run, tmp_path):
    path, whole, less = FOLDER / "branchy.onnx", tmp_path / "whole.json", tmp_path / "less.json"
    run("plan", path, "--budget", 45_000, "-o", whole)
    run("plan", path, "--budget", 33_000, "-o", less)
    done = run("diff", whole, less, "--fail-if-grows", "100%")
    assert done.code == 1
    assert "the bytes moved by transfers grew more than allowed: +16384 B" in done.err
    found = json.loads(run("diff", whole, less, "--fail-if-grows", "16383B", "--json").out)
    assert found["too_much"] == ["transfers"]
    assert run("diff", whole, less, "--fail-if-grows", "16384B").code == 0
    assert run("diff", less, whole, "--fail-if-grows", "1MiB").code == 0


def test_growth_is_red_and_what_is_saved_green(plans):
    old, new = (parse_plan(path.read_text()) for path in plans)
    grown = head(old, new, diff(old, new), colour=True).splitlines()
    assert grown[3] == "peak         4024 B -> 4096 B (4 KiB), \x1b[31m+72 B, +1.79 %\x1b[0m"
    assert head(new, old, diff(new, old), colour=True).splitlines()[3].endswith("\x1b[32m-72 B, -1.76 %\x1b[0m")
    assert "\x1b" not in head(old, old, diff(old, old), colour=True)


def test_colours_are_for_terminals_that_have_them(monkeypatch):
    monkeypatch.setattr("sys.stdout", SimpleNamespace(isatty=lambda: True))
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    assert coloured()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured()


def test_a_plan_that_no_longer_fits_and_another_reserve_are_said(run, model, tmp_path):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    assert run("plan", model, "--target", "tflm-nrf52840", "--emit", old).code == 0
    assert run("plan", model, "--target", "tflm-nrf52840", "--budget", "1KiB", "--emit", new).code == 1
    done = run("diff", old, new, "--fail-if-grows", "1%")
    assert done.code == 1
    assert "the new plan does not fit, and the old one does" in done.err
    assert "16384 B of reserve in the old plan and 0 B in the new one" in done.err
    back = run("diff", new, old, "--fail-if-grows", "99%")
    assert "does not fit, and" not in back.err
    assert run("diff", old, new).code == 0


def test_other_options_and_what_is_missing_have_lines(run, model, tmp_path):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    assert run("plan", model, "--target", "tflm", "--budget", "64KiB", "-o", old).code == 0
    assert run("plan", model, "--target", "tflm", "--budget", "1KiB", "--no-inplace", "-o", new).code == 1
    done = run("diff", old, new)
    missing = json.loads(run("diff", old, new, "--json").out)["new"]["missing"]["arena"]
    assert done.out.splitlines()[1:3] == [
        f"new          net.tflite on tflm, does not fit, {format_size(missing)} missing in arena, 2 steps",
        "options      budget 65536 B (64 KiB) -> 1024 B (1 KiB); inplace yes -> no",
    ]
    assert "options" not in run("diff", old, old).out
    found = json.loads(run("diff", old, new, "--json").out)
    assert found["options"][0] == {"name": "budget", "old": 65536, "new": 1024}
    assert found["old"]["missing"] == {}


def test_a_limit_that_is_not_one_says_what_to_write(fails):
    assert fails(2, "diff", "a", "b", "--fail-if-grows", "abc").endswith(
        "is not a size; write percent or bytes: 1%, 512B, 4KiB, 0"
    )


@pytest.mark.parametrize(
    ("limit", "hint"),
    [
        ("1", "write 1% for percent, or 1B for bytes"),
        ("16384", "write 16384% for percent, or 16384B for bytes"),
        ("0.5", "write 0.5% for percent"),
    ],
)
def test_a_limit_needs_a_unit(fails, limit, hint):
    said = f"--fail-if-grows '{limit}' has no unit; {hint}"
    assert fails(2, "diff", "a", "b", "--fail-if-grows", limit) == said
    assert fails(2, "fleet", "zoo", "--baseline", "old.jsonl", "--fail-if-grows", limit) == said


def test_a_limit_in_bits_says_what_to_write(fails):
    said = fails(2, "diff", "a", "b", "--fail-if-grows", "4kib")
    assert said.endswith("'4kib' is in bits: a lower-case b stands for them; write 4KiB")


def test_two_different_models_are_said_in_the_first_line(run, plans, tmp_path):
    """With what of them is compared: none, some or all of their tensors; the same file has no such line."""
    other, some = tmp_path / "other.json", tmp_path / "some.json"
    run("plan", FOLDER / "branchy.onnx", "-o", other)
    some.write_text(plans[1].read_text().replace('"t1"', '"x1"'))
    wanted = {
        plans[1]: "two files, with the same names of all 3 tensors: all are compared by name",
        some: "two different models: compared are figures of memories, and 2 tensors with the same name in both "
        "(3 in the old, 3 in the new)",
        other: "two different models without a tensor of the same name: only the figures of memories are comparable",
    }
    for new, line in wanted.items():
        assert run("diff", plans[0], new).out.splitlines()[0] == f"models       {line}"
    assert run("diff", plans[0], plans[0]).out.startswith("old ")
    common = {"same": False, "old_tensors": 3, "new_tensors": 3, "common_tensors": 2}
    assert json.loads(run("diff", plans[0], some, "--json").out)["models"] == common
    assert json.loads(run("diff", plans[0], plans[0], "--json").out)["models"] == {"same": True}


@pytest.mark.parametrize(
    ("share", "text"), [(1.794, "+1.79 %"), (-0.5, "-0.5 %"), (2606.3, "+2606 %"), (99.9, "+99.9 %")]
)
def test_a_percentage_has_no_exponent(share, text):
    assert percent(share) == text
