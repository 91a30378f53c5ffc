"""The architecture as a rule: packages import only from below, no file is in a circle, and the checker stands apart."""

import ast
import re
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parent.parent

PACKAGES = (
    "base",
    "_core",
    "packing",
    "graph",
    "targets",
    "plans",
    "loading",
    "frontends",
    "planning",
    "splitting",
    "verification",
    "execution",
    "api",
    "explanation",
    "report",
    "settings",
    "fleets",
    "integrations",
    "cli",
    "__main__",
)
"""From the bottom up: a package imports only from those before it."""

APART = {
    "graph": {"packing", "_core"},
    "loading": {"packing", "targets", "_core"},
    "frontends": {"packing", "targets", "plans"},
    "splitting": {"packing", "_core", "frontends"},
    "verification": {"planning", "splitting", "frontends", "loading"},
    "execution": {"planning", "splitting", "packing", "_core"},
}
"""Package -> those below it that it may not import either: frontends know nothing of memory, for one."""

CHECKERS = {
    "packing/check.py": "quick_check",
    "packing/bounds.py": "step_bound",
    "packing/collisions.py": "rectangles_apart",
}
"""What judges packings -> what it asks of the core: a file of core/judges, which reads the buffers itself."""


def files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def name_of(path: Path) -> str:
    """The module that `path` is, from the package on: "planning.layout", "frontends.tflite", or "" for the façade."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts[1:] if parts[0] == "tmpass" else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in files("tmpass", "frontends")}


def imports(name: str) -> set[str]:
    """The modules that module `name` imports anywhere, those for type checking apart; "" stands for the façade."""
    path, found = MODULES[name], set()
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(_without_type_checking(ast.parse(path.read_text()))):
        if isinstance(node, ast.Import):
            found |= {alias.name.removeprefix("tmpass.") for alias in node.names if alias.name.startswith("tmpass.")}
            found |= {"" for alias in node.names if alias.name == "tmpass"}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                above = package.split(".")
                base = ".".join([*above[: len(above) - node.level + 1], *filter(None, [node.module])])
            elif node.module == "tmpass" or (node.module or "").startswith("tmpass."):
                base = (node.module or "").removeprefix("tmpass").removeprefix(".")
            else:
                continue
            inner = {f"{base}.{alias.name}".removeprefix(".") for alias in node.names}
            found |= {module if module in MODULES else base for module in inner}
    return found - {name}


def _without_type_checking(tree: ast.Module) -> ast.Module:
    class Drop(ast.NodeTransformer):
        def visit_If(self, node):
            name = getattr(node.test, "id", "")
            return None if name == "TYPE_CHECKING" else self.generic_visit(node)

    return Drop().visit(tree)


def package_of(module: str) -> str:
    return module.split(".")[0]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_imports_only_from_packages_below_its_own(name):
    if not name:
        assert imports(name) <= {"base.version"}, "`import tmpass` imports the standard library only"
        return
    assert "" not in imports(name), "import a name from its own module, not from the package"
    package = package_of(name)
    used = {package_of(module) for module in imports(name)} - {package}
    assert used <= set(PACKAGES[: PACKAGES.index(package)]) - APART.get(package, set())


def test_no_file_is_in_a_circle():
    graph = nx.DiGraph((name, other) for name in MODULES for other in imports(name) if other in MODULES)
    assert [sorted(circle) for circle in nx.strongly_connected_components(graph) if len(circle) > 1] == []


def test_every_package_has_its_place():
    assert {package_of(name) for name in MODULES if name} == set(PACKAGES) - {"_core"}
    assert {path.name for path in (ROOT / "tmpass").iterdir() if path.is_dir()} - {"__pycache__"} <= {*PACKAGES, "core"}


def test_no_package_is_named_like_a_public_function():
    import tmpass

    assert not set(PACKAGES) & set(tmpass.__all__)


@pytest.mark.parametrize("name", sorted(name for name in MODULES if name.startswith("packing.allocators")))
def test_allocators_see_problems_and_nothing_else(name):
    allowed = ("_core", "base.", "packing.problem", "packing.allocators")
    assert all(module.startswith(allowed) for module in imports(name))


@pytest.mark.parametrize("judge", CHECKERS)
def test_what_judges_packings_shares_no_code_with_what_makes_them(judge):
    name = judge.removesuffix(".py").replace("/", ".")
    used = nx.descendants(
        nx.DiGraph((module, other) for module in MODULES for other in imports(module) if other in MODULES), name
    )
    assert not any(module.startswith(("packing.allocators", "packing.hints", "planning")) for module in used)
    text = (ROOT / "tmpass" / judge).read_text()
    assert set(re.findall(r"\b_core\.(\w+)", text)) == {CHECKERS[judge]}
    own = f"judges/{CHECKERS[judge]}"
    for end in ("cpp", "hpp"):
        source = (ROOT / "tmpass" / "core" / f"{own}.{end}").read_text()
        assert set(re.findall(r'#include "(.*)"', source)) <= {f"{own}.hpp", "python_field.hpp", "vectorized.hpp"}


def test_verification_shares_no_bound_with_packing_and_asks_nothing_of_the_core():
    used = {module for name in MODULES if package_of(name) == "verification" for module in imports(name)}
    assert {module for module in used if package_of(module) in ("packing", "_core")} <= {
        "packing.problem",
        "packing.collisions",
    }


def test_frontends_ask_the_core_for_tables_of_flatbuffers_alone():
    asking = {name for name in MODULES if package_of(name) == "frontends" and "_core" in imports(name)}
    assert asking == {"frontends.tflite.flatbuffer"}
    asked = set(re.findall(r"from tmpass\._core import (\w+)", MODULES["frontends.tflite.flatbuffer"].read_text()))
    assert asked == {"FLAT_FIELD_LIMIT", "FlatField", "FlatScalar", "FlatTable"}
