"""Tables for the terminal."""

from dataclasses import replace

import pytest
from rich.console import Console
from support.graphs import Sketch, chain, graph_of

from tmpass.api.plan import plan
from tmpass.loading.load import Model
from tmpass.packing.problem import Gap
from tmpass.plans.model_info import ModelInfo
from tmpass.report.terminal.tables import buffer_table, memory_table, scratch_table, sharing_table, target_list
from tmpass.report.text import one_line, short_size
from tmpass.targets import EVERY, Memory, Sharing, Target, load_target, target_names


def planned(graph, **options):
    return plan(Model(ModelInfo("test", "test", "0" * 64), graph), **options)


def shown(table, width=200):
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(table)
    return [line.rstrip() for line in captured.get().splitlines()]


def test_a_row_for_each_buffer():
    assert shown(buffer_table(planned(chain(100, 50, 8), alignment=16))) == [
        "   buffer  offset  size  steps  tensors",
        "A       0       0   100   0..0  t0",
        "B       1     112    50   0..1  t1",
        "C       2       0     8   1..1  t2",
    ]


def test_tensors_that_share_a_buffer_are_listed_with_the_reason():
    sketch = Sketch()
    sketch.outputs = [sketch.view(sketch.input(8))]
    assert shown(buffer_table(planned(graph_of(sketch), share_io=True)))[1:] == [
        "A       0       0     8   0..0  t0",
        "                                t1 (RESHAPE keeps the bytes of 't0')",
    ]


def test_tensors_inside_a_buffer_have_offsets_and_windows_their_steps():
    made = planned(chain(100, 50, 8), alignment=16)
    first, second, *others = made.tensors
    joined = replace(
        made.buffers[0], upper=9, tensors=((0, 0), (0, 1)), gaps=tuple(Gap(2 * i, 2 * i + 2) for i in range(6))
    )
    rows = (first, replace(second, offset=60, reason="CONCAT finds it there"), *others)
    assert shown(buffer_table(replace(made, buffers=(joined,), tensors=rows)))[1:] == [
        "A       0       0   100   0..8  t0",
        "                                t1 at 60 (CONCAT finds it there)",
        "                                partly used in steps 0..1, 2..3, 4..5, 6..7 and 2 more",
    ]


@pytest.mark.parametrize("name", ["[/red]", "[bold]x", ":smile:", "a\nb", "\x1b[2J", "é\U0001f600"])
def test_names_are_shown_as_they_are_in_one_line(name):
    sketch = Sketch()
    sketch.outputs = [sketch.input(8, name=name)]
    assert shown(buffer_table(planned(graph_of(sketch))))[1] == f"A       0       0     8   0..0  {one_line(name)}"


def test_the_memory_is_a_column_where_there_are_several():
    made = planned(chain(4, 4))
    two = replace(made, memories=(*made.memories, replace(made.memories[0], name="far")))
    assert shown(buffer_table(two))[0].split() == ["buffer", "memory", "offset", "size", "steps", "tensors"]
    assert "scratchpad" in shown(buffer_table(two))[1]


def test_a_buffer_of_no_listed_tensor_still_has_a_row():
    made = planned(chain(4, 4))
    assert len(shown(buffer_table(replace(made, tensors=())))) == 1 + len(made.buffers)


def test_the_list_of_targets_has_one_or_two_lines_for_each_at_80_columns():
    names = target_names()
    found = shown(target_list(map(load_target, names)), width=80)
    assert len(found) <= 1 + 2 * len(names)
    assert all(len(line) <= 80 for line in found)
    begins = [line.split()[0] for line in found[1:] if not line.startswith(" ")]
    assert begins == list(names)


def test_the_list_of_targets_marks_assumed_numbers():
    memory = Memory("m", 3 * 2**20, 64, ("activations",), sources={"capacity": "data sheet", "alignment": "assumed"})
    endless = replace(memory, capacity=None, sources={"capacity": "assumed: plenty", "alignment": "data sheet"})
    targets = [Target("a", "first", "public", (memory,)), Target("b", "second", "public", (endless,))]
    assert [line.split() for line in shown(target_list(targets))[1:]] == [
        ["a", "3", "MiB", "~64", "first"],
        ["b", "~unlimited", "64", "second"],
    ]


def test_the_memories_of_a_target_with_each_source():
    memory = Memory(
        "near", 2048, 64, ("activations", "variables"), 1_500_000_000, {"capacity": "a [/b]", "bandwidth": "c"}
    )
    far = Memory("far", None, 1, ("weights",))
    found = shown(memory_table(Target("t", "s", "public", (memory, far))))
    assert found == [
        "memory  figure     value                   source",
        "near    capacity   2048 B (2 KiB)          a [/b]",
        "        alignment  64 B",
        "        bandwidth  1.5 GB/s                c",
        "        holds      activations, variables",
        "far     capacity   unlimited",
        "        alignment  1 B",
        "        holds      weights",
    ]


def test_sharing_of_operators_with_its_sources():
    memory = Memory("m", None, 1, ("activations",))
    sharing = Sharing((EVERY,), ("ADD", "[/b]"), (), {"views": "a", "in_place": "b [c]"})
    assert shown(sharing_table(Target("t", "s", "public", (memory,), sharing))) == [
        "sharing   operators  source",
        "views     every      a",
        "in_place  ADD, [/b]  b [c]",
        "parts     none       not in the profile",
    ]


@pytest.mark.parametrize("name", target_names())
def test_no_line_of_a_target_is_too_long_for_a_page(name):
    """Piped, the list of operators of tflm made lines of 383 characters, most of them spaces."""
    target = load_target(name)
    lines = [line for made in (memory_table, sharing_table, scratch_table) for line in shown(made(target))]
    assert max(map(len, lines)) <= 200
    words = " ".join(lines).replace(",", " ").split()
    assert {str(kind) for kind in target.sharing.in_place if kind != EVERY} <= set(words)


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1020000, "996.1 KiB"), (8 * 2**20, "8 MiB")]
)
def test_short_sizes(size, text):
    assert short_size(size) == text


def test_one_line_escapes_only_unprintable_characters():
    assert one_line("é a'") == "é a'"
    assert one_line("a\n\x1b\u202e\ud800") == "a\\n\\x1b\\u202e\\ud800"
