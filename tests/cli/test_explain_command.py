"""`tmpass explain`."""

import json

from make_models import FOLDER


def test_a_model_that_does_not_fit(run, model):
    done = run("explain", model, "--budget", "2KiB")
    assert done.code == 1
    (warning,) = done.err.splitlines()
    assert warning.startswith("tmpass: warning: transfers do not help: step ")
    lines = done.out.splitlines()
    assert lines[0].startswith("fits         no: ")
    assert lines[1] == "transfers    do not help: step 0, TANH, alone needs 4024 B, 1976 B above the capacity"
    assert lines[2] == "model        net.tflite on pixel6-tpu (assumed), memory scratchpad"
    assert lines[3].startswith("least budget 4024 B (3.93 KiB) without transfers; proved: ")
    assert "transfers" not in run("explain", model, "--budget", "2KiB", "--transfers", "never").out
    assert "t1 alone has 3000 B (2.93 KiB), and does not fit within 2048 B (2 KiB)" in lines
    assert any("--io external" in line for line in lines)


def test_a_model_that_fits(run, model):
    done = run("explain", model)
    assert done.code == 0
    assert "fits         yes: " in done.out


def test_an_explanation_is_short_at_any_length_of_the_model(run, long_model):
    out = run("explain", long_model, "--budget", 700).out
    assert len(out.splitlines()) < 40


def test_json(run, model):
    done = run("explain", model, "--budget", "2KiB", "--json")
    found = json.loads(done.out)
    assert done.code == 1
    assert (found["schema"], found["model"], found["fits"]) == ("tmpass.explanation/1", "net.tflite", False)


def test_the_same_words_give_the_same_bytes(process, hard_model):
    words = ("explain", hard_model, "--nodes", 1000, "--json")
    one, other = (process(*words, PYTHONHASHSEED=seed).stdout for seed in ("1", "2"))
    assert one == other
    assert one


def test_unprintable_names_and_empty_models(run, odd_model, empty_model):
    assert run("explain", odd_model, "--budget", 10).code == 1
    assert "outside of all steps" in run("explain", empty_model).out


def test_an_open_dimension_is_an_error_of_one_line(fails, open_model):
    assert "--bind batch=N" in fails(3, "explain", open_model)


def test_constants_that_are_too_large_are_named(run, weights_model):
    done = run("explain", weights_model(400_000, 300_000, 600_000), "--target", "tflm-stm32f746")
    assert done.code == 1
    assert done.out.splitlines() == [
        "fits         no: 252064 B (246.2 KiB) are missing, 1300640 B (1.24 MiB) do not fit into 1048576 B (1 MiB)",
        "model        weights_400000_300000_600000.tflite on tflm-stm32f746, memory flash",
        "needed       1300640 B (1.24 MiB): constants 1300000 B, runtime 640 B",
        "not counted  runtime memory of TANH (unknown); scratch of TANH (unknown)",
        "",
        " bytes  constants in flash",
        "600000  w2",
        "400000  w0",
        "300000  w1",
        "",
        "bytes  runtime in flash              count",
        "  640  the rest of the model's file      1",
        "",
        "flash needs 1300640 B (1.24 MiB): no order, sharing or packing helps",
        "",
        "split, nothing was tried: constants do not fit, and splitting does not make them smaller",
        "hint: the largest constant has 585.9 KiB; 246.2 KiB are missing",
    ]


def test_json_has_what_is_needed_and_the_constants(run, weights_model):
    path = weights_model(400_000, 300_000, 600_000)
    found = json.loads(run("explain", path, "--target", "tflm-stm32f746", "--json").out)
    assert found["needed"] == {
        "bytes": 1300640,
        "buffers": 0,
        "constants": 1300000,
        "overhead": 640,
        "reserve": 0,
    }
    assert [(row["tensor"]["name"], row["size"], row["use"]) for row in found["constants"]] == [
        ("w2", 600000, "stored"),
        ("w0", 400000, "stored"),
        ("w1", 300000, "stored"),
    ]
    assert json.loads(run("explain", path, "--target", "tflm", "--json").out)["constants"] == []


def test_the_least_budget_with_constants_is_enough_and_proved(run, weights_model):
    path = weights_model(1000, 3000)
    found = json.loads(run("explain", path, "--alignment", 16, "--json").out)["least_budget"]
    assert found["proved"]
    assert run("plan", path, "--alignment", 16, "--budget", found["bytes"]).code == 0
    less = ("plan", path, "--alignment", 16, "--budget", found["bytes"] - 1)
    assert run(*less, "--schedule", "given").code == 1
    assert run(*less).code == 1  # one operator with its constants needs more, in any order


def test_the_curve_has_the_target_and_a_line_where_there_is_no_limit(run, model):
    out = run("explain", model, "--budget", "2KiB", "--curve", "--json").out
    rows = json.loads(out)["curve"]
    assert [(row["size"], row["fits"]) for row in rows if row["this_plan"]] == [(2048, False)]
    assert any(row["fits"] for row in rows)
    out = run("explain", model, "--budget", "2KiB", "--curve").out
    assert [line.split()[-2:] for line in out.splitlines() if "2048 (2 KiB)  no" in line] == [["this", "plan"]]
    lines = run("explain", model, "--target", "litert-cpu", "--curve").out.splitlines()
    assert sum(line.startswith("curve: ") for line in lines) == 1
    assert not any(line.startswith("size: ") for line in lines)


def test_the_curve_without_weights_on_chip_says_what_it_can(run, model):
    out = run("explain", model, "--target", "tflm-nrf52840", "--curve").out
    assert "nothing but whether it fits depends on the size" in out
    assert "least that fits" in out
    assert "streamed" not in out


def test_json_agrees_with_the_exit_code_where_transfers_make_a_model_fit(run):
    done = run("explain", FOLDER / "branchy.onnx", "--budget", 33_000, "--json")
    found = json.loads(done.out)
    assert (done.code, found["fits"], found["missing"]) == (0, True, 0)
    assert not found["without_transfers"]["fits"]


def test_a_planned_file_is_explained_for_its_own_board(run, model, tmp_path):
    planned = tmp_path / "planned.tflite"
    assert run("plan", model, "-t", "tflm-nrf52840", "-o", planned).code == 0
    done = run("explain", planned)
    assert "the target is tflm-nrf52840, as the plan in" in done.err
    assert "planned.tflite on tflm-nrf52840, memory arena" in done.out
    assert "planned.tflite on tflm, memory arena" in run("explain", planned, "-t", "tflm").out


def test_the_least_budget_says_that_it_has_no_reserve(run, model):
    """It is below what is needed, which has the reserve of the target; with that budget the model fits."""
    lines = run("explain", model, "--target", "tflm-nrf52840").out.splitlines()
    least = next(line for line in lines if line.startswith("least budget"))
    needed = next(line for line in lines if line.startswith("needed"))
    bytes_of = [int(line.split()[2 - line.startswith("needed")]) for line in (least, needed)]
    assert bytes_of[1] - bytes_of[0] == 16384
    assert ", without the reserve of 16384 B" in least
    assert run("plan", model, "--target", "tflm-nrf52840", "--budget", bytes_of[0]).code == 0
    assert run("plan", model, "--target", "tflm-nrf52840", "--budget", bytes_of[0] - 1).code == 1
    assert "reserve" not in run("explain", model, "--target", "pixel6-tpu").out
