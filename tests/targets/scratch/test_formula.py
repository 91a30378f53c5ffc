"""Formulas for scratch: their values, and an error with its column for each mistake."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmpass.base.dtypes import FLOAT32, UINT8
from tmpass.base.errors import UsageError
from tmpass.graph.model import Tensor
from tmpass.targets.scratch.formula import MAX_LENGTH, parse_formula

INPUTS = (
    Tensor("x", FLOAT32, (1, 8, 5), scales=3),
    None,
    Tensor("open", UINT8, ("batch", 4)),
    Tensor("any", UINT8, None),
)
OUTPUTS = (Tensor("y", UINT8, (6, 7)),)


def value(formula):
    return parse_formula(formula).of(INPUTS, OUTPUTS)


def test_an_option_of_a_custom_operator():
    formula = parse_formula("2 * option.frame_size + in0.bytes")
    assert formula.of(INPUTS, OUTPUTS, options=(("frame_step", 9), ("frame_size", 5))) == 170
    with pytest.raises(UsageError, match="the operator has no option frame_size that is a whole number"):
        formula.of(INPUTS, OUTPUTS)


@pytest.mark.parametrize(
    ("formula", "size"),
    [
        (512, 512),
        (0, 0),
        ("512", 512),
        ("in0.bytes", 160),
        ("in0.elements", 40),
        ("in0[1]", 8),
        ("in0[-1]", 5),
        ("out0.bytes", 42),
        ("2 * in0.bytes + out0[1] * 4", 348),
        ("(in0[1] + 3) // 4 * 4", 8),
        ("max(in0.bytes, out0.bytes, 7)", 160),
        ("min(in0[1], out0[1]) - 2", 5),
        ("in0[1] - -1", 9),
        ("in1.bytes + in1.elements", 0),
        (" 4 * in2[1] ", 16),
        ("in0.rank + in2.rank", 5),
        ("in0.bits + out0.bits + in1.bits", 40),
        ("in0.scales + out0.scales + in1.scales", 3),
        ("2 * in0.floating + out0.floating + in1.floating", 2),
        ("word * inputs + outputs", 33),
        ("7 if in0.bits == 32 else 9", 7),
        ("7 if in0.bits != 32 and word == 8 else 9", 9),
        ("7 if in0.bits < 32 or in0[1] >= 8 else 9", 7),
        ("7 if in0.bits > 32 else 9 if word <= 4 else 11", 11),
        (2**62, 2**62),
    ],
)
def test_the_value_of_a_formula(formula, size):
    assert value(formula) == size


def test_the_word_is_what_a_pointer_takes():
    assert parse_formula("2 * word").of(INPUTS, OUTPUTS, 4) == 8


@pytest.mark.parametrize(
    ("formula", "fault"),
    [
        ("", "is not a formula"),
        ("2 *", "is not a formula"),
        ("in0", "column 1: in0 alone is not a number"),
        ("2 * in0.byte", "column 5: 'in0.byte' is not a part of a formula"),
        ("2 ** 3", "column 1: '2 ** 3' is not a part of a formula"),
        ("7 / 2", "column 1: '7 / 2' is not a part of a formula"),
        ("1.5", "'1.5' is not a part"),
        ("True", "'True' is not a part"),
        ("x.bytes", "column 1: 'x' is not a tensor"),
        ("in.bytes", "is not a formula"),
        ("1 + input0.bytes", "column 5: 'input0' is not a tensor"),
        ("in0[in0[1]]", "column 5: axis 'in0[1]' is not a number"),
        ("in0[0:1]", "column 6: ':' is not a part"),
        ("abs(3)", "'abs(3)' is not a part"),
        ("max()", "'max()' is not a part"),
        ("max(*in0)", "'*in0' is not a part"),
        ("__import__('os')", 'column 12: "\'" is not a part'),
        ("in0.bytes.real", "'in0.bytes.real' is not a part"),
        ("(lambda 1)", "is not a formula"),
        ("1 if 1 else 2", "column 6: '1' is not a comparison"),
        ("1 if 1 < 2 < 3 else 2", "is not a comparison"),
        ("1 if not 1 < 2 else 2", "is not a comparison"),
        ("1 < 2", "'1 < 2' is not a part"),
        ("1 if in0.type == 3 else 2", "'in0.type' is not a part"),
        ("+1", "'+1' is not a part"),
        ("ä", "column 1: 'ä' is not a part"),
        ("(" * 190, "is not a formula"),
        ("1+" * 100 + "1", f"more than {MAX_LENGTH} characters"),
        (-1, "-1 is not a size"),
        (2**62 + 1, "is not a size"),
        (True, "True is not a number of bytes"),
        (1.5, "1.5 is not a number of bytes"),
        (None, "None is not a number of bytes"),
    ],
)
def test_a_mistake_in_a_formula(formula, fault):
    with pytest.raises(UsageError) as caught:
        parse_formula(formula)
    assert fault in caught.value.what
    assert caught.value.hint
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("formula", "fault"),
    [
        ("in4.bytes", "there is no in4: the operator has 4 inputs"),
        ("out1[0]", "there is no out1: the operator has 1 outputs"),
        ("in0[3]", "in0 has 3 axes, and none numbered 3"),
        ("in0[-4]", "none numbered -4"),
        ("in1[0]", "in1 is left out or of unknown rank"),
        ("in3[0]", "in3 is left out or of unknown rank"),
        ("in2.bytes", "the size of in2, 'open', is not known"),
        ("in2[0]", "axis 0 of in2, 'batch', is not known"),
        ("in3.elements", "the size of in3, 'any', is not known"),
        ("1 // (in0[1] - 8)", "divides by 0"),
        ("4 - in0.bytes", "its value is -156"),
        ("*".join(["99999999"] * 20), "its value is above 2^64"),
    ],
)
def test_a_formula_that_does_not_suit_the_operator(formula, fault):
    with pytest.raises(UsageError) as caught:
        value(formula)
    assert fault in caught.value.what
    assert caught.value.hint


@given(st.text(st.sampled_from("in0out12.bytes[]()+-*/,max \0ä\\'e_"), max_size=40))
def test_any_text_is_a_formula_or_refused(text):
    with suppress(UsageError):
        assert 0 <= value(text) <= 2**62
