"""Imports only go down: see the drawing in docs/architecture.md."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LAYERS = (
    ("cli", "integrations", "__main__"),
    ("explain", "planned_model", "probe"),
    ("pipeline",),
    ("ordering",),
    ("arena",),
    ("assemble",),
    ("loading", "emit", "diff", "explanation", "fullest"),
    ("conflict",),
    ("allocate", "hints"),
    ("allocators",),
    (
        "bind",
        "fixed",
        "integers",
        "not_counted",
        "schedule",
        "aliases",
        "liveness",
        "needed",
        "task",
        "windows",
        "bounds",
        "verify",
        "execute",
        "problem_csv",
        "problem_memories",
        "merge_shared",
    ),
    ("graph", "problem", "target", "plan", "plan_json", "runner", "scratch", "_core"),
    ("errors", "forked", "interrupts", "reading", "sizes", "dtypes", "json_text"),
)
"""From the top; within a row imports are free but for ROW_LAWS."""

ROW_LAWS = {
    "bounds": {"bind", "fixed", "integers", "schedule", "aliases", "liveness", "verify"},
    "verify": {"bind", "fixed", "integers", "not_counted", "schedule", "aliases", "liveness", "windows"},
    "problem": {"graph", "target", "plan"},
    "graph": {"problem", "target", "plan", "scratch"},
    "scratch": {"target", "plan"},
}
"""Module -> those of its own row that it may not import."""

FRONTENDS_MAY = {"errors", "dtypes", "forked", "graph", "interrupts", "runner", "sizes"}
ALLOCATORS_MAY = {"_core", "allocators", "problem", "errors", "sizes"}


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The modules of tmpass, by their first part, that `path` imports anywhere, type checking apart."""
    found = set()
    for node in ast.walk(_without_type_checking(ast.parse(path.read_text()))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module == "tmpass":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").startswith("tmpass."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("tmpass.")}
    return found - {"__version__"}


def _without_type_checking(tree: ast.Module) -> ast.Module:
    class Drop(ast.NodeTransformer):
        def visit_If(self, node):
            name = getattr(node.test, "id", "")
            return None if name == "TYPE_CHECKING" else self.generic_visit(node)

    return Drop().visit(tree)


def module_of(path: Path) -> str:
    return path.relative_to(ROOT / "tmpass").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules("tmpass"), ids=str)
def test_a_module_imports_only_from_its_row_and_below(path):
    name = module_of(path)
    if name == "__init__":
        assert imported(path) == set(), "the package itself must import nothing when it is imported"
        return
    rows = {module: row for row, names in enumerate(LAYERS) for module in names}
    assert name in rows, f"{name} has no place in the layers: give it one here and in docs/architecture.md"
    above = {other for other in imported(path) if other != "frontends" and rows[other] < rows[name]}
    assert not above, f"{path} imports {above} from above"
    assert not imported(path) & ROW_LAWS.get(name, set())


@pytest.mark.parametrize("path", modules("tmpass/allocators"), ids=str)
def test_allocators_see_problems_and_never_graphs(path):
    assert imported(path) <= ALLOCATORS_MAY


@pytest.mark.parametrize("path", modules("frontends"), ids=str)
def test_frontends_know_nothing_of_memory(path):
    assert imported(path) <= FRONTENDS_MAY


@pytest.mark.parametrize("name", ["verify", "bounds"])
def test_the_checker_shares_no_code_with_what_it_checks(name):
    paths = modules(f"tmpass/{name}") or [ROOT / "tmpass" / f"{name}.py"]
    assert not {m for p in paths for m in imported(p)} & {
        "allocators",
        "liveness",
        "aliases",
        "schedule",
        "windows",
    }


JUDGES = {"verify": "quick_check", "bounds": "peak_step"}
"""Module -> what it asks of the core, which reads the buffers itself; core/judges has a file of that name."""


@pytest.mark.parametrize("name", JUDGES)
def test_of_the_core_the_checker_asks_but_what_shares_no_code_with_the_kernels(name):
    paths = modules(f"tmpass/{name}") or [ROOT / "tmpass" / f"{name}.py"]
    text = "".join(p.read_text() for p in paths)
    assert set(re.findall(r"\b_core\.(\w+)", text)) == {JUDGES[name]}
    assert not re.search(r"\.native\b|from tmpass\._core", text)
    for end in ("cpp", "hpp"):
        own = f"judges/{JUDGES[name]}"
        source = (ROOT / "tmpass" / "core" / f"{own}.{end}").read_text()
        assert set(re.findall(r'#include "(.*)"', source)) <= {f"{own}.hpp", "python_field.hpp", "vectorized.hpp"}


def test_no_file_is_above_500_lines_and_half_are_below_120():
    sizes = sorted(len(p.read_text().splitlines()) for folder in ("tmpass", "frontends") for p in modules(folder))
    assert sizes[-1] <= 500
    assert sizes[len(sizes) // 2] < 120
