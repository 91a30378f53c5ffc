"""Offsets outside the file are refused, and so are files that describe far more than their size."""

from collections.abc import Callable
from struct import Struct, pack

import pytest
from tmpass.frontends.tflite.flatbuffer import Field, Scalar, Table, root_table

from tmpass.base.errors import ModelError

NUMBER = Scalar(0, "number", Struct("<i"))
LIST = Field(1, "list")

# Byte 0: distance to the table at 16; 8: vtable of two fields; 16: the table; 28: a vector of two int32.
GOOD = pack("<I4sHHHHiiIIii", 16, b"TEST", 8, 12, 4, 8, 8, 77, 4, 2, -5, 6)


def patched(at: int, layout: str, *values: int) -> bytes:
    data = bytearray(GOOD)
    data[at : at + Struct(layout).size] = pack(layout, *values)
    return bytes(data)


def root(data: bytes) -> Table:
    return root_table(data, "thing")


def test_a_table_gives_its_scalars_and_vectors() -> None:
    table = root(GOOD)
    assert table.scalar(NUMBER) == 77
    assert table.integers(LIST) == (-5, 6)


@pytest.mark.parametrize("method", [Table.table, Table.tables])
@pytest.mark.parametrize("other", [42, None, Table.__new__(Table)])
def test_what_is_not_a_table_is_refused(method: Callable[..., object], other: object) -> None:
    with pytest.raises(TypeError):
        method(other, LIST, "child")


def test_absent_fields_are_zero_or_none() -> None:
    table = root(patched(12, "<HH", 0, 0))
    assert table.scalar(NUMBER) == 0
    assert table.integers(LIST) is None
    assert table.string(LIST) is None
    assert table.table(LIST, "child") is None
    assert list(table.tables(LIST, "child")) == []


def test_fields_behind_a_short_vtable_are_absent() -> None:
    assert root(patched(8, "<H", 4)).scalar(NUMBER) == 0


def test_the_fields_of_a_vtable_longer_than_any_in_the_schema_are_not_looked_at() -> None:
    vtable = pack("<HH", 4 + 2 * 1000, 8) + pack("<H", 4) + bytes(2 * 999)
    position = 8 + len(vtable)
    data = pack("<I4s", position, b"TEST") + vtable + pack("<ii", len(vtable), 9)
    assert root(data).scalar(NUMBER) == 9


def test_text_that_is_no_utf8_becomes_escapes() -> None:
    data = patched(28, "<I4B", 4, 0x41, 0xFF, 0x0A, 0x42)
    assert root(data).string(LIST) == "A\\xff\nB"


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (GOOD[:4], "the file has 4 bytes, too few for a header"),
        (patched(0, "<I", 40), "thing: the root points to byte 40 of 40"),
        (patched(0, "<I", 37), "thing: the root points to byte 37 of 40"),
        (patched(16, "<i", 17), "thing: its vtable is at byte -1 of 40"),
        (patched(16, "<i", -(2**31)), "thing: its vtable is at byte 2147483664 of 40"),
        (patched(8, "<H", 3), "thing: its vtable at byte 8 has 3 bytes"),
        (patched(8, "<H", 34), "thing: its vtable at byte 8 has 34 bytes and ends at byte 42 of 40"),
    ],
)
def test_a_bad_root_or_vtable_is_named(data: bytes, fault: str) -> None:
    with pytest.raises(ModelError) as error:
        root(data)
    assert str(error.value).startswith(fault)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (patched(14, "<H", 21), "thing: field 'list' points to byte 37 of 40"),
        (patched(24, "<I", 13), "thing: field 'list' points to byte 37 of 40"),
        (patched(24, "<I", 2**32 - 1), "thing: field 'list' points to byte 4294967319 of 40"),
        (patched(28, "<I", 3), "thing: field 'list' has 3 entries and ends at byte 44 of 40"),
        (patched(28, "<I", 2**32 - 1), "thing: field 'list' has 4294967295 entries"),
    ],
)
def test_a_vector_outside_the_file_is_named(data: bytes, fault: str) -> None:
    with pytest.raises(ModelError) as error:
        root(data).integers(LIST)
    assert str(error.value).startswith(fault)
    assert error.value.hint == "the file is truncated or damaged"


def test_a_scalar_outside_the_file_is_named() -> None:
    with pytest.raises(ModelError, match="field 'number' points to byte 37 of 40"):
        root(patched(12, "<H", 21)).scalar(NUMBER)


def test_an_entry_that_points_outside_the_file_is_named() -> None:
    with pytest.raises(ModelError, match="thing: field 'list' points with entry 0 to byte 132 of 40"):
        list(root(patched(32, "<I", 100)).tables(LIST, "child"))


def test_a_table_says_where_it_is() -> None:
    # Both entries of the vector at 28 point to the table that follows it.
    data = patched(28, "<Iii", 2, 8, 4) + pack("<i", 40 - 8)
    children = list(root(data).tables(LIST, "child"))
    assert [child.where for child in children] == ["child 0", "child 1"]


def many_times_the_same_table(entries: int, visits: int) -> Table:
    """Read `visits` times a vector whose entries are all the same table."""
    at = 28 + 4 + 4 * entries
    vector = pack("<I", entries) + b"".join(pack("<I", at - (32 + 4 * n)) for n in range(entries))
    table = root(GOOD[:28] + vector + pack("<i", at - 8))
    for _ in range(visits):
        assert len(list(table.tables(LIST, "child"))) == entries
    return table


def test_every_entry_may_be_the_same_table() -> None:
    many_times_the_same_table(entries=1000, visits=1)


def test_a_file_cannot_describe_more_tables_than_its_size_allows() -> None:
    with pytest.raises(ModelError, match=r"has 4036 bytes, yet describes more than 1009 tables by sharing"):
        many_times_the_same_table(entries=1000, visits=2)


def test_a_file_cannot_be_read_over_and_over() -> None:
    entries = 1000
    table = root(GOOD[:28] + pack("<I", entries) + bytes(4 * entries))
    for _ in range(4):
        assert table.integers(LIST) == (0,) * entries
    with pytest.raises(ModelError, match=r"describes more than 16128 bytes of vectors and strings"):
        table.integers(LIST)


def test_a_table_cannot_be_made_outside_its_bytes() -> None:
    for data, position in ((GOOD, len(GOOD) - 3), (GOOD, 2**64 - 1), (b"", 0), (b"abc", 0)):
        with pytest.raises(ValueError, match="the table is outside the bytes"):
            Table(data, position, "thing")


def test_a_scalar_has_a_layout_that_is_known() -> None:
    for layout in ("i", "<ii", "<d", ">i"):
        with pytest.raises(ValueError, match="the layout is not known"):
            Scalar(0, "number", Struct(layout))


@pytest.mark.parametrize(
    ("layout", "value"),
    [("<?", True), ("<b", -7), ("<B", 250), ("<i", -(2**31)), ("<I", 2**32 - 1), ("<q", -(2**63)), ("<Q", 2**64 - 1)],
)
def test_a_scalar_has_each_width_and_sign(layout: str, value: int) -> None:
    code = Struct(layout)
    data = pack("<I4sHHHH", 16, b"TEST", 6, 12, 4, 0) + pack("<i", 8) + code.pack(value)
    assert root(data).scalar(Scalar(0, "number", code)) == value
    with pytest.raises(ModelError, match="field 'number' points to byte 20 of"):
        root(data[:-1]).scalar(Scalar(0, "number", code))


def test_fields_that_are_present_have_their_bytes_up_to_the_next() -> None:
    assert root(GOOD).raw_fields() == [(0, pack("<i", 77)), (1, pack("<I", 4))]
    assert root(patched(14, "<H", 0)).raw_fields() == [(0, pack("<iI", 77, 4))]
    with pytest.raises(ModelError, match="field 'number 1' points to byte 28 of 40"):
        root(patched(14, "<H", 12)).raw_fields()


def test_tables_outlive_what_they_come_from() -> None:
    data = patched(28, "<Iii", 2, 8, 4) + pack("<ii", 40 - 8, 5)
    children = root(bytes(bytearray(data))).tables(LIST, "child")
    assert [(child.where, child.scalar(NUMBER)) for child in children] == [("child 0", 5), ("child 1", 5)]
