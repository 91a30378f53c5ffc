"""The picture as SVG: well-formed, without a script, and to scale."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import graphs
from support.pages import MODELS, both, plan_of

from tmpass.api.plan import plan
from tmpass.loading.load import Model
from tmpass.packing.problem import Gap, in_use
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.plan import PlannedBuffer
from tmpass.report.formats.svg import emit

NS = "{http://www.w3.org/2000/svg}"
LEFT, RIGHT, TOP, ARENA = 84, 940, 44, 360


def boxes(text):
    """The rectangles of each buffer, as (x, y, width, height), with the note on it."""
    return [
        (
            g.find(f"{NS}title").text,
            [[float(r.get(k)) for k in ("x", "y", "width", "height")] for r in g.iter(f"{NS}rect")],
        )
        for g in ET.fromstring(text).iter(f"{NS}g")
    ]


def test_rectangles_are_to_scale():
    made = plan_of((0, 50, 0, 4), (50, 50, 2, 3), gaps={0: (Gap(1, 2, 10, 20), Gap(2, 3))})
    wide = (RIGHT - LEFT) / 4
    (first, parts), (second, alone) = boxes(emit(made))
    assert first == "t0: KIND0, 50 B at 0, steps 0 to 3"
    assert second == "t1: KIND2, 50 B at 50, steps 2 to 2"
    assert parts == [
        [LEFT, TOP + 180, wide, 180],
        [LEFT + wide, TOP + 288, wide, 36],
        [LEFT + 3 * wide, TOP + 180, wide, 180],
    ]
    assert alone == [[LEFT + 2 * wide, TOP, wide, 180]]


def test_the_capacity_is_drawn_where_it_is_near():
    assert "capacity 120 B" in emit(plan_of((0, 100, 0, 4), capacity=120))
    assert "capacity 80 B" in emit(plan_of((0, 100, 0, 4), capacity=80))
    far = emit(plan_of((0, 100, 0, 4), capacity=1000))
    assert "capacity" not in far
    assert "100 B of 1000 B" in far


def test_the_line_of_the_capacity_leaves_the_reserve_out():
    made = plan_of((0, 100, 0, 4), capacity=120)
    made = replace(made, memories=(replace(made.memories[0], reserve=10, overhead=5),))
    text = emit(made)
    assert "capacity 120 B less runtime and reserve" in text
    assert "test on pixel6-tpu, m: 115 B of 120 B" in text
    line = re.search(r'class="limit" d="M84 ([\d.]+)H', text)
    assert float(line[1]) == TOP  # 105 B, above the peak of 100 B, are the top of the picture


def test_copies_of_constants_are_rectangles_with_notes():
    made = plan(MODELS / "branchy.tflite", budget="46KiB")
    uses = [row.use for row in made.constants if row.memory == "scratchpad"]
    text = emit(made)
    assert uses.count("resident") == text.count(": constant, ") > 0
    assert uses.count("streamed") == text.count(": streamed constant, ") > 0
    assert "branchy.tflite on pixel6-tpu, dram" not in text
    words = [e.text for e in ET.fromstring(text).iter(f"{NS}text")]
    assert words[-2:] == ["constant", "streamed constant"]


def test_every_memory_has_a_picture_and_every_colour_its_meaning():
    text = emit(plan(MODELS / "states.tflite", "litert-cpu"))
    words = [e.text for e in ET.fromstring(text).iter(f"{NS}text")]
    assert [w for w in words if w.startswith("states.tflite")] == [
        "states.tflite on litert-cpu, arena: 1 KiB",
        "states.tflite on litert-cpu, persistent-arena: 384 B",
    ]
    assert {"variable", "input", "UNIDIRECTIONAL_SEQUENCE_LSTM"} <= set(words)


@pytest.mark.parametrize("name", ["</svg><script>x</script>", "]]>&\"'", "a\nb\x00\x1b", "\ud800", "é😀"])
def test_the_picture_is_well_formed_for_any_name(name):
    made = plan_of((0, 8, 0, 2), names={0: name})
    text = emit(replace(made, model=replace(made.model, file=name)))
    text.encode()
    tags = {e.tag.removeprefix(NS) for e in ET.fromstring(text).iter()}
    assert tags == {"svg", "title", "style", "rect", "text", "path", "g"}


def test_the_same_plan_is_the_same_picture():
    assert emit(both("branchy.tflite")[0]) == emit(both("branchy.tflite")[0])


@settings(max_examples=60, deadline=None)
@given(graphs(), st.none() | st.integers(0, 2**20))
def test_bytes_in_use_are_drawn_within_the_picture(graph, capacity):
    made = plan(Model(ModelInfo("test", "test", "0" * 64), graph), budget=capacity)
    found = boxes(text := emit(made))
    drawn = []
    for m in made.arenas:
        drawn += [b for b in made.buffers if b.memory == m.name and b.size]
        drawn += [c for c in made.constants if c.memory == m.name]
    assert len(found) == len(drawn)
    height = float(ET.fromstring(text).get("viewBox").split()[3])
    for (_, parts), b in zip(found, drawn, strict=True):
        pieces = in_use(b) if isinstance(b, PlannedBuffer) else [(b.lower, b.upper, 0, b.size)]
        assert len(parts) == sum(low < high for *_, low, high in pieces)
        for x, y, wide, high in parts:
            assert x >= LEFT
            assert x + wide <= RIGHT + 1
            assert y >= 0
            assert y + high <= height
