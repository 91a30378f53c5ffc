"""An error asks only for what the caller decides, and for enough: answers lead to a plan or a better question."""

import re
import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import parser
from support.open_models import open_models
from support.shared import parametrize
from tmpass.frontends.onnx.convert import convert

from tmpass.base.errors import ModelError, UnknownSizeError
from tmpass.graph.binding import bind, parse_bindings

MOST_QUESTIONS = 20


def asked(error):
    """The names that the text of an error asks for, as a shell would read them."""
    hint = str(error).rpartition("; ")[2]
    options = re.findall(r"--bind ('[^']*'|\S+=N)", hint)
    return [shlex.split(option)[0].removesuffix("=N") for option in options]


def follow(data, number):
    """Answer each question with `number(name)`; the bindings at the end, and the graph or the error."""
    bindings, before = {}, None
    for _ in range(MOST_QUESTIONS):
        try:
            graph = convert(data, bindings)
            inputs = {d for t in graph.subgraphs[0].inputs for d in graph.subgraphs[0].tensors[t].unknown}
            return bindings, bind(graph, bindings)
        except UnknownSizeError as unknown:
            error = unknown
        except ModelError as fault:
            return bindings, fault
        names = asked(error)
        if not names:
            return bindings, error
        assert tuple(names) == error.symbols[: len(names)]
        assert not inputs or set(names) <= inputs, "first, and only, what the caller decides"
        assert names != before, "the same question again"
        assert not set(names) & set(bindings), "what is bound already"
        bindings |= parse_bindings([f"{name}={number(name)}" for name in names])
        before = names
    raise AssertionError("questions without an end")


@settings(deadline=None, max_examples=300)
@given(open_models(), st.data())
def test_the_hints_of_drawn_models_end_in_a_plan_or_a_true_contradiction(proto, data):
    common = data.draw(st.integers(1, 4))
    pick = (lambda _: common) if data.draw(st.booleans()) else (lambda _: data.draw(st.integers(1, 4)))
    bindings, end = follow(proto.SerializeToString(), pick)
    if isinstance(end, UnknownSizeError):
        assert any("of unknown rank" in text or "no single size" in text for text in end.tensors)
    elif isinstance(end, ModelError):
        assert bindings


@parametrize("models/onnx/*.onnx")
def test_the_first_question_of_a_real_model_is_a_readable_line(path):
    """Also where the sizes of the inputs are given: then a step is named that leads on, such as another model."""
    bindings = {}
    for _ in range(2):
        unknown = None
        try:
            bind(convert(path.read_bytes(), bindings), bindings)
        except UnknownSizeError as error:
            unknown = error
        except ModelError:
            pass
        if unknown is None:
            return
        assert len(str(unknown)) < 300
        assert re.search(r"; (give --bind|export the model|state their|give the state)", str(unknown))
        bindings |= dict.fromkeys(unknown.symbols, 2)


@parametrize("models/onnx/*.onnx")
def test_the_hints_of_real_models_end(path):
    bindings, end = follow(path.read_bytes(), lambda _: 2)
    assert len(bindings) < 40
    assert not isinstance(end, ModelError) or isinstance(end, UnknownSizeError)


def test_what_needs_another_model_is_said_before_names_inside_of_this_one():
    """The result of the branch has no rank, so that no number for a name in it leads to a plan."""
    text = (
        '<ir_version: 8, opset_import: ["": 17]> g (float[4] x, bool c) => (y) { '
        "y = If (c) <then_branch = t () => (p) { m = NonZero(x) p = Cast <to = 1> (m) }, "
        "else_branch = e () => (q) { q = Relu(x) }> }"
    )
    with pytest.raises(UnknownSizeError) as error:
        bind(convert(parser.parse_model(text).SerializeToString(), {}), {})
    assert str(error.value).partition("; ")[2].startswith("export the model with the condition of If")
    assert "--bind" not in str(error.value)


BRANCH = (
    '<ir_version: 8, opset_import: ["": 17]> g (float[batch, 4] x) => (y) <int64 zero = {0}, int64 one = {1}> { '
    "s = Shape(x) b = Gather(s, zero) c = Equal(b, one) y = If (c) <then_branch = t () => (p) { p = Relu(x) }, "
    "else_branch = e () => (q) { n = NonZero(x) q = Cast <to = 1> (n) }> }"
)


def test_a_name_in_a_branch_that_is_not_taken_is_a_name_of_the_model():
    data = parser.parse_model(BRANCH).SerializeToString()
    for bindings in ({"batch": 1}, {"batch": 1, "n:1": 5}, {"batch": 2, "n:1": 5}):
        assert bind(convert(data, bindings), bindings)
    with pytest.raises(UnknownSizeError) as error:
        bind(convert(data, {}), {})
    assert error.value.symbols == ("batch",)
    with pytest.raises(UnknownSizeError) as error:
        bind(convert(data, {"batch": 2}), {"batch": 2})
    assert error.value.symbols == ("n:1",)


def test_a_name_that_a_shell_would_split_is_quoted():
    data = parser.parse_model(BRANCH.replace("batch", '"a b"')).SerializeToString()
    with pytest.raises(UnknownSizeError, match="give --bind 'a b=N', or"):
        bind(convert(data, {}), {})


def test_branches_that_decide_a_size_are_named():
    text = (
        '<ir_version: 8, opset_import: ["": 17]> g (bool c, float[4] x) => (y) { y = If (c) '
        "<then_branch = t () => (a) { a = NonZero(x) }, else_branch = e () => (b) { b = Shape(x) }> }"
    )
    data = parser.parse_model(text).SerializeToString()
    with pytest.raises(UnknownSizeError, match="export the model with the condition of If 'y' fixed"):
        bind(convert(data, {}), {})
