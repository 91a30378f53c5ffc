import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmpass.base.errors import UsageError
from tmpass.base.sizes import HINT, MAX_BYTES, UNITS, format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [("4096", 4096), ("4KiB", 4096), ("4 kiB", 4096), ("4K", 4096), ("4k", 4096), ("4096B", 4096),
     ("2kB", 2000), ("2KB", 2000), ("1TIB", 2**40), ("1.5MiB", 1572864), ("2MB", 2_000_000),
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


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("256Kb", "write 256KiB for powers of 1024, or 256kB for powers of 1000"),
        ("1.5 mb", "write 1.5MiB for powers of 1024, or 1.5MB for powers of 1000"),
        ("64kib", "write 64KiB"),
        ("64Kib", "write 64KiB"),
        ("64b", "write 64"),
        ("2 Gbit", "write 2GiB for powers of 1024, or 2GB for powers of 1000"),
    ],
)
def test_bits_are_not_bytes(text, hint):
    with pytest.raises(UsageError, match="is in bits: a lower-case b stands for them") as refusal:
        parse_size(text)
    assert refusal.value.hint == hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1_000", "write 1000"),
        ("1,000 KiB", "write 1000KiB"),
        ("1e6", "write 1000000"),
        ("64 bytes", "write 64"),
        ("64 KiByte", "write 64KiB"),
        ("64 kbytes", "write 64KiB for powers of 1024, or 64kB for powers of 1000"),
        ("64Ki", "write 64KiB"),
        ("1.5", "a fraction needs a unit, as in 1.5MiB"),
        ("4XB", "the units are B, G, GB, GiB, K, kB, KiB, M, MB, MiB, T, TB, TiB"),
        ("1 2", HINT),
        ("-1", HINT),
    ],
)
def test_an_error_says_what_to_write(text, hint):
    with pytest.raises(UsageError) as refusal:
        parse_size(text)
    assert refusal.value.hint == hint


def test_the_page_on_units_has_them_all():
    page = (Path(__file__).parents[2] / "docs" / "units.md").read_text()
    rows = [row.split("|")[1:3] for row in page.splitlines() if row.startswith("| `")]
    written = {text for cells in rows for text in re.findall("`([^`]+)`", cells[0])}
    units = {re.sub(r"[\d.]", "", text) for text in written if not text.startswith("0x") and "%" not in text}
    assert {unit.upper() for unit in units} == {unit.upper() for unit in UNITS}
    for text in written - {"1%", "0.5%"}:
        assert parse_size(text) >= 0


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
