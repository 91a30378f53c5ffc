"""The HTML page as text: one file, its data complete and inert."""

import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import graphs
from support.pages import MODELS, both, plan_of

from tmpass.api.plan import plan
from tmpass.loading.load import Model
from tmpass.packing.problem import Gap
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.peak_step import in_use
from tmpass.report.formats import html
from tmpass.report.formats.html import emit
from tmpass.report.hues import CONSTANTS, FAMILIES, GIVEN, colour_of, colours_of
from tmpass.report.page.data import page_data
from tmpass.report.terminal.summary import summary


class Page(HTMLParser):
    """The elements of a page: each with its attributes, and the text of those that matter."""

    def __init__(self, text: str):
        super().__init__()
        self.elements, self.texts, self.open = [], {}, ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.open = dict(attributes).get("id") or tag

    def handle_endtag(self, _):
        self.open = ""

    def handle_data(self, text):
        self.texts[self.open] = self.texts.get(self.open, "") + text


def data_in(text: str):
    return json.loads(Page(text).texts["data"])


def as_json(value):
    return json.loads(json.dumps(value))


def test_the_data_of_both_plans_are_in_the_page():
    made, before = both("branchy.tflite")
    found = data_in(emit(made, before))
    assert found == as_json(page_data(made, before))
    after, old = found["views"]
    assert [after["memories"][0]["peak"], old["memories"][0]["peak"]] == [36864, 61440]
    assert (len(after["buffers"]), len(old["buffers"])) == (len(made.buffers), len(before.buffers))
    assert after["how"] == "order for the least peak, the best addresses found, sharing where it helps"
    assert old["how"] == "order as in the file, addresses by greedy-by-size, nothing shared"


def test_one_plan_alone():
    made, _ = both("branchy.tflite")
    assert len(data_in(emit(made))["views"]) == 1


def test_it_asks_for_nothing_from_elsewhere():
    page = Page(text := emit(*both("branchy.tflite")))
    assert not re.search(r"\bhttps?:|@import|url\(|\bimport\(|fetch\(|XMLHttpRequest", text)
    links = [value for _, attributes in page.elements for name, value in attributes.items() if name in ("src", "href")]
    assert links == ["data:,"]
    policy = next(a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")


@pytest.mark.parametrize(
    "name",
    [
        "</script><script>alert(1)</script>",
        "<!--",
        "]]>",
        "\"'`${1}",
        "\u2028\u2029",
        "a\nb\x00\x1b[2J",
        "\ud800",
        "$data",
        "é😀",
    ],
)
def test_a_name_stays_data_whatever_it_contains(name):
    made = plan_of((0, 8, 0, 2), names={0: name})
    made = replace(made, model=replace(made.model, file=f"{name}.onnx"))
    text = emit(made)
    assert data_in(text)["views"][0]["tensors"][0][0] == name
    assert [tag for tag, _ in Page(text).elements].count("script") == 2
    text.encode()


def test_the_same_plan_is_the_same_page():
    assert emit(*both("branchy.tflite")) == emit(*both("branchy.tflite"))


def test_a_buffer_of_windows_has_a_piece_for_each():
    gaps = (Gap(1, 2, 0, 4), Gap(2, 3))
    found = page_data(plan_of((16, 8, 0, 4), (0, 8, 0, 4), gaps={0: gaps}))["views"][0]["buffers"]
    assert found[0][-1] == [(0, 1, 0, 8), (1, 2, 0, 4), (2, 3, 0, 0), (3, 4, 0, 8)]
    assert found[1][-1] == 0


def test_a_buffer_has_the_kind_of_the_operator_that_begins_it():
    made = plan_of((0, 8, 1, 2), (8, 4, 0, 1), step={1: 0})
    given = replace(made, tensors=(replace(made.tensors[0], role="input"),))
    for one, kinds in ((made, ["KIND1", "scratch"]), (given, ["input", "scratch"])):
        found = page_data(one)
        assert [found["colours"][row[6]][0] for row in found["views"][0]["buffers"]] == kinds


def test_a_kind_has_the_same_colour_in_every_plan():
    few, many = plan_of((0, 9, 1, 2)), plan_of(*((100 * i, 100 + i, i, i + 1) for i in range(20)))
    assert colours_of([few])["KIND1"] == colours_of([many])["KIND1"] == colour_of("KIND1")
    assert list(colours_of([many])) == [f"KIND{i}" for i in range(19, -1, -1)]


def test_the_formats_names_of_one_kind_have_one_colour():
    for one, other in (("CONV_2D", "Conv"), ("FULLY_CONNECTED", "Gemm"), ("CONCATENATION", "Concat"), ("ADD", "Add")):
        assert colour_of(one) == colour_of(other)
    assert len({colour_of(kind) for kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "MUL", "RELU", "MEAN", "PAD")}) == 7


def test_every_colour_is_for_one_family_and_dark_text_is_readable_on_it():
    kinds = [kind for family in FAMILIES.values() for kind in family]
    assert len(kinds) == len(set(kinds))
    own = [*GIVEN.values(), *CONSTANTS.values()]
    assert len({*FAMILIES, *own}) == len(FAMILIES) + len(own)
    for colour in (*FAMILIES, *own, *(colour_of(f"KIND{i}") for i in range(100))):
        red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        assert 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 > 0.3


def test_a_label_leaves_out_what_most_names_begin_with():
    names = {i: f"net/cell_{i}/conv;net/cell_{i}/bn" for i in range(4)}
    found = page_data(plan_of(*((8 * i, 8, i, i + 1) for i in range(5)), names=names))["views"][0]["tensors"]
    assert [row[9:] for row in found] == [*([f"cell_{i}/conv;cell_{i}/bn"] for i in range(4)), []]


@pytest.mark.parametrize("target", ["pixel6-tpu", "tflm-nrf52840", "ethos-u65"])
@pytest.mark.parametrize(
    ("budget", "options"),
    [("1MiB", {}), ("38KiB", {}), ("20KiB", {}), ("20KiB", {"transfers": "never"}), ("38KiB", {"schedule": "given"})],
)
def test_the_page_says_whether_a_plan_fits_with_the_words_of_the_command(target, budget, options):
    made = plan(MODELS / "branchy.tflite", target, budget=budget, **options)
    told = summary(made).splitlines()[0].removeprefix("fits").strip()
    said = page_data(made)["views"][0]["verdict"]
    words = {"yes": "fits", "no;": "does not fit;", "no,": "does not fit,", "not found": "not found to fit"}
    first = next(word for word in ("yes", "not found", "no;", "no,") if told.startswith(word))
    assert said.partition("; also missing")[0] == words[first] + told.removeprefix(first)


def test_a_plan_that_no_order_makes_fit_says_so_on_the_page():
    made = plan(MODELS / "branchy.tflite", "pixel6-tpu", budget="20KiB", transfers="never")
    assert page_data(made)["views"][0]["verdict"].endswith("are missing in any order")


@settings(max_examples=60, deadline=None)
@given(graphs(), st.booleans())
def test_every_buffer_and_every_tensor_with_a_place_is_there(graph, compared):
    made = plan(Model(ModelInfo("test", "test", "0" * 64), graph))
    found = data_in(emit(made, made if compared else None))
    for view in found["views"]:
        rows = view["buffers"]
        assert [row[0] for row in rows] == [b.id for b in made.buffers]
        assert sum(len(row[7]) for row in rows) == sum(t.buffer is not None for t in made.tensors)
        for row, b in zip(rows, made.buffers, strict=True):
            names = [view["tensors"][i][:1] + view["tensors"][i][7:9] for i in row[7]]
            assert [(s, i) for _, s, i in names] == [*b.tensors]
            assert (row[8] or [[b.lower, b.upper, 0, b.size]]) == [list(piece) for piece in in_use(b)]


def test_no_two_scripts_of_the_page_declare_one_name():
    """They are joined to one module: a name that is declared twice would stop all of it."""
    declared = Counter()
    for path in Path(html.__file__).parent.parent.joinpath("page").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        declared.update(re.findall(r"^(?:async )?function (\w+)", text, re.MULTILINE))
        for names in re.findall(r"^(?:let|const) (.+?);?$", text, re.MULTILINE):
            declared.update(re.findall(r"(?:^|, )(\w+)(?= =|[,;]|$)", names))
    assert declared["state"] == declared["matches"] == 1
    assert [name for name, count in declared.items() if count > 1] == []
