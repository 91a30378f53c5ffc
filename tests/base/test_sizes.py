import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmpass.base.errors import UsageError
from tmpass.base.sizes import MAX_BYTES, format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [("4096", 4096), ("4KiB", 4096), ("4 kib", 4096), ("4K", 4096), ("1.5MiB", 1572864), ("2MB", 2_000_000),
     ("0", 0), ("1GiB", 2**30), ("0x40000", 2**18), (" 0XfF ", 255), (7, 7), ("4611686018427387904", MAX_BYTES)],
)  # fmt: skip
def test_sizes_as_people_write_them(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "1.5",
        "4XB",
        "0x",
        "0x1.5",
        "0x10KiB",
        "0x" + "f" * 17,
        "1e6",
        "٤",
        "9" * 40,
        "4611686018427387905",
        "1 2",
        "nan",
    ],
)
def test_an_invalid_size_is_an_error_that_names_the_option(text):
    with pytest.raises(UsageError, match="--budget"):
        parse_size(text, "--budget")


@pytest.mark.parametrize(("text", "hint"), [("256Kb", "256KiB"), ("1.5 mb", "1.5MB"), ("2gb", "2GiB")])
def test_bits_are_not_bytes(text, hint):
    with pytest.raises(UsageError, match="is in bits") as refusal:
        parse_size(text)
    assert hint in refusal.value.hint


@given(st.integers(0, MAX_BYTES))
def test_the_exact_count_comes_first(size):
    assert int(format_size(size).split()[0]) == size


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1024 B (1 KiB)"), (55296, "55296 B (54 KiB)"),
     (2**62, "4611686018427387904 B (4194304 TiB)")],
)  # fmt: skip
def test_format_of_sizes(size, text):
    assert format_size(size) == text
