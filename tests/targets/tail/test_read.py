"""Files of rules: the built-in one, and an error with its line for each mistake."""

import pytest

from tmpass.base.errors import TargetError
from tmpass.targets.kernels import TFLM
from tmpass.targets.tail import load_rules, parse_kernels, parse_rules

HEAD = 'source = "a test"\n[preparation]\n[[persistent]]\nwhat = "base"\nper = "model"\n'
KERNELS = 'schema = "tmpass.kernels/1"\n'


def test_the_built_in_rules():
    rules = load_rules("tflm")
    assert rules.alignment == 16
    assert len(rules.kernels) > 100
    assert rules.kernels["CONV_2D"].persistent == ("64 + 2 * word",)
    assert rules.kernels["CONV_2D"].prepared == ("4 * in1[0]", "4 * in1[0]")
    assert "measured with tflite-micro" in rules.kernels["SVDF"].source


def test_kernels_without_scratch_are_those_that_the_runtime_names():
    conditional = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}  # only where weights have less than a byte
    rules = load_rules("tflm").kernels.values()
    free = {kernel.kind for kernel in rules if not kernel.scratch or kernel.kind in conditional}
    assert free == TFLM


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("bites = [1]", "line 6, persistent[0].bites: unknown key; did you mean 'bytes'?"),
        ("bytes = 4", "bytes: 4 is not a list"),
        ('bytes = ["2 *"]', "persistent[0].bytes[0]: '2 *' is not a formula"),
        ("bytes = [true]", "true is not a number of bytes"),
        ("bytes = [-1]", "-1 is not a size"),
        ("together = 1", "1 is neither true nor false"),
        (
            '[[persistent]]\nwhat = "x"\nper = "tensors"',
            "persistent[1].per: 'tensors' is unknown; did you mean 'tensor'?",
        ),
        ("[[persistent]]\nwhat = 3\nper = 'tensor'", "3 is not a line of text"),
        ("[[kernel]]", "kernel[0]: the key 'ops' is missing"),
        ('[[kernel]]\nops = "ADD"', "'ADD' is not a list"),
        ('[[kernel]]\nops = ["ADD"]\n[[kernel]]\nops = ["MUL", "ADD"]', "ADD has an earlier rule"),
        ('[[kernel]]\nops = ["ADD"]\ntemporaries = ["in"]', "'in' is not a tensor"),
        ('[[kernel]]\nops = ["ADD"]\ntemporaries = ["3"]', "'3' is not a tensor"),
        ("what = 4", "it is not valid TOML"),
    ],
)
def test_a_mistake_in_rules(more, fault):
    with pytest.raises(TargetError) as caught:
        parse_rules(HEAD + more, "rules.toml")
    assert fault in str(caught.value)
    assert str(caught.value).startswith("rules.toml")


def test_rules_without_a_list_are_refused():
    with pytest.raises(TargetError, match="the key 'persistent' is missing"):
        parse_rules('source = "a"\n[preparation]', "rules.toml")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the key 'schema' is missing"),
        ('schema = "tmpass.scratch/1"', "schema: it is 'tmpass.scratch/1'; write 'tmpass.kernels/1'"),
        (KERNELS + "[[kernel]]", "the key 'op' is missing"),
        (KERNELS + '[[kernel]]\nop = "ADD"\nindex = 3', "one of subgraph and index, but not both"),
        (KERNELS + '[[kernel]]\nop = "ADD"\nindex = -3\nsubgraph = 0', "-3 is not a number from 0"),
        (KERNELS + f'sha256 = "{"0" * 64}"', "it is for a model with SHA-256 '000"),
    ],
)
def test_a_mistake_in_a_file_of_kernels(text, fault):
    with pytest.raises(TargetError) as caught:
        parse_kernels(text, "kernels.toml", "1" * 64)
    assert fault in str(caught.value)


def test_a_file_of_kernels():
    text = KERNELS + 'source = "measured"\n[[kernel]]\nop = "SVDF"\nsubgraph = 0\nindex = 3\nscratch = [512]\n'
    (kernel,) = parse_kernels(text, "kernels.toml")
    assert (kernel.kind, kernel.place, kernel.scratch, kernel.source) == ("SVDF", (0, 3), (512,), "measured")


def test_rules_of_another_runtime_are_read_from_a_path(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(HEAD)
    assert load_rules(str(path)).source == "a test"
    with pytest.raises(TargetError, match="cannot read it"):
        load_rules(str(tmp_path / "none.toml"))
    with pytest.raises(TargetError, match="no rules are named 'mine'; known are tflm"):
        load_rules("mine")
