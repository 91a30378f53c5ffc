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
