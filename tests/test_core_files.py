"""The files of the native core: all are listed, none is long, names are defined once, the stub is up to date."""

import re
from collections import Counter
from pathlib import Path

import pytest
from support.core_stub import STUB, core_stub

CORE = Path(__file__).parent.parent / "tmpass" / "core"
SOURCES = sorted(str(p.relative_to(CORE)) for end in ("hpp", "cpp") for p in CORE.rglob(f"*.{end}"))
ROOMS = ("bindings", "flatbuffer", "judges", "ordering", "packing", "residency")
MAY_INCLUDE = {
    "": {""},
    "packing": {"", "packing"},
    "ordering": {"", "ordering"},
    "residency": {"", "residency"},
    "judges": {"", "judges"},
    "flatbuffer": {"flatbuffer"},
    "bindings": {"", *ROOMS},
}


def room_of(path: str) -> str:
    return path.rpartition("/")[0]


def test_the_readme_lists_every_file_once():
    rows = re.findall(r"^\| (`.*?`) \|", (CORE / "README.md").read_text(), re.MULTILINE)
    assert sorted(name for row in rows for name in re.findall(r"`([^`]*)`", row)) == sorted(SOURCES)


def test_cmake_builds_every_file_once():
    text = (CORE / "CMakeLists.txt").read_text()
    assert sorted(re.findall(r"\S+\.cpp", text)) == sorted(p for p in SOURCES if p.endswith(".cpp"))


def test_no_file_is_above_500_lines_and_half_are_below_120():
    sizes = sorted(len((CORE / path).read_text().splitlines()) for path in SOURCES)
    assert sizes[-1] <= 500
    assert sizes[len(sizes) // 2] < 120


def test_no_line_is_longer_than_120_characters():
    """Code is broken by clang-format, but comments by hand: it would break the drawings in them."""
    assert [p for p in SOURCES if max(map(len, (CORE / p).read_text().splitlines())) > 120] == []


@pytest.mark.parametrize("path", SOURCES)
def test_a_file_includes_only_from_the_rooms_that_it_may_know(path):
    text = (CORE / path).read_text()
    included = re.findall(r'#include "(.*)"', text)
    assert set(included) <= set(SOURCES), "includes are by path from tmpass/core"
    assert {room_of(other) for other in included} <= MAY_INCLUDE[room_of(path)]
    if path not in ("vectorized.hpp", "bindings/module.cpp"):
        namespace = "::".join(filter(None, ("tmpass", room_of(path))))
        assert set(re.findall(r"^namespace ([\w:]+) {", text, re.MULTILINE)) == {namespace}


@pytest.mark.parametrize("path", [path for path in SOURCES if path.endswith(".hpp")])
def test_a_header_begins_with_what_it_is_for(path):
    first, *rest = (CORE / path).read_text().splitlines()
    assert first.startswith("// ")
    assert "#pragma once" in rest


def test_comments_name_only_files_that_exist():
    names = {Path(path).name for path in SOURCES} | {"CMakeLists.txt", "README.md", "sanitize.sh", "conftest.py"}
    for path in SOURCES:
        for comment in re.findall(r"//(.*)", (CORE / path).read_text()):
            named = {Path(name).name for name in re.findall(r"[\w/]+\.(?:hpp|cpp|py|sh|md)\b", comment)}
            assert named <= names, path


def test_comments_name_only_members_and_functions_that_exist():
    texts = [(CORE / path).read_text() for path in SOURCES]
    known = {word for text in texts for word in re.findall(r"\w+", re.sub(r"//.*", "", text))}
    for path, text in zip(SOURCES, texts, strict=True):
        for comment in re.findall(r"//(.*)", text):
            named = re.findall(r"\b[a-z]\w*_\b(?!/)|\bk[A-Z]\w+|\b\w+(?=\(\))", comment)
            quoted = [q for q in re.findall(r"`([^`]*)`", comment) if re.fullmatch(r"[\w.]+", q)]
            assert {*named, *(q.rpartition(".")[2] for q in quoted)} <= known | {"hpp", "cpp"}, path


@pytest.mark.parametrize("room", ["", *ROOMS])
def test_a_name_is_one_type_in_its_room(room):
    """Two definitions of a type in one namespace are an ODR violation, where a linker keeps either."""
    defined = Counter()
    for path in SOURCES:
        if room_of(path) == room:
            text = (CORE / path).read_text()
            hidden = re.sub(r"\nnamespace {.*?\n}  // namespace\n", "\n", text, flags=re.DOTALL)
            defined.update(re.findall(r"^(?:struct|class|enum class) (\w+)[^;]*{", hidden, re.MULTILINE))
    assert [name for name, count in defined.items() if count > 1] == []


def test_the_stub_is_what_the_bindings_say():
    assert STUB.read_text() == core_stub(), "run python tests/support/core_stub.py"
