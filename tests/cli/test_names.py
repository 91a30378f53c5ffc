"""Any names of files and tensors: a terminal gets whole lines without control characters."""

import json

import pytest
from cli.conftest import chain

HOSTILE = (
    "a\nb\rc",
    "\x1b[2J\x1b]0;t\x07",
    "\x9b31m\x85",
    "\u202eabc\u2066",
    "\u2028\ufeff\xad",
    "'\"\\`$x",
    "*/ </script> ]]>",
    "é😀\U000e0041\uffff",
)
COMMANDS = (
    ("plan", "{model}"),
    ("plan", "{model}", "--json"),
    ("plan", "{model}", "--budget", "10"),
    ("explain", "{model}"),
    ("explain", "{model}", "--budget", "10"),
    ("explain", "{model}", "--json"),
    ("show", "{model}"),
    ("show", "{plan}"),
    ("verify", "{plan}", "{model}"),
    ("verify", "{plan}", "{model}", "--json"),
    ("verify", "{wrong}", "{model}"),
    ("verify", "{wrong}", "{model}", "--json"),
    ("diff", "{plan}", "{wrong}"),
    ("diff", "{plan}", "{wrong}", "--json"),
    ("emit", "{plan}", "-f", "json"),
    ("emit", "{plan}", "-f", "model-explorer"),
    ("emit", "{plan}", "-f", "c"),
    ("emit", "{plan}", "-f", "csv"),
    ("emit", "{plan}", "-f", "svg"),
    ("plan", "{model}", "--bind", "{name}=1"),
    ("plan", "{model}", "--target", "{name}"),
    ("plan", "{model}", "--scratch", "{name}"),
    ("plan", "{model}", "--allocator", "{name}"),
    ("plan", "{model}", "-o", "none/{name}"),
    ("plan", "none/{name}"),
    ("allocate", "{problem}", "--capacity", "10", "--explain"),
    ("allocate", "{problem}", "--json"),
    ("{name}",),
)


@pytest.fixture(params=HOSTILE, ids=ascii)
def places(request, tmp_path, monkeypatch, run):
    """A model of that name, with tensors of that name, in a folder of that name; its plan, and one that is wrong."""
    name = request.param
    folder = tmp_path / name.replace("/", "")
    folder.mkdir()
    monkeypatch.chdir(folder)
    found = {"name": name, "model": f"{name.replace('/', '')}.tflite", "plan": "p.json", "wrong": "w.json"}
    (folder / found["model"]).write_bytes(chain(8, 16, 8, names=(f"{name}1", f"{name}2", f"{name}3")))
    assert run("plan", found["model"], "-o", "p.json").code == 0
    data = json.loads((folder / "p.json").read_text())
    assert [row["name"] for row in data["tensors"]] == [f"{name}1", f"{name}2", f"{name}3"]
    data["buffers"][0]["offset"] = data["tensors"][0]["offset"] = 1
    data["memories"][0]["name"] = data["target"]["memory"] = f"{name}4"
    for buffer in data["buffers"]:
        buffer["memory"] = f"{name}4"
    (folder / "w.json").write_text(json.dumps(data))
    quoted = name.replace('"', '""')
    (folder / "q.csv").write_text(f'id,lower,upper,size\n"{quoted}1",0,2,8\n"{quoted}2",1,3,8\n', newline="")
    return {**found, "problem": "q.csv"}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_nothing_steers_the_terminal(run, places, words):
    done = run(*(word.format(**places) for word in words))
    assert done.code in (0, 1, 2, 3, 5)
    for text in (done.out, done.err):
        assert all(line.isprintable() for line in text.split("\n")), ascii(text)
    assert done.err.count("\n") <= 3 or done.code == 5
    if "--json" in words or "json" in words:
        json.loads(done.out)


LONG = "n" * 500_000


def test_a_megabyte_of_name_is_no_megabyte_of_lines(run, tmp_path):
    model = tmp_path / "m.tflite"
    model.write_bytes(chain(8, 16, 8, names=(f"{LONG}1", f"{LONG}2", "\n" * 10_000)))
    assert run("plan", model, "-o", tmp_path / "p.json", "--emit", f"html={tmp_path / 'p.html'}").code == 0
    words = (
        ("plan", model, "--budget", 10),
        ("show", model),
        ("explain", model, "--budget", 10),
        ("verify", tmp_path / "p.json", model),
        ("diff", tmp_path / "p.json", tmp_path / "p.json"),
        ("plan", model, "--bind", f"{LONG}=1"),
        ("plan", model, "--target", LONG),
        ("plan", LONG),
    )
    for one in words:
        done = run(*one)
        assert done.code in (0, 1, 2, 3)
        assert max(map(len, (done.out + done.err).split("\n"))) < 12_000, one
