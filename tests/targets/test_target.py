"""Targets: the built-in profiles, a user's own, and an error with file, line and key for each mistake."""

import dataclasses
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.profiles import PROFILE, parse

from tmpass.base.errors import TargetError
from tmpass.targets import MAX_FILE, RUNTIMES, USES, Memory, Target, load_target, parse_target, target_names

KIB, MIB = 1024, 1024**2

SCRATCHPADS = {
    "coral-edgetpu": (8 * MIB, 64),
    "edgetpu-v1": (32 * MIB, 64),
    "edgetpu-v2": (6 * MIB, 64),
    "edgetpu-v3": (8 * MIB, 64),
    "ethos-u55": (None, 16),
    "ethos-u65": (384 * KIB, 16),
    "ethos-u65-512": (512 * KIB, 16),
    "hexagon-vtcm": (4 * MIB, 128),
    "hexagon-vtcm-8": (8 * MIB, 128),
    "litert-cpu": (None, 64),
    "minimalloc": (MIB, 1),
    "pixel6-tpu": (8 * MIB, 64),
    "tflm": (None, 16),
    "tflm-esp32s3": (512 * KIB, 16),
    "tflm-nrf52840": (256 * KIB, 16),
    "tflm-stm32f746": (320 * KIB, 16),
    "tflm-stm32h743": (512 * KIB, 16),
    "tpuv4": (128 * MIB, 512),
    "tpuv4i": (128 * MIB, 512),
}


def refusal(old: str, new: str) -> TargetError:
    """The error for PROFILE with `old`, which it has once, replaced by `new`."""
    assert PROFILE.count(old) == 1
    with pytest.raises(TargetError) as caught:
        parse(PROFILE.replace(old, new))
    return caught.value


class TestIntegers:
    """The key `int8` of a profile: what operators between integers compute with."""

    def test_is_read_with_its_source(self):
        target = parse('int8 = { value = "native", source = "data sheet" }\n' + PROFILE)
        assert (target.int8, target.int8_source) == ("native", "data sheet")
        assert "int8" not in target.assumed
        assert "int8" in parse('int8 = { value = "float", source = "assumed" }\n' + PROFILE).assumed

    def test_is_float_where_it_is_left_out(self):
        assert (parse(PROFILE).int8, parse(PROFILE).int8_source) == ("float", "")

    def test_a_pointer_has_four_or_eight_bytes(self):
        target = parse('word = { value = 4, source = "data sheet" }\n' + PROFILE)
        assert (target.word, target.word_source) == (4, "data sheet")
        assert (parse(PROFILE).word, parse(PROFILE).word_source) == (8, "")
        for value in ("2", "true", '"4"', "8.0"):
            with pytest.raises(TargetError, match=r"word is .*; write 4 or 8"):
                parse(f"word = {{ value = {value}, source = 'x' }}\n" + PROFILE)

    @pytest.mark.parametrize("value", ['"int8"', "8", "true", '"NATIVE"', "[]"])
    def test_another_value_is_refused(self, value):
        with pytest.raises(TargetError, match=r'int8 is .*; write "native" or "float"'):
            parse(f"int8 = {{ value = {value}, source = 'x' }}\n" + PROFILE)


class TestBuiltIn:
    def test_are_listed_in_order(self):
        assert target_names() == tuple(sorted(SCRATCHPADS))

    @pytest.mark.parametrize("name", SCRATCHPADS)
    def test_have_a_scratchpad_and_say_where_numbers_come_from(self, name):
        target = load_target(name)
        assert target.name == name
        assert (target.scratchpad.capacity, target.scratchpad.alignment) == SCRATCHPADS[name]
        for memory in target.memories:
            numbers = {"bandwidth": memory.bandwidth, "reserve": memory.reserve, "chunk": memory.chunk}
            numbers |= {"write_bandwidth": memory.write_bandwidth, "compute": not memory.compute}
            stated = {name for name, number in numbers.items() if number}
            assert set(memory.sources) == {"capacity", "alignment"} | stated
            assert all(memory.sources.values())

    @pytest.mark.parametrize("name", SCRATCHPADS)
    def test_have_a_place_for_everything(self, name):
        held = {use for memory in load_target(name).memories for use in memory.holds}
        assert held == set(USES)

    def test_pixel_6_is_marked_as_assumed(self):
        target = load_target("pixel6-tpu")
        assert target.standing == "assumed"
        assert {"scratchpad.capacity", "scratchpad.alignment"} <= set(target.assumed)
        assert target.memories[1].bandwidth == 51_200_000_000

    @pytest.mark.parametrize("name", SCRATCHPADS)
    def test_devices_that_compute_with_integers_say_where_that_comes_from(self, name):
        target = load_target(name)
        assert target.int8_source or target.int8 == "float"
        assert ("int8" in target.assumed) == target.int8_source.startswith("assumed")

    def test_accelerators_compute_with_integers_and_processors_with_floats(self):
        of = {name: load_target(name).int8 for name in ("ethos-u55", "pixel6-tpu", "litert-cpu", "tflm")}
        assert of == {"ethos-u55": "native", "pixel6-tpu": "native", "litert-cpu": "float", "tflm": "float"}

    def test_load_quickly_and_alone(self):
        code = "import sys, tmpass.targets; print('tomllib' in sys.modules, 'difflib' in sys.modules)"
        printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        assert printed.split() == ["False", "False"]

    def test_an_unknown_name_brings_the_nearest(self):
        with pytest.raises(TargetError) as caught:
            load_target("Pixel6_TPU")
        assert "did you mean 'pixel6-tpu'" in caught.value.hint
        assert "tmpass targets lists them all" in caught.value.hint

    def test_a_path_without_toml_is_told_so(self):
        with pytest.raises(TargetError) as caught:
            load_target("board64.tml")
        assert "the name of a profile's file ends in .toml" in caught.value.hint

    @pytest.mark.parametrize("name", ["", "zzzzzz", "x" * 100_000, "\0", "..", "pixel6-tpu\n"])
    def test_any_other_name_is_refused(self, name):
        with pytest.raises(TargetError) as caught:
            load_target(name)
        assert "tmpass targets lists them all" in caught.value.hint
        assert len(str(caught.value)) < 250


class TestFile:
    def test_is_read_as_parsed(self, tmp_path):
        path = tmp_path / "mine.toml"
        path.write_text(PROFILE)
        assert load_target(str(path)) == parse(PROFILE)

    def test_may_have_any_suffix_if_its_path_has_a_separator(self, tmp_path, monkeypatch):
        (tmp_path / "pixel6-tpu").write_text(PROFILE)
        monkeypatch.chdir(tmp_path)
        assert load_target("./pixel6-tpu").name == "mine"
        assert load_target("pixel6-tpu").name == "pixel6-tpu"

    def test_may_begin_with_a_byte_order_mark_and_have_any_line_ends(self, tmp_path):
        path = tmp_path / "mine.toml"
        path.write_bytes(b"\xef\xbb\xbf" + PROFILE.replace("\n", "\r\n").encode())
        assert load_target(str(path)) == parse(PROFILE)

    @pytest.mark.parametrize("name", ["missing.toml", "a/b", "\0.toml", "x" * 5000 + ".toml", "." + os.sep])
    def test_that_cannot_be_read(self, name, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(TargetError, match="cannot read it") as caught:
            load_target(name)
        assert caught.value.where

    def test_with_the_name_of_a_built_in_one(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(TargetError, match=r"has no \.toml"):
            load_target("pixel6-tpu.toml")

    def test_that_is_not_utf_8(self, tmp_path):
        path = tmp_path / "mine.toml"
        path.write_bytes(b'name = "\xff"')
        with pytest.raises(TargetError, match="it is not UTF-8 text at byte 8"):
            load_target(str(path))

    def test_that_is_too_large(self, tmp_path):
        path = tmp_path / "mine.toml"
        path.write_bytes(b"\n" * (MAX_FILE + 1))
        with pytest.raises(TargetError, match="it has more than 65536 bytes"):
            load_target(str(path))

    @pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no endless file here")
    def test_without_an_end(self):
        with pytest.raises(TargetError, match="it has more than"):
            load_target("/dev/zero")


class TestParse:
    def test_gives_every_number_and_its_source(self):
        near, far = parse(PROFILE).memories
        sources = {"capacity": "data sheet", "alignment": "assumed"}
        assert near == Memory("near", 8 * MIB, 64, ("activations", "variables"), None, sources)
        assert (far.capacity, far.alignment, far.bandwidth) == (None, 1, 51_200_000_000)
        assert far.sources["capacity"] == "off chip"

    def test_puts_uses_in_their_order(self):
        assert parse(PROFILE).memories[1].holds == ("activations", "weights")

    def test_lists_what_is_assumed(self):
        assert parse(PROFILE).assumed == ("near.alignment", "far.bandwidth")

    def test_takes_the_first_memory_that_holds_activations_as_scratchpad(self):
        assert parse(PROFILE).scratchpad.name == "near"
        assert parse(PROFILE.replace('"activations", "variables"', '"variables"')).scratchpad.name == "far"

    @pytest.mark.parametrize(
        ("text", "bandwidth"),
        [('"51.2 GB/s"', 51_200_000_000), ('"300MB/s "', 300_000_000), ('"1.2 TB/s"', 1_200_000_000_000),
         ('"1 GiB/s"', 2**30), ("17", 17)],
    )  # fmt: skip
    def test_reads_bandwidth(self, text, bandwidth):
        assert parse(PROFILE.replace('"51.2 GB/s"', text)).memories[1].bandwidth == bandwidth

    def test_reads_what_the_time_of_a_run_depends_on(self):
        speeds = 'macs_per_second = { value = 1.2e12, source = "measured" }\n'
        speeds += 'prefetch = { value = true, source = "assumed" }\n'
        target = parse(PROFILE.replace("[[memory]]", f"{speeds}\n[[memory]]", 1))
        assert (target.macs_per_second, target.prefetch) == (1_200_000_000_000, True)
        assert target.sources == {"macs_per_second": "measured", "prefetch": "assumed"}
        assert target.assumed == ("near.alignment", "far.bandwidth", "prefetch")
        assert (parse(PROFILE).macs_per_second, parse(PROFILE).prefetch, parse(PROFILE).sources) == (None, False, {})

    @pytest.mark.parametrize("text", ["0", "-1", "1.5", '"4e12"', "true", "inf", "nan", "1e30", "[1]"])
    def test_refuses_a_rate_that_is_not_a_whole_number(self, text):
        line = f'macs_per_second = {{ value = {text}, source = "s" }}'
        error = refusal('standing = "assumed"', f'standing = "assumed"\n{line}')
        assert error.where == "mine.toml, line 5, macs_per_second.value"
        assert "is not a rate" in error.what
        assert "4e12" in error.hint

    @pytest.mark.parametrize(("text", "alignment"), [("1", 1), ('"4KiB"', 4096), (str(2**31), 2**31)])
    def test_reads_alignment(self, text, alignment):
        assert parse(PROFILE.replace("value = 64", f"value = {text}")).scratchpad.alignment == alignment

    @pytest.mark.parametrize(("number", "near"), [(3, "2 or 4"), (24, "16 or 32"), (2**31 - 1, f"{2**30} or {2**31}")])
    def test_an_alignment_is_a_power_of_two(self, number, near):
        with pytest.raises(TargetError, match=rf"alignment {number} is not a power of two; give {near}$"):
            parse(PROFILE.replace("value = 64", f"value = {number}"))


class TestRefuse:
    """Each mistake is named with its line and key."""

    @pytest.mark.parametrize(
        ("old", "new", "line", "key"),
        [
            ('"8MiB"', '"8 MiX"', 8, "memory[0].capacity.value"),
            ('"8MiB"', "-1", 8, "memory[0].capacity.value"),
            ('"8MiB"', "8.5", 8, "memory[0].capacity.value"),
            ('"8MiB"', "true", 8, "memory[0].capacity.value"),
            ('"8MiB"', str(2**62 + 1), 8, "memory[0].capacity.value"),
            ('"8MiB"', "0x" + "f" * 900, 8, "memory[0].capacity.value"),
            ('"8MiB"', '"' + "9" * 900 + '"', 8, "memory[0].capacity.value"),
            ('"8MiB"', "[[8]]", 8, "memory[0].capacity.value"),
            ('{ value = "8MiB", source = "data sheet" }', '"8MiB"', 8, "memory[0].capacity"),
            (', source = "data sheet" }', " }", 8, "memory[0].capacity"),
            ("value = 64", "value = 0", 9, "memory[0].alignment.value"),
            ("value = 64", f"value = {2**31 + 1}", 9, "memory[0].alignment.value"),
            ("value = 64", "valeu = 64", 9, "memory[0].alignment.valeu"),
            ('["activations", "variables"]', '"activations"', 10, "memory[0].holds"),
            ('["activations", "variables"]', "[]", 10, "memory[0].holds"),
            ('["activations", "variables"]', '["activations", "variable"]', 10, "memory[0].holds[1]"),
            ('["activations", "variables"]', '["activations",\n\n"variable"]', 12, "memory[0].holds[1]"),
            ('["activations", "variables"]', '["activations", "activations"]', 10, "memory[0].holds[1]"),
            ('["activations", "variables"]', '["activations", 1979-05-27]', 10, "memory[0].holds[1]"),
            ('name = "near"\n', "", 6, "memory[0]"),
            ('name = "far"', 'name = "near"', 13, "memory[1].name"),
            ('name = "far"', 'name = ""', 13, "memory[1].name"),
            ('name = "far"', r'name = "\u001b[31m"', 13, "memory[1].name"),
            ('"51.2 GB/s"', '"51.2 GB"', 15, "memory[1].bandwidth.value"),
            ('"51.2 GB/s"', "0", 15, "memory[1].bandwidth.value"),
            ("[memory.capacity]", "[memory.capacities]", 16, "memory[1].capacities"),
            ('value = "unlimited"', 'value = "endless"', 17, "memory[1].capacity.value"),
            ('value = "unlimited"', "value.more = 1", 17, "memory[1].capacity.value"),
            ('source = "off chip"', "source = 5", 18, "memory[1].capacity.source"),
            ('source = "off chip"', '"sour\\u0063e" = 5', 18, "memory[1].capacity.source"),
            ('value = 1\n', "value = '1 byte'\n", 20, "memory[1].alignment.value"),
            ('name = "mine"', "name = 5", 2, "name"),
            ('standing = "assumed"', 'standing = """\na\nb"""', 4, "standing"),
            ('standing = "assumed"', 'note = """\n[[memory]]\nname = "a"\n"""\nstanding = 5', 4, "note"),
        ],
    )  # fmt: skip
    def test_a_mistake_with_its_place(self, old, new, line, key):
        error = refusal(old, new)
        assert error.where == f"mine.toml, line {line}, {key}"
        assert error.hint
        assert len(str(error)) < 250

    def test_a_missing_key_at_the_top(self):
        error = refusal('standing = "assumed"\n', "")
        assert error.where == "mine.toml"
        assert "'standing' is missing" in error.what

    @pytest.mark.parametrize(("old", "new", "meant"), [
        ('standing = "', 'stending = "', "'standing'"),
        ("bandwidth =", "bandwith =", "'bandwidth'"),
        ("[memory.alignment]", "[memory.aligment]", "'alignment'"),
        ('"activations", "variables"', '"activation"', "'activations'"),
    ])  # fmt: skip
    def test_a_misspelt_word_brings_the_right_one(self, old, new, meant):
        assert refusal(old, new).hint == f"did you mean {meant}?"

    def test_a_mistake_after_a_string_of_several_lines(self):
        text = '"""\\\n  two\\\n  # [[memory]]\\\n"""'
        long = PROFILE.replace('"two memories"', text)
        assert parse(long).summary == "two# [[memory]]"
        with pytest.raises(TargetError) as caught:
            parse(long.replace('name = "far"', "name = 5"))
        assert caught.value.where == "mine.toml, line 16, memory[1].name"

    def test_memories_in_inline_tables(self):
        near = '{ name = "near", capacity = {value = 8, source = "x"}, alignment = {value = 0, source = "x"}'
        text = f'name="a"\nsummary="b"\nstanding="c"\nmemory = [\n  # near\n  {near}, holds = ["weights"]}}\n]\n'
        with pytest.raises(TargetError) as caught:
            parse(text)
        assert caught.value.where == "mine.toml, line 6, memory[0].alignment.value"

    @pytest.mark.parametrize("text", ["memory = 5", "memory = []", "[memory]\nname = 'near'"])
    def test_no_list_of_memories(self, text):
        with pytest.raises(TargetError, match=r"\[\[memory\]\]") as caught:
            parse('name="a"\nsummary="b"\nstanding="c"\n' + text)
        assert caught.value.where == "mine.toml, line 4, memory"

    def test_no_memory_for_activations(self):
        text = PROFILE.replace('"activations", "variables"', '"variables"').replace(', "activations"', "")
        with pytest.raises(TargetError, match="no memory that operators use directly holds activations"):
            parse(text)

    def test_memory_behind_the_operators_is_no_scratchpad(self):
        far, near = Memory("far", 8, 1, ("activations",), compute=False), Memory("near", 8, 1, ("activations",))
        assert Target("t", "a target", "assumed", (far, near)).scratchpad is near

    def test_invalid_toml_with_line_and_column(self):
        error = refusal('name = "far"', "name far")
        assert error.where == "mine.toml"
        assert "line 13, column" in error.what

    def test_a_key_that_occurs_twice(self):
        assert "line 3, column" in refusal('summary = "two memories"', 'name = "again"').what

    @pytest.mark.parametrize("text", [
        "a = " + "[" * 900,
        "a = [\n" * 5000,
        "a = {b = " * 100,
        "a = " + "9" * 5000,
        "a." * 30_000 + "a = 1",
        "\n".join(f"a{i}." + "a." * 490 + "a = 1" for i in range(60)),
        "[[a]]\n" * 10_000,
        "a = '''" + "\n" * 60_000 + "'''",
        'a = """' + '\\"' * 490 + "\n" + '"' * 4,
    ])  # fmt: skip
    def test_a_hostile_text_at_once(self, text):
        begun = time.process_time()
        with pytest.raises(TargetError) as caught:
            parse(text)
        assert time.process_time() - begun < 5
        assert len(str(caught.value)) < 300

    @given(st.text(st.sampled_from("[]{}=.,'\"\\\n #amv15"), max_size=60))
    def test_any_text(self, text):
        with pytest.raises(TargetError) as caught:
            parse(text)
        assert caught.value.where.startswith("mine.toml")


class TestOverride:
    def test_replaces_numbers_of_the_scratchpad_and_their_sources(self):
        target = parse(PROFILE)
        near, far = target.override(capacity=4096, alignment=256).memories
        assert (near.capacity, near.alignment) == (4096, 256)
        assert near.sources == {"capacity": "--budget", "alignment": "--alignment"}
        assert far == target.memories[1]
        assert target == parse(PROFILE)

    def test_replaces_only_what_is_given(self):
        target = parse(PROFILE)
        assert target.override() == target
        assert target.override(alignment=8).scratchpad.capacity == 8 * MIB
        assert target.override(capacity=0).scratchpad.sources["alignment"] == "assumed"

    def test_needs_a_scratchpad(self):
        memory = Memory("rom", None, 16, ("weights",))
        with pytest.raises(TargetError, match="target t: no memory that operators use directly holds activations"):
            Target("t", "a target", "assumed", (memory,)).override(capacity=1)


@pytest.mark.parametrize(
    ("uses", "hint"),
    [
        (["inputs_outputs"], 'add "inputs_outputs" to the `holds` of a memory, or plan with --io external'),
        (["variables"], 'add "variables" to the `holds` of a memory'),
        (["variables", "inputs_outputs"], 'add "inputs_outputs" and "variables" to the `holds` of a memory'),
        (["activations", "weights"], "add them to the `holds` of one, or plan with --share none"),
    ],
)
def test_where_no_memory_holds_a_tensor_the_hint_names_what_helps(uses, hint):
    memories = Memory("a", 8, 1, ("activations",)), Memory("b", 8, 1, ("weights",))
    with pytest.raises(TargetError) as caught:
        Target("t", "a target", "assumed", memories).memory_for(uses)
    assert caught.value.hint == hint


def test_no_hint_names_an_option_that_the_runtime_refuses():
    """TensorFlow Lite Micro has its inputs in the arena."""
    memories = Memory("a", 8, 1, ("activations",)), Memory("b", 8, 1, ("weights",))
    with pytest.raises(TargetError) as caught:
        Target("t", "a target", "assumed", memories, runtime=RUNTIMES["tflm"]).memory_for(["inputs_outputs"])
    assert caught.value.hint == 'add "inputs_outputs" to the `holds` of a memory'


def test_a_tensor_is_not_put_where_operators_cannot_use_it():
    memories = Memory("a", 8, 1, ("activations",)), Memory("b", 8, 1, ("activations", "variables"), compute=False)
    with pytest.raises(TargetError) as caught:
        Target("t", "a target", "assumed", memories).memory_for(["variables"])
    assert caught.value.hint == (
        'operators do not use b directly: add "variables" to the `holds` of a memory that they use, or set its '
        "`compute` to true"
    )


def test_an_empty_list_of_uses_is_called_empty():
    error = refusal('["activations", "variables"]', "[]")
    assert error.what == "the list of uses is empty"


def test_a_target_can_not_be_changed_and_can_be_hashed():
    target = load_target("pixel6-tpu")
    with pytest.raises(dataclasses.FrozenInstanceError):
        target.name = "other"
    assert hash(target) == hash(load_target("pixel6-tpu"))


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("compute = false", 'compute = { value = false, source = "data sheet" }'),
        ("reserve = 4096", 'reserve = { value = 4096, source = "data sheet" }'),
        ("reserve = '4KiB'", 'reserve = { value = "4KiB", source = "data sheet" }'),
        ("reserve = [1]", 'reserve = { value = ..., source = "data sheet" }'),
    ],
)
def test_a_fact_without_its_source_is_shown_as_it_is_to_be_written(line, written):
    text = f"""
name = "mine"
summary = "a board"
standing = "assumed"
[[memory]]
name = "m"
capacity = {{ value = 1024, source = "data sheet" }}
alignment = {{ value = 1, source = "data sheet" }}
holds = ["activations"]
{line}
"""
    with pytest.raises(TargetError, match=re.escape(f"is not a table; write {written}")):
        parse_target(text, "mine.toml")


@pytest.mark.parametrize(
    "heads", [("[memory]", "[memory]"), ("[memory]", "[[memory]]"), ("[memory] # near", "[[memory]]")]
)
def test_one_bracket_around_the_table_of_a_memory(heads):
    text = 'name = "mine"\n' + "".join(f'{head}\nname = "m{at}"\n' for at, head in enumerate(heads))
    with pytest.raises(TargetError, match=r"it is not valid TOML: .*; line 2: begin each memory with \[\[memory\]\]$"):
        parse_target(text, "board.toml")
    with pytest.raises(TargetError, match=r"it is not valid TOML: .*; correct that place$"):
        parse_target("name =", "board.toml")
