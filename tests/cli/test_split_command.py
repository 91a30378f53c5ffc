"""`tmpass split`, `tmpass verify --split`, and what `tmpass strip` says of a split."""

import json
import re
from dataclasses import replace

import pytest
from support.onnx_split_models import onnx_bottleneck
from support.open_sizes import opened, sizes
from support.split_bottleneck import bottleneck

import tmpass
from tmpass.report.terminal.split import split_summary

MODEL = bottleneck()


@pytest.fixture
def narrow(tmp_path):
    path = tmp_path / "narrow.tflite"
    path.write_bytes(MODEL)
    return path


def test_split_verify_and_strip(run, narrow, tmp_path):
    split, back, page = tmp_path / "split.tflite", tmp_path / "back.tflite", tmp_path / "page.html"
    done = run("split", narrow, "-o", split, "--page", page)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "fits         yes"
    assert [line.split()[0] for line in lines[:6]] == ["fits", "model", "before", "after", "macs", "operators"]
    assert lines[-1] == "proved       each output element: the same inputs, the same arithmetic"
    assert page.read_text().count("<svg") == 2
    assert "memory&gt;" not in page.read_text()
    assert page.read_text().count(f"<title>{narrow.name} (split) on tflm</title>") == 1
    done = run("verify", "--split", split, narrow)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{split} computes the same as {narrow}")
    done = run("verify", "--split", narrow, split)
    assert (done.code, "is the split model: it comes first" in done.err) == (2, True)
    done = run("strip", split, "-o", back)
    assert done.code == 0
    assert done.err == (
        f"tmpass: {back}: it was split, and strip takes off plans only: the unsplit model is not in it\n"
    )
    done = run("split", back)
    assert done.code == 3
    assert done.err == f"tmpass: {back}: it is split already; split the original\n"


def test_json_has_the_figures(run, narrow):
    done = run("split", narrow, "--json")
    found = json.loads(done.out)
    assert found["needed"]["after"] < found["needed"]["before"]
    assert found["stages"]


def test_the_kinds_that_a_resolver_must_register_are_named(run, narrow, tmp_path):
    (line,) = [line for line in run("split", narrow).out.splitlines() if line.startswith("new kinds")]
    model = tmp_path / "model.onnx"
    model.write_bytes(onnx_bottleneck())
    (of_onnx,) = [line for line in run("split", model, "--budget", "48KiB").out.splitlines() if "new kinds" in line]
    assert line == "new kinds    CONCATENATION: to register with AddConcatenation()"
    assert of_onnx == "new kinds    Concat, Slice"
    assert "new kinds" not in run("split", narrow, "--budget", "1MiB").out
    found = json.loads(run("split", narrow, "--json").out)["registrations"]
    assert {"kind": "CONCATENATION", "call": "AddConcatenation()", "new": True} in found
    assert {"kind": "CONV_2D", "call": "AddConv2D()", "new": False} in found
    assert "registrations" not in json.loads(run("split", model, "--budget", "48KiB", "--json").out)


def test_a_split_does_not_fit_only_where_no_choice_of_equal_parts_does(run, narrow):
    """That the plan of one split is proved not to fit says nothing of other splits."""
    made = tmpass.split(narrow, "tflm", budget="1KiB")
    assert made.bound is not None
    least, found = made.bound.bytes, made.needed[0]
    assert (made.plan.status, made.status) == ("infeasible", "infeasible")
    below = run("split", narrow, "--budget", least - 1)
    assert (below.code, below.out[:17]) == (1, "fits         no: ")
    assert least < found, "this model has a split between the bound and the fewest bytes found"
    for budget in (least, found - 1):
        between = run("split", narrow, "--budget", budget)
        assert (between.code, between.out[:24]) == (4, "fits         not found: ")
        assert between.out.splitlines()[0].endswith("; other splits may fit")
        limited = run("split", narrow, "--budget", budget, "--max-macs", "100%").out
        assert limited.splitlines()[0].endswith("; more --max-macs may help")
        assert json.loads(run("split", narrow, "--budget", budget, "--json").out)["status"] == "unknown"
    unbounded = replace(made, bound=None)
    assert split_summary(unbounded).startswith("fits         not found: ")


def test_a_budget_that_cannot_be_met_tells_the_least(run, narrow, tmp_path):
    split = tmp_path / "split.tflite"
    done = run("split", narrow, "--budget", "4KiB", "-o", split)
    assert done.code == 1
    assert not split.exists()
    assert "are the fewest that a split was found for, and any choice of equal parts needs at least" in done.err
    line = next(line for line in done.out.splitlines() if line.startswith("lower bound"))
    after = next(line for line in done.out.splitlines() if line.startswith("after"))
    assert 4096 < int(line.split()[2]) <= int(after.split()[1])
    assert line.split(": ")[1].startswith("of any choice of stages")
    assert json.loads(run("split", narrow, "--budget", "4KiB", "--json").out)["bound"] == int(line.split()[2])
    assert done.out.startswith("fits         no: ")


def test_the_frontier_is_a_table_and_a_plot(run, narrow, tmp_path):
    page = tmp_path / "trade-offs.html"
    done = run("split", narrow, "--frontier", "--page", page)
    assert (done.code, done.err) == (0, "")
    rows = done.out.splitlines()
    assert rows[0].split()[:3] == ["bytes", "of", "the"]
    assert len(rows) > 2
    assert "each is planned and proved" in rows.pop()
    assert page.read_text().count("<circle") == len(rows) - 1
    assert "each is planned and proved" in page.read_text()
    found = json.loads(run("split", narrow, "--frontier", "--json").out)
    assert len(found["frontier"]) == len(rows) - 1
    assert found["proved"] is True


def test_a_model_that_fits_is_said_to_fit_already(run, narrow, tmp_path):
    same = tmp_path / "same.tflite"
    done = run("split", narrow, "--budget", "1MiB", "-o", same)
    assert done.code == 0
    assert "nothing: it fits already" in done.out
    assert "proved " not in done.out
    assert "lower bound" not in done.out
    assert done.err == f"tmpass: {same}: nothing was split: it is the original with its plan\n"
    assert tmpass.verify_split(same.read_bytes(), MODEL) == []


def test_a_run_is_not_slower_than_allowed(run, narrow):
    slow, fast = (json.loads(run("split", narrow, "--json", "--max-slowdown", part).out) for part in ("50%", "0.002"))
    assert fast["slowdown"] <= 0.002 < slow["slowdown"] <= 0.5
    assert slow["needed"]["after"] < fast["needed"]["after"]
    assert "run time     +" in run("split", narrow).out


def test_what_the_proof_leaves_to_kernels_is_a_warning(run, narrow, tmp_path):
    done = run("split", narrow, "-t", "pixel6-tpu", "--budget", "40KiB")
    assert "warning      the proof is for reference kernels" in done.out
    assert "warning" not in run("split", narrow, "-t", "tflm").out
    path = tmp_path / "floats.tflite"
    path.write_bytes(bottleneck(floats=True))
    assert "warning      floats: bits are equal where" in run("split", path, "-t", "tflm").out


@pytest.mark.parametrize("options", [(), ("--frontier",), ("--json",), ("--budget", "1MiB")])
def test_the_warnings_are_those_of_plan(run, tmp_path, options):
    model, planned = tmp_path / "model.tflite", tmp_path / "planned.tflite"
    model.write_bytes(bottleneck(open_batch=True))
    batch = "tmpass: warning: the batch of input 'x' is open: planned with 1, as the file has it"
    option = "; TensorFlow Lite Micro does not resize it: for another, convert the model with a fixed batch"
    assert batch + option in run("plan", model, "-t", "tflm", "-o", planned).err
    done = run("split", model, *options)
    assert (done.code, done.err) == (0, run("plan", model, "-t", "tflm").err.replace(option, ""))
    assert batch in done.err
    done = run("split", planned, *options)
    of_plan = run("plan", planned, "-t", "tflm").err.replace(option, "")
    assert sorted(done.err.splitlines()) == sorted(of_plan.splitlines())
    assert run("split", model, *options, "--bind", "x:0=1").err == ""
    assert "the file already holds an offline memory plan" in done.err


def test_the_trade_offs_open_a_model_once(run, narrow, monkeypatch):
    import tmpass.api.split as module

    opened, real = [], module.open_net
    monkeypatch.setattr(module, "open_net", lambda *given: opened.append(given) or real(*given))
    assert run("split", narrow, "--frontier").code == 0
    assert len(opened) == 1


BOARD = """
name = "board"
summary = "a board with flash"
standing = "data sheet"
runtime = "tflm"
word = {{ value = 4, source = "data sheet" }}
[[memory]]
name = "arena"
capacity = {{ value = "{arena}", source = "data sheet" }}
alignment = {{ value = 16, source = "TFLM" }}
holds = ["activations", "inputs_outputs", "variables"]
[[memory]]
name = "flash"
capacity = {{ value = {flash}, source = "data sheet" }}
alignment = {{ value = 16, source = "TFLM" }}
holds = ["weights"]
"""


@pytest.mark.parametrize("arena", ["unlimited", "1MiB", "40KiB", "1KiB"])
def test_constants_that_do_not_fit_are_judged_before_the_search(run, narrow, tmp_path, arena):
    target, split = tmp_path / "board.toml", tmp_path / "split.tflite"
    target.write_text(BOARD.format(arena=arena, flash=1024))
    done = run("split", narrow, "-t", target, "-o", split)
    told = f"{len(MODEL) - 1024} B"
    verdict, *_, last = done.out.splitlines()
    assert done.code == 1
    assert not split.exists()
    assert verdict.startswith(f"fits         no: {told}")
    assert verdict.endswith("are missing in flash; splitting does not make constants smaller")
    assert last == "split        nothing: splitting does not make constants smaller"
    assert done.err.startswith(f"tmpass: nothing is written to {split}: {told}")
    assert "are missing in flash; splitting does not make constants smaller" in done.err
    lines = []
    made = tmpass.split(MODEL, target, told=lines.append)
    assert (made.searched, made.fits, made.data) == (False, False, MODEL)
    assert not any("stages" in line for line in lines)
    assert json.loads(run("split", narrow, "-t", target, "--json").out)["missing"]["flash"] == len(MODEL) - 1024


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_the_frontier_judges_constants_before_the_search_too(run, narrow, tmp_path, words):
    target, page = tmp_path / "board.toml", tmp_path / "page.html"
    target.write_text(BOARD.format(arena="40KiB", flash=1024))
    done = run("split", narrow, "-t", target, "--frontier", "--page", page, *words)
    assert (done.code, page.exists()) == (1, False)
    assert done.out == run("split", narrow, "-t", target, *words).out
    assert f"nothing is written to {page}: no split is searched for" in done.err
    lines = []
    (whole,) = tmpass.split_frontier(MODEL, target, told=lines.append)
    assert (whole.stages, any("stages" in line for line in lines)) == ((), False)


def test_a_split_that_needs_more_flash_than_there_is_does_not_fit(run, narrow, tmp_path):
    target, split = tmp_path / "board.toml", tmp_path / "split.tflite"
    target.write_text(BOARD.format(arena="40KiB", flash=len(MODEL)))
    done = run("split", narrow, "-t", target, "-o", split)
    assert (done.code, split.exists()) == (4, False)  # another split may have a smaller file
    assert done.out.splitlines()[0].endswith("are missing in flash")
    assert "lower bound" not in done.out
    assert "missing in flash" in done.err
    assert "fewest" not in done.err
    target.write_text(BOARD.format(arena="40KiB", flash=10 * len(MODEL)))
    assert run("split", narrow, "-t", target, "-o", split).code == 0


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (("--frontier", "--budget", "1KiB"), "--frontier lists trade-offs"),
        (("--max-macs", "much"), "'much' is not a part"),
        (("--max-slowdown", "slow"), "'slow' is not a part"),
        (("--max-macs", "-1%"), "'-1%' is not a part"),
        (("--max-macs", "5"), "--max-macs '5' is more than the whole, without a unit; write 5% or 500%"),
        (("-o", "-", "--json"), "more than one result would go to standard output"),
        (("-o", "split.onnx"), "split.onnx ends as onnx files do, but the model is tflite"),
    ],
)
def test_wrong_usage_is_one_line(run, narrow, options, fault):
    done = run("split", narrow, *options)
    assert done.code == 2
    assert fault in done.err
    assert done.err.count("\n") == 1


def test_an_onnx_model_is_split_verified_and_stripped(run, tmp_path):
    model, split, back = (tmp_path / f"{name}.onnx" for name in ("model", "split", "back"))
    model.write_bytes(onnx_bottleneck())
    done = run("split", model, "--budget", "48KiB", "-o", split)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[1] == "model        model.onnx on pixel6-tpu, memory scratchpad"
    done = run("verify", "--split", split, model)
    assert (done.code, done.err) == (0, "")
    assert run("verify", "--split", model, split).code == 2
    done = run("strip", split, "-o", back)
    assert (done.code, "it was split" in done.err) == (0, True)
    done = run("split", back)
    assert done.code == 3
    assert "it is split already" in done.err


def test_an_open_batch_is_bound_and_written(run, tmp_path, monkeypatch):
    model, split, unsplit = (tmp_path / f"{name}.onnx" for name in ("model", "split", "unsplit"))
    model.write_bytes(opened(onnx_bottleneck(), 0))
    done = run("split", model)
    fault = "it has sizes that are not known, such as that of tensor 't0'; give --bind d0=N"
    assert (done.code, done.out, done.err) == (3, "", f"tmpass: {model}: {fault}\n")
    done = run("split", model, "--bind", "d0=2", "--budget", "100KiB", "-o", split)
    assert done.code == 0
    assert "sizes        d0=2, in the file" in done.out.splitlines()
    assert sizes(split.read_bytes())["t0"] == (2, 4, 32, 32)
    done = run("verify", "--split", split, model)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{split} computes the same as {model} for d0=2: each output element")
    assert run("verify", split).code == 0
    done = run("split", model, "--bind", "d0=2", "-o", unsplit)
    assert done.err == f"tmpass: {unsplit}: nothing was split: it is the original with its plan and the bound sizes\n"
    assert sizes(unsplit.read_bytes())["t0"] == (2, 4, 32, 32)
    (tmp_path / "tmpass.toml").write_text("bind = { d0 = 2 }\n")
    monkeypatch.chdir(tmp_path)
    assert json.loads(run("split", model, "--json").out)["bind"] == {"d0": 2}


def test_verify_split_takes_no_options_of_plans(run, narrow):
    done = run("verify", "--split", narrow, narrow, "--target", "tflm")
    assert done.code == 2
    assert "--split compares two models" in done.err


@pytest.mark.parametrize("command", ["plan", "explain"])
def test_commands_print_the_offer(run, narrow, command):
    needed = tmpass.plan(MODEL, "tflm").memories[0].needed
    done = run(command, narrow, "-t", "tflm", "--budget", needed * 3 // 4)
    assert done.code == 1
    assert "it fits: " in done.out
    assert "it fits: " not in run(command, narrow, "-t", "tflm", "--budget", needed).out


@pytest.mark.parametrize("command", ["plan", "explain"])
def test_the_offer_is_also_for_targets_without_a_runtime(run, narrow, command):
    budget = tmpass.plan(MODEL, "tflm").memories[0].needed // 2
    done = run(command, narrow, "-t", "pixel6-tpu", "--budget", budget)
    assert done.code == 1
    assert "it fits: " in done.out


def test_the_target_may_come_from_the_environment_and_the_settings(fails, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPASS_TARGET", "nonexistent")
    assert "no target is named 'nonexistent'" in fails(2, "split", model)
    monkeypatch.delenv("TMPASS_TARGET")
    (tmp_path / "tmpass.toml").write_text('budget = "1KiBB"\n')
    assert "has an unknown unit" in fails(2, "split", model)
    (tmp_path / "tmpass.toml").write_text('target = "no-such-board"\n')
    assert "no target is named 'no-such-board'" in fails(2, "split", model)


def test_a_split_model_is_not_written_as_something_else(fails, model, tmp_path):
    assert fails(2, "split", model, "-o", tmp_path / "s.json").startswith("-o writes the split model, not ")


def test_the_pictures_of_a_split_have_one_scale(run, narrow, tmp_path):
    page = tmp_path / "page.html"
    run("split", narrow, "-o", tmp_path / "split.tflite", "--page", page)
    before, after = page.read_text().split("<figure>")[1:]
    scale = r'text-anchor="end">([^<]*B)<'
    assert re.findall(scale, before)[:5] == re.findall(scale, after)[:5] != []


def two_memories(path, room):
    """The profile of a board with an arena of 1 MiB, and a second memory with this room for tensors."""
    text = BOARD.format(arena="1MiB", flash=1 << 20)
    first = text[text.index("[[memory]]") : text.index('[[memory]]\nname = "flash"')]
    path.write_text(text + first.replace("arena", "psram").replace(', "variables"', "").replace("1MiB", room))
    return path


def test_before_and_after_say_what_is_in_which_memory(run, narrow, tmp_path):
    board = two_memories(tmp_path / "board.toml", "1MiB")
    alone = run("split", narrow, "-t", board).out.splitlines()
    assert not any("psram" in line for line in alone[2:4])
    least = tmpass.plan(narrow, str(board)).memories[0].needed
    lines = run("split", narrow, "-t", board, "--budget", least - 4096).out.splitlines()
    assert [line.split()[0] for line in lines[2:4]] == ["before", "after"]
    assert lines[2].endswith(" in psram")
    assert " in psram" in lines[3]


def test_a_second_memory_has_room_for_what_a_split_with_little_work_leaves(tmp_path):
    """It was not found: only splits that fit the arena alone were tried."""
    board = str(two_memories(tmp_path / "board.toml", "16KiB"))
    made = tmpass.split(bottleneck(), board, budget=12_000)
    assert made.fits
    assert made.plan.arenas[1].needed <= 16 << 10
    assert made.operators[0] <= 30
    wide = tmpass.split(bottleneck(), str(two_memories(tmp_path / "wide.toml", "40KiB")), budget=6000)
    assert wide.operators[0] <= 6, "two parts are enough where the second memory has room"
