"""The name that a caller gives a model is a printable text of one line, wherever it is given."""

import pytest
from make_models import FOLDER

import tmpass
from tmpass.base.errors import UsageError

MODEL = FOLDER / "branchy.tflite"


@pytest.mark.parametrize("name", [3, "", "  ", "a\nb", b"net"])
def test_a_name_that_cannot_be_printed_is_refused_by_plan_and_by_emit(name):
    with pytest.raises(UsageError, match="give a text such as 'net"):
        tmpass.plan(MODEL.read_bytes(), "tflm", name=name)
    with pytest.raises(UsageError, match="give a text such as 'net"):
        tmpass.plan(MODEL, "tflm").emit("c", name=name)


def test_a_name_in_an_output_is_the_one_that_is_given():
    assert "#define NET_" in tmpass.plan(MODEL, "tflm").emit("c", name="net")


@pytest.mark.parametrize("form", ["csv", "model-explorer", "json"])
def test_a_name_for_a_format_that_has_none_of_the_callers_is_refused(form):
    with pytest.raises(UsageError, match="name"):
        tmpass.plan(MODEL, "tflm").emit(form, name="net")
