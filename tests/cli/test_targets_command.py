"""`tmpass targets`."""

import json

import pytest
from support.profiles import BOARD

from tmpass.targets import load_target, target_names

PROFILE = """\
name = "mine"
summary = "has [/red] and :smile:"
standing = "assumed"

[[memory]]
name = "near"
capacity = { value = "1MiB", source = "data [bold]sheet" }
alignment = { value = 16, source = "assumed" }
holds = ["activations", "variables", "inputs_outputs"]
"""


def test_the_list_has_a_line_for_each_target(run):
    done = run("targets")
    assert (done.code, done.err) == (0, "")
    header, *rows = done.out.splitlines()
    assert [row.split()[0] for row in rows] == list(target_names())
    assert header.split()[:3] == ["target", "scratchpad", "align"]
    assert all(load_target(name).summary in row for name, row in zip(target_names(), rows, strict=True))


def test_the_list_does_not_depend_on_the_environment(process):
    one, other = (
        process("targets", COLUMNS=columns, TERM=term).stdout for columns, term in (("40", "xterm"), ("", "dumb"))
    )
    assert one == other


@pytest.mark.parametrize("name", target_names())
def test_each_target_is_shown_with_the_source_of_each_number(run, name):
    done = run("targets", "show", name)
    assert (done.code, done.err) == (0, "")
    target = load_target(name)
    assert done.out.startswith(f"{name}: {target.summary} ({target.standing})\n")
    for memory in target.memories:
        assert memory.name in done.out
        assert all(source in done.out for source in memory.sources.values())


def test_a_target_of_one_s_own(run, tmp_path, model):
    (tmp_path / "mine.toml").write_text(PROFILE)
    out = run("targets", "show", tmp_path / "mine.toml").out
    assert out.startswith("mine: has [/red] and :smile: (assumed)\n")
    assert "data [bold]sheet" in out
    assert "on mine, memory near" in run("plan", model, "--target", tmp_path / "mine.toml").out


def test_an_unknown_target_names_the_nearest(fails):
    message = fails(2, "targets", "show", "pixel-6-tpu")
    assert message == "no target is named 'pixel-6-tpu'; did you mean 'pixel6-tpu'? tmpass targets lists them all"
    assert "did you mean" in fails(2, "targets", "show", "ethos-u66")
    assert fails(2, "targets", "show", "?") == "no target is named '?'; tmpass targets lists them all"


def test_a_file_that_is_not_a_profile(fails, tmp_path):
    (tmp_path / "bad.toml").write_text(PROFILE.replace("alignment", "alinement"))
    assert "did you mean 'alignment'?" in fails(2, "targets", "show", tmp_path / "bad.toml")


def test_an_unknown_command(fails):
    assert fails(2, "targets", "list") == "no target is named 'list'; tmpass targets lists them all"


def test_json_has_every_fact_with_its_source(run):
    targets = json.loads(run("targets", "--json").out)
    assert [target["name"] for target in targets] == list(target_names())
    for found in targets:
        target = load_target(found["name"])
        assert json.loads(run("targets", "show", target.name, "--json").out) == found
        assert found["sharing"]["views"] == {"value": "every", "source": target.sharing.sources["views"]}
        for row, memory in zip(found["memory"], target.memories, strict=True):
            facts = {name: row[name]["source"] for name in memory.sources}
            assert facts == memory.sources
            assert row["capacity"]["value"] == ("unlimited" if memory.capacity is None else memory.capacity)


def test_json_of_a_profile_reads_as_the_profile(run):
    parts = json.loads(run("targets", "show", "litert-cpu", "--json").out)["sharing"]
    assert (parts["in_place"]["value"], parts["parts"]["value"]) == (["ADD", "DIV", "MUL", "SUB"], "none")


def test_int8_is_shown_where_the_profile_has_it(run):
    assert "int8  native  (Arm: " in run("targets", "show", "ethos-u55").out
    found = json.loads(run("targets", "show", "ethos-u55", "--json").out)["int8"]
    assert found == {"value": "native", "source": load_target("ethos-u55").int8_source}
    assert "int8" not in run("targets", "show", "tflm").out


def test_scratch_is_shown_where_there_is_any(run, tmp_path):
    row = '[[scratch]]\nop = "SVDF"\nbytes = { value = "4 * out0.elements", source = "measured" }\n'
    (tmp_path / "mine.toml").write_text(PROFILE + row)
    assert "SVDF     4 * out0.elements  measured" in run("targets", "show", tmp_path / "mine.toml").out
    found = json.loads(run("targets", "show", tmp_path / "mine.toml", "--json").out)
    assert found["scratch"] == [{"op": "SVDF", "bytes": {"value": "4 * out0.elements", "source": "measured"}}]
    assert "scratch" not in run("targets", "show", "tpuv4").out.split("memory", 1)[1].splitlines()[-1]


def test_json_may_stand_before_the_name(run):
    assert run("targets", "--json", "tflm").out == run("targets", "show", "tflm", "--json").out


def test_a_size_of_pointers_that_no_profile_says_is_marked_as_assumed(run, tmp_path, model):
    board = tmp_path / "board.toml"
    board.write_text(BOARD)
    assert "word  8 B  (assumed: the profile has no `word`" in run("targets", board).out
    assert json.loads(run("targets", board, "--json").out)["word"]["value"] == 8
    assert "word" in load_target(str(board)).assumed
    (needed,) = (line for line in run("plan", model, "-t", board).out.splitlines() if line.startswith("needed"))
    assert needed.endswith(" B (assumed)")
    made = json.loads(run("plan", model, "-t", board, "--json").out)
    assert made["memories"][0]["overhead_source"].startswith("assumed size of pointers")
    assert "`word` in a profile says it" in run("explain", model, "-t", board).out
    assert run("plan", model, "-t", board).err == ""
    assert run("plan", model, "-t", board, "--budget", "16B").err == ""  # pointers of 4 bytes would not help
    short = run(
        "plan", model, "-t", board, "--budget", made["memories"][0]["overhead"] + made["memories"][0]["peak"] - 16
    )
    assert short.code in (1, 4)
    assert "what tflm takes is for a size of pointers that is assumed: `word` in the profile says it" in short.err


def test_a_size_of_pointers_that_a_profile_says_or_nothing_needs_is_not_marked(run, tmp_path, model):
    board = tmp_path / "board.toml"
    board.write_text(BOARD.replace("\n\n", '\nword = { value = 4, source = "data sheet" }\n\n', 1))
    assert "word  4 B  (data sheet)" in run("targets", board).out
    assert "assumed" not in run("plan", model, "-t", board).out
    assert "assumed" not in run("explain", model, "-t", board).out
    board.write_text(BOARD.replace('runtime = "tflm"', ""))
    assert "word" not in run("targets", board).out
    assert "word" not in load_target(str(board)).assumed
