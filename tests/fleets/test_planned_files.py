"""The planned models of a fleet: a file for each row that fits, none twice, and no input overwritten."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import pytest
from fleets.conftest import chain

import tmpass
from tmpass.base.errors import UsageError
from tmpass.fleets.compare import compare
from tmpass.fleets.fleet import Means
from tmpass.fleets.planned_files import NO_FIT
from tmpass.plans.diff import Limit

MODELS = Path(__file__).parent.parent.parent / "models"
TARGETS = ["tflm", "tflm-nrf52840"]


def means(tmp_path, **fields):
    return Means(executor=ThreadPoolExecutor(1), planned=tmp_path / "out", **fields)


def test_each_row_that_fits_has_a_file_of_its_own(zoo, tmp_path):
    (zoo / "inner" / "a.tflite").write_bytes(chain(64, 256))
    (zoo / "inner" / "b.tflite").write_bytes((zoo / "b.tflite").read_bytes())
    found = tmpass.fleet(zoo, TARGETS, means=means(tmp_path), budget="8KiB")
    assert [file is not None for file in found.files] == [row.fits is True for row in found.rows]
    files = {Path(file) for file in found.files if file is not None}
    assert sorted(files) == sorted((tmp_path / "out").iterdir())
    assert found.missing == ()
    for row, file in zip(found.rows, found.files, strict=True):
        if file is not None:
            plan = tmpass.plan(row.model, row.target, budget="8KiB")
            assert Path(file).read_bytes() == tmpass.planned_model(plan, row.model)
            assert Path(file).name.startswith(f"{Path(row.model).stem}-{row.target.replace('-', '_')}-")


def test_what_is_there_is_not_planned_again(zoo, tmp_path):
    kept = means(tmp_path, store=tmp_path / "rows.db")
    first = tmpass.fleet(zoo, TARGETS, means=kept, budget="8KiB")
    again = tmpass.fleet(zoo, TARGETS, means=kept, budget="8KiB")
    assert (first.planned, again.planned, again.rows, again.files) == (8, 0, first.rows, first.files)
    Path(first.files[0]).unlink()
    again = tmpass.fleet(zoo, TARGETS, means=kept, budget="8KiB")
    assert again.planned == 1
    assert Path(first.files[0]).is_file()


def test_a_planned_model_is_planned_from_its_original(tmp_path):
    model = MODELS / "branchy.tflite"
    planned = tmp_path / "in" / "planned.tflite"
    planned.parent.mkdir()
    planned.write_bytes(tmpass.planned_model(tmpass.plan(model, "tflm", schedule="given"), model))
    found = tmpass.fleet(planned, "tflm", means=means(tmp_path))
    expected = tmpass.planned_model(tmpass.plan(model, "tflm"), model)
    assert Path(found.files[0]).read_bytes() == expected


@pytest.mark.parametrize("budget", ["32KiB", "64KiB"])
def test_planned_models_change_no_row(tmp_path, budget):
    """Of a row that has transfers, too: with 32 KiB the model fits only with them."""
    model = MODELS / "branchy.onnx"
    (plain,) = tmpass.fleet(model, "pixel6-tpu", means=Means(executor=ThreadPoolExecutor(1)), budget=budget).rows
    found = tmpass.fleet(model, "pixel6-tpu", means=means(tmp_path), budget=budget)
    assert replace(found.rows[0], planned=None) == plain
    assert plain.options == f"budget={1024 * int(budget.removesuffix('KiB'))}"
    changes = compare([plain], found.rows, Limit(Fraction(0), relative=False))
    assert (changes.unlike, changes.changes) == ((), ())


def test_a_model_that_needs_transfers_has_no_file(tmp_path):
    model = MODELS / "branchy.onnx"
    found = tmpass.fleet(model, "pixel6-tpu", means=means(tmp_path), budget="32KiB", share="none")
    assert found.rows[0].fits
    assert found.rows[0].transfers
    assert found.files == (None,)
    assert found.missing == ((str(model), "pixel6-tpu", NO_FIT),)
    with pytest.raises(UsageError, match="holds no transfers, and they are required"):
        tmpass.fleet(model, "pixel6-tpu", means=means(tmp_path), transfers="required")


def test_the_folder_has_no_models_of_the_fleet(zoo, tmp_path):
    for folder in (zoo, zoo / "inner", tmp_path):
        with pytest.raises(UsageError, match="is in the folder for planned models"):
            tmpass.fleet(zoo, "tflm", means=Means(executor=ThreadPoolExecutor(1), planned=folder))
    before = {path: path.read_bytes() for path in zoo.rglob("*") if path.is_file()}
    tmpass.fleet(zoo, "tflm", means=Means(executor=ThreadPoolExecutor(1), planned=zoo / "out"))
    assert {path: path.read_bytes() for path in before} == before
    with pytest.raises(UsageError, match="is in the folder for planned models"):  # of the last run, by now
        tmpass.fleet(zoo, "tflm", means=Means(executor=ThreadPoolExecutor(1), planned=zoo / "out"))


def test_a_file_that_cannot_be_written_leaves_nothing_beside_it(zoo, tmp_path):
    first = tmpass.fleet(zoo / "b.tflite", "tflm", means=means(tmp_path))
    (path,) = map(Path, first.files)
    path.unlink()
    path.mkdir()
    with pytest.raises(UsageError, match="cannot write it"):
        tmpass.fleet(zoo / "b.tflite", "tflm", means=means(tmp_path))
    assert list(path.parent.iterdir()) == [path]


def test_an_error_without_words_has_its_name_as_the_reason(monkeypatch):
    from tmpass.fleets import planned_files

    def fail(*_args):
        raise MemoryError

    monkeypatch.setattr(planned_files, "carrier_of", fail)
    found = planned_files.planned_file(
        SimpleNamespace(fits=True), None, SimpleNamespace(name="", data=b"", frontend=None), None, {}
    )
    assert found == "MemoryError"


def test_the_file_of_a_board_of_ones_own_has_its_name_without_the_suffix(tmp_path):
    board = tmp_path / "board.toml"
    board.write_text((files("tmpass.targets") / "profiles" / "tflm.toml").read_text())
    (file,) = tmpass.fleet(MODELS / "branchy.tflite", board, means=means(tmp_path)).files
    assert Path(file).name.startswith("branchy-board-")
