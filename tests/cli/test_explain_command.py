"""`tmpass explain`."""

import json


def test_a_model_that_does_not_fit(run, model):
    done = run("explain", model, "--budget", "2KiB")
    assert (done.code, done.err) == (1, "")
    lines = done.out.splitlines()
    assert lines[0].startswith("fits         no: ")
    assert lines[1] == "model        net.tflite on pixel6-tpu, memory scratchpad"
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
