"""The pages for developers name what there is."""

import ast
import re
from pathlib import Path

import pytest
from test_layers import PACKAGES

ROOT = Path(__file__).parent.parent.parent
DEV = ROOT / "docs" / "dev"


def rows(page):
    """The cells of each row of the tables on a page."""
    for line in (DEV / page).read_text(encoding="utf-8").splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def defined(*folders):
    trees = [ast.parse(path.read_text()) for folder in folders for path in (ROOT / "tmpass" / folder).rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}


LAWS = [row for row in rows("checker.md") if re.fullmatch(r"[A-Z]\d", row[0]) and len(row) == 3]


@pytest.mark.parametrize("law", LAWS, ids=lambda row: row[0])
def test_what_checks_a_law_is_there(law):
    names = [name for name in re.findall(r"`([\w.]+)`", law[-1]) if not name.endswith(".py")]
    missing = {part for name in names for part in name.split(".")} - defined("verification", "packing")
    assert not missing


def test_each_package_stands_in_the_table_and_in_the_order():
    text = (DEV / "architecture.md").read_text(encoding="utf-8")
    listed = [row[0].strip("`") for row in rows("architecture.md") if len(row) == 3 and row[0].strip("`") in PACKAGES]
    assert sorted(listed) == sorted(set(PACKAGES) - {"__main__"})
    order = re.search(r"^    base < .*?\n\n", text, re.MULTILINE | re.DOTALL)
    assert tuple(order[0].replace("<", " ").split()) == tuple(name for name in PACKAGES if name != "__main__")


def test_each_decision_is_in_the_index():
    index = (DEV / "decisions" / "index.md").read_text(encoding="utf-8")
    records = {path.name for path in (DEV / "decisions").glob("*.md")} - {"index.md"}
    assert set(re.findall(r"\((\S+\.md)\)", index)) == records
    for name in records:
        headings = re.findall("^## (.*)$", (DEV / "decisions" / name).read_text(encoding="utf-8"), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"]


def test_a_term_is_explained_once():
    terms = [row[0] for row in rows("glossary.md") if len(row) == 3 and row[0] != "term"]
    assert len(terms) == len(set(terms)) > 130
