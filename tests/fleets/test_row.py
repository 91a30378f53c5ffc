"""Rows as JSON lines and back; a line that is not one is refused with its place."""

import json

import pytest

import tmpass
from tmpass.base.errors import UsageError
from tmpass.fleets.outputs.jsonl import emit, read
from tmpass.fleets.row import Row, row_of


@pytest.fixture
def rows(zoo):
    made = tmpass.plan(zoo / "a.tflite", "tflm-nrf52840")
    return row_of(made, "zoo/a.tflite", "tflm-nrf52840", "0" * 64), Row("b", "tflm", error="it is\x1b broken", code=3)


def test_rows_are_read_back(rows):
    text = emit(rows)
    assert read(text, "old.jsonl") == rows
    assert text.count("\n") == 2
    assert "\x1b" not in text


def test_the_figures_are_those_of_the_plan(zoo, rows):
    made = tmpass.plan(zoo / "a.tflite", "tflm-nrf52840")
    row = rows[0]
    flash = made.memory("flash")
    assert [(m.name, m.needed, m.peak, m.capacity) for m in row.memories] == [
        (m.name, m.needed, m.peak, m.capacity) for m in made.memories
    ]
    assert row.flash is None or row.flash == flash.needed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "tmpass.fleet/9"}, "it is not a row of schema"),
        ({"peak": "7"}, "peak is '7'"),
        ({"peak": True}, "peak is True"),
        ({"peek": 7}, "the key 'peek' is unknown"),
        ({"model": None}, "model is None"),
        ({"memories": [7]}, "7 is not a memory"),
        ({"memories": [{"name": "m"}]}, "the key 'capacity' is missing"),
        ({"notes": [7]}, "notes are texts"),
    ],
)
def test_a_line_that_is_not_a_row_names_its_place(rows, change, message):
    line = json.dumps({**json.loads(rows[0].to_json()), **change})
    with pytest.raises(UsageError, match=rf"^old\.jsonl, line 2: {message}"):
        read(f"\n{line}\n", "old.jsonl")


def test_other_faults_of_a_file_of_rows(rows):
    with pytest.raises(UsageError, match=r"^old\.jsonl, line 1: it is not JSON"):
        read("{", "old.jsonl")
    with pytest.raises(UsageError, match=r"^old\.jsonl, line 2: zoo/a\.tflite on tflm-nrf52840 is there twice"):
        read(emit([rows[0], rows[0]]), "old.jsonl")
    data = json.loads(rows[0].to_json())
    del data["peak"]
    with pytest.raises(UsageError, match="the key 'peak' is missing"):
        read(json.dumps(data), "old.jsonl")
