"""`tmpass fleet`: models and targets from words, settings and standard input; results; exit codes; Ctrl-C."""

import json
import os
import signal
import time

import numpy
import onnx
import pytest
from cli.conftest import chain
from onnx import TensorProto, helper, numpy_helper
from support import poison
from support.processes import fleet_process as fleet_process
from support.processes import processes_of
from tflite_writer import Operator, Subgraph, Tensor, write_model

import tmpass
from tmpass.fleets.outputs.jsonl import read

OWN_TARGET = (
    'name = "u"\nsummary = "one memory"\nstanding = "assumed"\n[[memory]]\nname = "m"\nholds = ["activations", '
    '"inputs_outputs"]\ncapacity = { value = "1MiB", source = "x" }\nalignment = { value = 16, source = "x" }\n'
)


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """A folder with two models, below the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "a.tflite").write_bytes(chain(1024, 3000, 512))
    (tmp_path / "zoo" / "b.tflite").write_bytes(chain(64, 128))
    return tmp_path / "zoo"


@pytest.mark.usefixtures("zoo")
def test_the_table_and_the_files(run, tmp_path):
    files = ("-o", "rows.jsonl", "--emit", "z.html", "--emit", "z.csv", "--emit", "md=summary")
    done = run("fleet", "zoo", "-t", "tflm", "-t", "litert-cpu", *files)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split()[:3] == ["model", "target", "fits"]
    assert [line.split()[:3] for line in lines[1:5]] == [
        [name, target, "fits"] for name in ("a.tflite", "b.tflite") for target in ("tflm", "litert-cpu")
    ]
    assert "2 models on 2 targets, 4 rows: 4 fit" in done.out
    rows = read((tmp_path / "rows.jsonl").read_text(), "rows")
    assert [row.model for row in rows] == [os.path.join("zoo", name) for name in ("a.tflite", "b.tflite") for _ in "12"]
    assert (tmp_path / "z.csv").read_text().count("\n") == 5
    assert (tmp_path / "summary").read_text().startswith("## Memory plans\n")
    linked = (tmp_path / "z.html").read_text().count('href="z_pages/')
    assert linked == len(list((tmp_path / "z_pages").iterdir())) == 4
    again = run("fleet", "zoo", "-t", "tflm", "-t", "litert-cpu", "--json")
    assert again.out == (tmp_path / "rows.jsonl").read_text()
    assert "4 rows were kept from before" in run("fleet", "zoo", "-t", "tflm", "-t", "litert-cpu").out
    assert "kept" not in run("fleet", "zoo", "-t", "tflm", "--no-store").out
    assert (tmp_path / ".tmpass_cache" / ".gitignore").read_text() == "*\n"


@pytest.mark.usefixtures("zoo")
def test_a_list_on_standard_input_and_settings_by_pattern(run, tmp_path):
    (tmp_path / "tmpass.toml").write_text('targets = ["tflm", "u.toml"]\n[models."a.*"]\nbudget = 2048\n')
    (tmp_path / "u.toml").write_text(OWN_TARGET)
    done = run("fleet", "-", "--json", stdin="zoo/b.tflite\n\nzoo/a.tflite\n")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [(row["model"], os.path.basename(row["target"]), row["fits"]) for row in rows] == [
        ("zoo/b.tflite", "tflm", True),
        ("zoo/b.tflite", "u.toml", True),
        ("zoo/a.tflite", "tflm", False),
        ("zoo/a.tflite", "u.toml", False),
    ]
    assert done.code == 1
    (tmp_path / "tmpass.toml").write_text('targets = ["tflm", "u.toml"]\n[models."a.*"]\ntarget = "litert-cpu"\n')
    rows = [json.loads(line) for line in run("fleet", "zoo", "--json").out.splitlines()]
    assert [row["target"] for row in rows] == ["litert-cpu", "tflm", "u.toml"]
    (tmp_path / "tmpass.toml").write_text('target = "tflm"\n[models."a.*"]\ntarget = "litert-cpu"\n')
    rows = [json.loads(line) for line in run("fleet", "zoo", "--json").out.splitlines()]
    assert [row["target"] for row in rows] == ["litert-cpu", "tflm"]


@pytest.mark.usefixtures("zoo")
def test_the_environment_names_the_target_of_all(run, tmp_path, monkeypatch):
    (tmp_path / "tmpass.toml").write_text('targets = ["litert-cpu"]')
    monkeypatch.setenv("TMPASS_TARGET", "tflm")
    assert json.loads(run("fleet", "zoo/a.tflite", "--json").out)["target"] == "tflm"
    assert json.loads(run("fleet", "zoo/a.tflite", "--json", "-t", "ethos-u55").out)["target"] == "ethos-u55"


def test_the_most_serious_row_gives_the_exit_code(run, zoo):
    assert run("fleet", "zoo", "-t", "tflm", "--budget", "1KiB").code == 1
    (zoo / "c.tflite").write_bytes(b"TFL3 or not")
    done = run("fleet", "zoo", "-t", "tflm", "--budget", "1KiB")
    assert (done.code, done.err) == (3, "")
    assert [line.split()[2] for line in done.out.splitlines()[1:4]] == ["does", "fits", "error"]


def test_a_zoo_is_compared_with_a_baseline(run, zoo):
    common = ("fleet", "zoo", "-t", "tflm")
    assert run(*common, "-o", "old.jsonl").code == 0
    assert run(*common, "--baseline", "old.jsonl").code == 0
    (zoo / "a.tflite").write_bytes(chain(1024, 3010, 512))
    done = run(*common, "--baseline", "old.jsonl", "--emit", "md=-")
    assert done.code == 1
    assert "### Changes since the baseline\n\n- zoo/a.tflite on tflm: peak of arena 4032 B" in done.out
    assert "(more than allowed)" in done.err
    done = run(*common, "--baseline", "old.jsonl", "--fail-if-grows", "1%")
    assert done.code == 0
    assert "zoo/a.tflite on tflm: peak of arena 4032 B (3.938 KiB) -> 4048 B (3.953 KiB) (+16 B, +0.40 %)" in done.out
    # What did not fit before either does not count.
    assert run(*common, "--budget", "1KiB", "-o", "small.jsonl").code == 1
    assert run(*common, "--budget", "1KiB", "--baseline", "small.jsonl").code == 0


@pytest.mark.usefixtures("zoo")
def test_another_spelling_or_checkout_is_compared_and_nothing_in_common_fails(run, tmp_path, monkeypatch):
    for place in (tmp_path, tmp_path / "other"):
        place.mkdir(exist_ok=True)
        (place / "u.toml").write_text(OWN_TARGET)
        (place / "tmpass.toml").write_text('targets = ["u.toml"]')
    (tmp_path / "other" / "zoo").mkdir()
    (tmp_path / "other" / "zoo" / "a.tflite").write_bytes(chain(1024, 3010, 512))
    assert run("fleet", "./zoo/a.tflite", "-o", "old.jsonl").code == 0
    (row,) = read((tmp_path / "old.jsonl").read_text(), "old")
    assert row.target == "u.toml"
    monkeypatch.chdir(tmp_path / "other")
    assert run("fleet", "zoo", "--baseline", "../old.jsonl").code == 1
    assert run("fleet", "zoo/a.tflite", "-t", "./u.toml", "--baseline", "../old.jsonl").code == 1
    done = run("fleet", "zoo/a.tflite", "-t", "tflm", "--baseline", "../old.jsonl")
    assert done.code == 2
    assert "nothing was compared" in done.out


@pytest.mark.usefixtures("zoo")
def test_what_is_refused_before_anything_is_planned(fails, tmp_path):
    assert "no target is named 'tflmm'" in fails(2, "fleet", "zoo", "-t", "tflmm")
    (tmp_path / "empty").mkdir()
    assert "the folder has no model" in fails(2, "fleet", "empty", "-t", "tflm")
    assert "does not tell its format" in fails(2, "fleet", "zoo", "--emit", "rows.txt")
    assert "two results would go to one place" in fails(2, "fleet", "zoo", "--emit", "z.md", "--emit", "md=z.md")
    assert "--fail-if-grows has no effect without --baseline" in fails(2, "fleet", "zoo", "--fail-if-grows", "1%")
    assert "--no-store keeps nothing: leave out --store" in fails(2, "fleet", "zoo", "--no-store", "--store", "x.db")
    for seconds in ("1e10", "inf", "0", "1s", "nan"):
        said = f"--seconds '{seconds}' is not a time in 0 .. 10000000 s; write seconds above 0 without a unit: 60, 0.5"
        assert fails(2, "fleet", "zoo", "--seconds", seconds) == said
    assert "zoo/a.tflite is a model" in fails(2, "fleet", "zoo", "-o", "zoo/a.tflite")
    assert "cluster 'dusk' is unknown; give local, dask" in fails(2, "fleet", "zoo", "--cluster", "dusk")
    (tmp_path / "old.jsonl").write_text("{}\n")
    assert "old.jsonl, line 1: it is not a row" in fails(2, "fleet", "zoo", "--baseline", "old.jsonl")
    (tmp_path / "dir").mkdir()
    assert "the store cannot be opened" in fails(2, "fleet", "zoo", "--store", tmp_path / "dir")
    (tmp_path / "store.db").write_text("this is not a database, but a text that is long enough to be looked at" * 9)
    assert "name another with --store" in fails(2, "fleet", "zoo", "--store", tmp_path / "store.db")


@pytest.mark.usefixtures("zoo")
def test_no_input_is_overwritten_by_a_result_or_the_store(fails, tmp_path):
    (tmp_path / "s.toml").write_text("")
    assert "s.toml is the scratch file itself" in fails(2, "fleet", "zoo", "--scratch", "s.toml", "-o", "s.toml")
    (tmp_path / "u.toml").write_text(OWN_TARGET)
    (tmp_path / "tmpass.toml").write_text('target = "u.toml"')
    assert "u.toml is a target: name another file" in fails(2, "fleet", "zoo", "-o", "u.toml")
    assert "tmpass.toml is the settings file itself" in fails(2, "fleet", "zoo", "-o", "tmpass.toml")
    net, weights = tmp_path / "zoo" / "net.onnx", tmp_path / "zoo" / "net.data"
    values = numpy_helper.from_array(numpy.ones(400, numpy.float32), "w")
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [400]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", ends[:1], ends[1:], [values])
    onnx.save(helper.make_model(graph), net, save_as_external_data=True, location="net.data", size_threshold=0)
    before = weights.read_bytes()
    words = ("fleet", net, "-t", "tflm")
    assert "is a file with weights of a model" in fails(2, *words, "-o", weights)
    os.link(weights, tmp_path / "link")
    assert "is a file with weights of a model" in fails(2, *words, "-o", tmp_path / "link")
    assert weights.read_bytes() == before
    (tmp_path / "zoo" / "empty.tflite").write_bytes(b"")
    assert "is a model: name another" in fails(2, "fleet", "zoo", "-t", "tflm", "--store", "zoo/empty.tflite")
    assert (tmp_path / "zoo" / "empty.tflite").read_bytes() == b""
    assert "rows.db is the store itself" in fails(2, "fleet", "zoo", "--store", "rows.db", "-o", "rows.db")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_keeps_what_is_done_and_leaves_no_child(zoo, tmp_path, monkeypatch, fleet_process):
    for name, value in poison.register(tmp_path / "packages").items():
        monkeypatch.setenv(name, value)
    began = tmp_path / "began"
    (zoo / "c.poison").write_text(f"poison slow {began} 60")
    words = ("zoo", "-t", "tflm", "--jobs", "2")
    process = fleet_process(*words, cwd=tmp_path)
    until = time.monotonic() + 30
    while not began.exists() and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(1)  # the other worker plans the others meanwhile
    below = processes_of(process.pid)
    assert len(below) >= 1
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert err == (
        "tmpass: interrupted: 2 of 3 rows are done, and what is done is kept in .tmpass_cache/fleet.db: the same "
        "command goes on\n"
    )
    time.sleep(0.2)
    for child in below:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)
    (zoo / "c.poison").write_text(f"poison slow {began} 0")
    process = fleet_process(*words, cwd=tmp_path)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert "2 rows were kept from before" in out


@pytest.mark.usefixtures("zoo")
def test_an_interrupt_before_the_first_row_says_how_many_there_are(run, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("tmpass.fleets.fleet.plan_fleet", interrupted)
    done = run("fleet", "zoo", "-t", "tflm", "-t", "litert-cpu", "--no-store")
    assert (done.code, done.err) == (130, "tmpass: interrupted: 0 of 4 rows are done, and nothing is kept\n")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_workers_end_with_their_parent_however_that_ends(zoo, tmp_path, monkeypatch, fleet_process):
    for name, value in poison.register(tmp_path / "packages").items():
        monkeypatch.setenv(name, value)
    began = tmp_path / "began"
    (zoo / "c.poison").write_text(f"poison slow {began} 60")
    process = fleet_process("zoo", "-t", "tflm", cwd=tmp_path)
    until = time.monotonic() + 30
    while not began.exists() and time.monotonic() < until:
        time.sleep(0.02)
    below = processes_of(process.pid)
    process.kill()
    process.communicate(timeout=20)
    until = time.monotonic() + 10
    while any(os.path.exists(f"/proc/{child}") for child in below) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [child for child in below if os.path.exists(f"/proc/{child}")]


def test_a_baseline_of_other_options_is_said(run, zoo, tmp_path):
    assert run("fleet", zoo, "-t", "tflm", "-o", "old.jsonl").code == 0
    done = run("fleet", zoo, "-t", "tflm", "--budget", "1MiB", "--baseline", "old.jsonl")
    assert done.code == 0
    said = "the options of 2 rows differ: none in the baseline, budget=1048576 now"
    assert said in done.out.splitlines()
    assert said in run("fleet", zoo, "-t", "tflm", "--budget", "1024KiB", "--baseline", "old.jsonl").out
    assert "differ" not in run("fleet", zoo, "-t", "tflm", "--baseline", "old.jsonl").out
    rows = [json.loads(line) for line in (tmp_path / "old.jsonl").read_text().splitlines()]
    for row in rows:
        del row["options"], row["profile"]
    (tmp_path / "older.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    said = "the options of 2 rows of the baseline are not known: an older tmpass made it"
    assert said in run("fleet", zoo, "-t", "tflm", "--baseline", "older.jsonl").out


def test_planned_models_are_written_and_what_cannot_be_is_said(run, zoo, tmp_path):
    assert run("fleet", zoo, "-t", "tflm", "--planned", "out").code == 0
    assert len(list((tmp_path / "out").iterdir())) == 2
    tensors = [Tensor("x", [16], "UINT8"), Tensor("y", [16], "UINT8")]
    compiled = write_model([Subgraph(tensors, [Operator("ethos-u", [0], [1], custom=True)], [0], [1])])
    (zoo / "c.tflite").write_bytes(compiled)
    done = run("fleet", zoo, "-t", "tflm", "--planned", "out")
    assert done.code == 3
    said = f"{zoo / 'c.tflite'} on tflm has no planned model: c.tflite: its operator 'ethos-u' has commands"
    assert done.err.startswith(f"tmpass: {said}")
    assert "2 rows were kept" in done.out
    assert run("fleet", zoo, "-t", "tflm", "--planned", zoo).code == 2


def test_a_binding_is_for_the_models_that_have_its_dimension(run, zoo, open_model):
    models = (zoo, open_model)
    done = run("fleet", *models, "-t", "pixel6-tpu", "--bind", "batch=2", "--json")
    assert (done.code, done.err) == (0, "")
    rows = [json.loads(line) for line in done.out.splitlines()]
    note = "binding 'batch' names no dimension of this model"
    assert [note in row["notes"] for row in rows] == [True, True, False]
    assert rows[2]["peak"] == tmpass.plan(open_model, "pixel6-tpu", bind={"batch": 2}).peak
    done = run("fleet", zoo, "-t", "pixel6-tpu", "--bind", "bacth=2")
    assert done.code == 2
    assert "--bind bacth names no dimension of any model that was read" in done.err
    broken = zoo / "broken.onnx"
    broken.write_bytes(b"which may have any dimension")
    done = run("fleet", zoo, "-t", "pixel6-tpu", "--bind", "batch=2")
    assert (done.code, "--bind batch names no dimension of any model that was read" in done.err) == (2, True)
    assert "(error" not in done.out
    for models in ((zoo, open_model), (broken,)):  # one has the dimension; no model was read
        done = run("fleet", *models, "-t", "pixel6-tpu", "--bind", "batch=2")
        assert (done.code, done.err) == (3, "")
    done = run("fleet", zoo / "a.tflite", "-t", "pixel6-tpu", "--bind", "t0:7=2")
    assert (done.code, "has no axis 7" in done.out) == (2, True)
