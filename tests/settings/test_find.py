"""The nearest settings file is found, and is read whole or refused."""

import pytest

from tmpass.base.errors import UsageError
from tmpass.settings.find import find_settings


@pytest.fixture
def folder(tmp_path):
    """A folder three levels below one that may have settings."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    return inner


def test_no_file_is_no_settings(folder):
    assert find_settings(folder) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [("tmpass.toml", 'target = "tflm"'), ("pyproject.toml", '[project]\nname = "x"\n[tool.tmpass]\ntarget = "tflm"')],
)
def test_a_file_above_is_found(folder, tmp_path, name, text):
    (tmp_path / name).write_text(text)
    found = find_settings(folder)
    assert found.file == str(tmp_path / name)
    assert found.for_model("x.tflite") == {"target": "tflm"}


def test_the_nearest_file_counts_and_one_without_the_table_does_not(folder, tmp_path):
    (tmp_path / "tmpass.toml").write_text("nodes = 1")
    (tmp_path / "a" / "pyproject.toml").write_text('[project]\nname = "tmpass"')
    assert find_settings(folder).options == {"nodes": 1}
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.tmpass]\nnodes = 2")
    assert find_settings(folder).options == {"nodes": 2}
    (folder / "tmpass.toml").write_text("nodes = 3")
    assert find_settings(folder).options == {"nodes": 3}


def test_a_project_file_that_does_not_name_tmpass_is_not_even_parsed(folder):
    (folder / "pyproject.toml").write_text("this is not TOML")
    assert find_settings(folder) is None


@pytest.mark.parametrize("data", [b"#" * (1 << 20) + b"\n", b"\xff\xfe\x00", None])
def test_a_project_file_of_other_tools_may_be_anything(folder, data):
    place = folder / "pyproject.toml"
    place.mkdir() if data is None else place.write_bytes(data)
    assert find_settings(folder) is None
    (folder / "tmpass.toml").write_text("nodes = 3")
    assert find_settings(folder).options == {"nodes": 3}


@pytest.mark.parametrize(("data", "message"), [(b"#" * (1 << 20), "more than 1 MiB"), (b"\xff", "not UTF-8 text")])
def test_a_project_file_that_names_tmpass_has_to_be_right(folder, data, message):
    (folder / "pyproject.toml").write_bytes(data + b"\n[tool.tmpass]\n")
    with pytest.raises(UsageError, match=rf"pyproject\.toml: .*{message}"):
        find_settings(folder)


def test_two_files_with_settings_in_one_folder_are_refused(folder):
    (folder / "pyproject.toml").write_text("[tool.tmpass]\nnodes = 2")
    (folder / "tmpass.toml").write_text("nodes = 3")
    with pytest.raises(UsageError, match=r"tmpass\.toml: pyproject\.toml beside it has the table.*keep one of the two"):
        find_settings(folder)


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"\xff\xfe", "not UTF-8 text at byte 0"), (b"#" * (1 << 20) + b"\n", "more than 1 MiB"), (b"x", "is not TOML")],
)
def test_a_file_that_cannot_be_read_is_named(folder, data, message):
    (folder / "tmpass.toml").write_bytes(data)
    with pytest.raises(UsageError, match=rf"tmpass\.toml: .*{message}"):
        find_settings(folder)


NEAR = [
    "[tmpass]", "[tool.tmpas]", "[tool.TMPass]", "[tool.tm-pass]", "[tool.tmapss]", "[tool.tmpasss]", "[Tool.tmpass]",
    '[tool.tmpas.models."*.onnx"]', "[tools.tmpass]", "[tool.tmpaas]", "[TMPASS]",
]  # fmt: skip


@pytest.mark.parametrize("header", NEAR)
def test_a_misspelt_table_is_an_error_with_its_line_and_the_right_name(folder, header):
    (folder / "pyproject.toml").write_text(f'[project]\nname = "x"\n{header}\ntarget = "tflm"\n')
    place = r"pyproject\.toml, line 3, [\w.-]+"
    with pytest.raises(UsageError, match=rf"{place}: unknown table; did you mean \[tool\.tmpass\]\?"):
        find_settings(folder)


def test_a_misspelt_table_beside_the_right_one_is_an_error(folder):
    (folder / "pyproject.toml").write_text('[tool.tmpass]\nnodes = 1\n[tool.tmpas.models."*.onnx"]\nnodes = 2')
    with pytest.raises(UsageError, match=r"tool\.tmpas: unknown table"):
        find_settings(folder)
    (folder / "tmpass.toml").write_text("nodes = 1")
    (folder / "pyproject.toml").write_text("[tool.tmpas]\nnodes = 2")
    with pytest.raises(UsageError, match=r"tool\.tmpas: unknown table"):
        find_settings(folder)


@pytest.mark.parametrize("header", ["[tmpass]", "[tool.tmpass]", "[tool.tmpas]"])
def test_a_file_of_its_own_has_no_table_for_all(folder, header):
    (folder / "tmpass.toml").write_text(f'{header}\ntarget = "tflm"')
    with pytest.raises(UsageError, match=r"tmpass\.toml, line 1, .*: unknown table; this file has no such table"):
        find_settings(folder)


@pytest.mark.parametrize(
    "text",
    [
        '[tool.compass]\ntarget = "x"',
        "[tool.bypass]\nnodes = 1",
        '[tool.tmp]\ntarget = "x"',
        "[tool.tmpass-extra]\nverbose = true",
        '[tool.tpass]\nlength = 12\nstore = "~/.tpass"',  # a manager of passwords
        '[tool.uv.sources]\ntmpass = { git = "https://example.com/tmpass" }',
        '[dependency-groups]\ntmpass = ["tmpass"]',
        '[project.optional-dependencies]\ntmpass = ["tmpass"]',
        '[tool.pytest.ini_options]\ntmpas = "x"',
    ],
)
def test_tables_of_other_tools_are_left_alone(folder, text):
    (folder / "pyproject.toml").write_text(text)
    assert find_settings(folder) is None
