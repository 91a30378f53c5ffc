"""`tmpass plan`."""

import json
import os
import stat
from pathlib import Path

import jsonschema
import pytest

from tmpass.api.plan import plan
from tmpass.plans.plan_json import parse_plan
from tmpass.targets import load_target

FORM = json.loads((Path(__file__).parent.parent.parent / "docs" / "plan.schema.json").read_text())


def test_a_model_that_fits(run, model):
    done = run("plan", model)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[:2] == [
        "fits         yes; optimal for this order and sharing",
        "model        net.tflite on pixel6-tpu (assumed), memory scratchpad",
    ]
    assert len(done.out.splitlines()) <= 10


def test_a_model_that_does_not_fit_names_the_bytes_missing_and_the_largest_tensors(run, model):
    done = run("plan", model, "--budget", "1KiB", "--alignment", 1)
    assert done.code == 1
    (warning,) = done.err.splitlines()
    assert warning.startswith("tmpass: warning: transfers do not help: step ")
    assert "fits         no; proved: one operator alone needs 3000 B (2.93 KiB) more than there is" in done.out
    assert "3000 B at    0  activation 't1'" in done.out


def test_a_search_that_ended_without_an_answer(run, hard_model):
    one_memory = ("-t", "minimalloc", "--alignment", 1, "--budget", 50_000)
    assert run("plan", hard_model, *one_memory).code == 0
    ended = run("plan", hard_model, *one_memory, "--nodes", 0)
    assert ended.code == 4
    assert "fits         not found; the search ended" in ended.out
    assert json.loads(run("plan", hard_model, *one_memory, "--nodes", 0, "--json").out)["fits"] is False


def test_the_summary_has_at_most_twelve_lines(run, long_model, empty_model, hard_model):
    for path in (long_model, empty_model, hard_model):
        lines = run("plan", path).out.splitlines()
        assert 5 <= len(lines) <= 12
        assert max(map(len, lines)) <= 120


def test_json_is_the_same_from_the_library_and_from_o(run, model, tmp_path):
    printed = run("plan", model, "--json").out
    assert printed == plan(model).to_json()
    jsonschema.Draft202012Validator(FORM).validate(json.loads(printed))
    written = tmp_path / "plan.json"
    assert run("plan", model, "-o", written).code == 0
    assert written.read_bytes() == printed.encode()
    assert run("plan", model, "-o", "-").out == printed
    assert run("plan", model, "-o", "-", "--json").out == printed
    assert run("plan", model, "-o", tmp_path / "again.json", "--json").out == printed


def test_with_o_the_summary_is_still_printed(run, model, tmp_path):
    assert run("plan", model, "-o", tmp_path / "plan.json").out == run("plan", model).out


def test_a_plan_that_does_not_fit_is_written_too(run, model, tmp_path):
    assert run("plan", model, "--budget", 10, "-o", tmp_path / "plan.json").code == 1
    assert parse_plan((tmp_path / "plan.json").read_text()).status == "infeasible"


def test_the_same_words_give_the_same_bytes(run, model):
    words = ("plan", model, "--json", "--target", "tflm", "--io", "external", "--keep-inputs", "--share", "none")
    assert run(*words).out == run(*words).out


def test_every_option_reaches_the_plan(run, open_model):
    words = [
        "--target",
        "litert-cpu",
        "--budget",
        "1MiB",
        "--alignment",
        32,
        "--bind",
        "batch=3",
        "--io",
        "external",
        "--keep-inputs",
    ]
    words += [
        "--share",
        "none",
        "--no-inplace",
        "--share-io",
        "--allow-unplanned",
        "--schedule",
        "given",
        "--states",
        8,
        "--allocator",
        "first-fit",
        "--nodes",
        7,
        "--int8",
        "native",
    ]
    options = json.loads(run("plan", open_model, "--json", *words).out)["options"]
    rules = load_target("litert-cpu").scratch
    assert [rule["kind"] for rule in options.pop("scratch")] == [rule.kind for rule in rules]
    assert options == {
        "bind": {"batch": 3}, "budget": 2**20, "alignment": 32, "io": "external", "keep_inputs": True, "share": "none",
        "inplace": False, "share_io": True, "allow_unplanned": True, "schedule": "given", "states": 8,
        "allocator": "first-fit", "nodes": 7, "int8": "native", "tie": {},
    }  # fmt: skip


# Dimensions.


def test_a_dimension_that_is_not_bound(fails, open_model):
    message = fails(3, "plan", open_model)
    assert message.startswith(f"{open_model}: the size of 2 tensors is not known: 'x' [batch, 4], 'y' [batch, 4]; ")
    assert "--bind batch=N" in message
    assert "--allow-unplanned" in message


def test_bound_dimensions(run, open_model):
    assert run("plan", open_model, "--bind", "batch=2").code == 0
    assert run("plan", open_model, "--bind", "x:0=2", "--bind", "batch=2").code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["batch"], "binding 'batch' is not NAME=NUMBER"),
        (["batch=x"], "binding 'batch=x' is not NAME=NUMBER"),
        (["batch=99999999999"], "'batch' is bound to 99999999999; dimensions are 1 .. 2^31 - 1"),
        (["batch=0"], "'batch' is bound to 0; dimensions are 1 .. 2^31 - 1"),
        (["batch=-1"], "binding 'batch=-1' is not NAME=NUMBER"),
        (["batch=1", "batch=2"], "'batch' is bound to 1 and to 2; bind it once"),
        (["bach=1"], "binding 'bach' names no dimension of the model; known: batch"),
        (["x:9=1"], "binding 'x:9': tensor 'x' has no axis 9; its axes are x:0 to x:1"),
    ],
)
def test_bindings_that_are_wrong(fails, open_model, words, message):
    assert message in fails(2, "plan", open_model, *(part for word in words for part in ("--bind", word)))


def test_allow_unplanned_lists_the_tensors_left_out(run, open_model):
    done = run("plan", open_model, "--allow-unplanned")
    assert done.code == 0
    assert done.err.splitlines() == [
        "tmpass: not planned: tensor 0 'x' of subgraph 0: dimension batch is not known",
        "tmpass: not planned: tensor 1 'y' of subgraph 0: dimension batch is not known",
    ]


# What is wrong with what was asked.


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--target", "pixel6"], "no target is named 'pixel6'; did you mean 'pixel6-tpu'"),
        (["--target", "nothing/like.toml"], "nothing/like.toml: cannot read it: No such file"),
        (["--budget", "1.5"], "--budget '1.5' is not a whole number of bytes"),
        (["--budget", "lots"], "--budget 'lots' is not a size; write bytes or a unit: 4096, 4KiB, 1MiB"),
        (["--budget", "-1"], "--budget '-1' is not a size"),
        (["--budget", "5000000TiB"], "is above 2^62 bytes"),
        (["--alignment", "0"], "--alignment 0 is not in 1 .. 2^31; write 1 or more"),
        (["--alignment", "24"], "alignment 24 is not a power of two; give 16 or 32"),
        (["--alignment", "x"], "--alignment 'x' is not a size; write bytes or a unit: 4096, 4KiB, 1MiB"),
        (["--nodes", "-1"], "--nodes -1 is not in 0 .. 2^62; write 0 or more"),
        (["--nodes", "9" * 30], "is not in 0 .. 2^62; write 2^62 or less"),
        (
            ["--io", "none"],
            "--io 'none' is unknown; choose one of arena, external",
        ),
        (["--allocator", "best"], "allocator 'best' is unknown; did you mean 'best-fit'? choose one of auto"),
        (["--budegt", "1"], "no such option '--budegt'"),
        (["another"], "got 'another' as well: it takes one model: tmpass fleet plans several"),
    ],
)
def test_wrong_options(fails, model, words, message):
    assert message in fails(2, "plan", model, *words)


def test_no_model(fails):
    assert fails(2, "plan") == "missing argument 'MODEL'; try tmpass plan --help"


def test_models_that_cannot_be_read(fails, tmp_path, model):
    assert fails(3, "plan", tmp_path / "none.tflite").endswith(
        "cannot read it: No such file or directory; check the path"
    )
    assert fails(3, "plan", tmp_path).endswith("it is a directory; give a model file")
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(model.read_bytes()[:100])
    assert fails(3, "plan", cut).startswith(f"{cut}: ")


def test_names_cannot_break_the_line_of_an_error(fails, tmp_path):
    path = tmp_path / "a\nb\x1b[2J.tflite"
    path.write_bytes(b"\0" * 9)
    assert fails(3, "plan", path).startswith(f"{tmp_path}/a\\nb\\x1b[2J.tflite: not a TFLite file")


def test_names_cannot_break_the_summary(run, odd_model):
    done = run("plan", odd_model)
    assert "input 'a\\nb\\x1b[2J'" in done.out


# Output files are written whole or not at all.


def test_a_folder_that_cannot_be_written_to(fails, model, tmp_path):
    assert fails(2, "plan", model, "-o", tmp_path / "none" / "plan.json").endswith(
        f"plan.json: cannot write it: No such file or directory; make the folder {tmp_path / 'none'}"
    )
    assert fails(2, "plan", model, "-o", tmp_path).endswith(
        f"cannot write it: Is a directory; name a file in it: {tmp_path / 'NAME'}"
    )
    assert "cannot write it" in fails(2, "plan", model, "-o", model / "plan.json")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.tflite"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(fails, model, tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    assert "cannot write it: Permission denied" in fails(2, "plan", model, "-o", folder / "plan.json")


def test_an_error_keeps_the_old_file(fails, model, tmp_path):
    old = tmp_path / "plan.json"
    old.write_text("old")
    fails(2, "plan", model, "-o", old, "--target", "none")
    fails(3, "plan", tmp_path / "none.tflite", "-o", old)
    assert old.read_text() == "old"


@pytest.mark.parametrize("step", ["chmod", "replace"])
def test_a_fault_while_writing_keeps_the_old_file_and_leaves_nothing(fails, model, tmp_path, monkeypatch, step):
    old = tmp_path / "plan.json"
    old.write_text("old")

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, refuse)
    assert "cannot write it: No space left on device" in fails(2, "plan", model, "-o", old)
    assert old.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.tflite", "plan.json"]


def test_a_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(run, model, tmp_path):
    plain, new, private = tmp_path / "plain", tmp_path / "new", tmp_path / "private"
    plain.touch()
    private.touch(mode=0o600)
    for path in (new, private):
        run("plan", model, "-o", path)
    assert stat.S_IMODE(new.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_a_link_is_followed_and_stays_one(run, model, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for _ in range(2):
        run("plan", model, "-o", tmp_path / "link")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "real").read_text() == plan(model).to_json()


def test_links_in_a_circle(fails, model, tmp_path):
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    assert "cannot write it" in fails(2, "plan", model, "-o", tmp_path / "one")


def test_a_device_is_written_to_and_stays_one(run, model):
    assert run("plan", model, "-o", os.devnull).code == 0
    assert not Path(os.devnull).is_file()


def test_a_long_name_is_no_trouble(run, model, tmp_path):
    assert run("plan", model, "-o", tmp_path / ("n" * 250)).code == 0


def test_the_curve_is_on_the_page_and_nowhere_else(run, model, tmp_path):
    page = tmp_path / "arena.html"
    assert run("plan", model, "--emit", page, "--budget", "8KiB").code == 0
    assert 'id="curve"' not in page.read_text(encoding="utf-8")
    assert run("plan", model, "--emit", page, "--budget", "8KiB", "--curve").code == 0
    assert '<td class="number">8192 (8 KiB)</td>' in page.read_text(encoding="utf-8")
    for emitted in ((), ("--emit", tmp_path / "plan.csv")):
        done = run("plan", model, *emitted, "--curve")
        assert done.code == 2
        assert "--curve has no effect without a page" in done.err


BRANCHY = Path(__file__).parent.parent.parent / "models" / "branchy.tflite"


def test_a_model_that_does_not_fit_moves_tensors_unless_that_is_not_wanted(run, fails, tmp_path):
    done = run("plan", BRANCHY, "--budget", 33_000)
    assert done.code == 0
    assert done.out.startswith("fits         yes, with transfers; the fewest ")
    assert run("plan", BRANCHY, "--budget", 33_000, "--transfers", "never").code == 1
    assert run("plan", BRANCHY, "--budget", 33_000, "--transfers", "required").code == 0
    assert "does not copy tensors" in fails(2, "plan", BRANCHY, "--target", "tflm", "--transfers", "required")
    without = run("plan", BRANCHY, "--budget", 33_000, "-o", tmp_path / "planned.tflite")
    said = "the model fits with transfers only, which its file cannot hold: -o plan.json holds them"
    assert (without.code, f"tmpass: {said}\n" in without.err) == (1, True)
    refused = run("plan", BRANCHY, "--budget", 33_000, "--transfers", "required", "-o", tmp_path / "planned.tflite")
    assert refused.code == 2
    assert "the file of a model has one place for each tensor" in refused.err
    assert not (tmp_path / "planned.tflite").exists()


def test_what_looks_like_a_model_and_is_not_is_said(run, fails, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("plan", BRANCHY, "-t", "tflm", "-o", "net.tfl")
    assert (done.code, done.err) == (0, "tmpass: net.tfl: the plan as JSON, since this is not the suffix of a model\n")
    assert run("plan", BRANCHY, "-t", "tflm", "-o", "plan.json").err == ""
    assert "out/ is a folder: name the file" in fails(2, "plan", BRANCHY, "-o", "out/")
    assert not (tmp_path / "out").exists()


def test_a_plan_with_transfers_is_shown_verified_and_explained(run, tmp_path):
    plan = tmp_path / "plan.json"
    assert run("plan", BRANCHY, "--budget", 33_000, "-o", plan).code == 0
    shown = run("show", plan)
    assert "again, fetched before step" in shown.out
    assert "transfers   16384 B (16 KiB) in each run" in shown.out
    verified = run("verify", plan, BRANCHY, "--target", "pixel6-tpu")
    assert verified.code == 0
    assert "4 transfers" in verified.out
    assert "on trust: transfers: with this order and sharing, no run moves less than 16384 B" in verified.out
    explained = run("explain", BRANCHY, "--budget", 33_000)
    assert explained.code == 0
    assert explained.out.startswith("fits         yes, with transfers: 16384 B")
    assert "leaves the scratchpad" in explained.out


def test_a_file_of_an_earlier_run_and_a_header_beside_a_planned_model_are_named(run, model, tmp_path):
    planned, header = tmp_path / "planned.tflite", tmp_path / "net.h"
    done = run("plan", model, "-t", "tflm", "-o", planned, "--emit", header)
    assert done.code == 0
    assert f"{header} is for {model.name}: its SHA-256, flash and the names of macros" in done.err
    assert f"tmpass emit {planned} --format c -o {header}" in done.err
    assert run("emit", planned, "--format", "c", "-o", header).code == 0
    assert "PLANNED_MODEL_SHA256" in header.read_text()
    done = run("plan", model, "-t", "tflm", "--budget", 64, "-o", planned)
    assert done.code == 1
    assert f"nothing is written to {planned}: the plan does not fit; the file there is of an earlier run" in done.err
