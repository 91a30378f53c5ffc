"""The shape of the code as a rule: small files, small functions, few parameters, and nothing written twice."""

import ast
import keyword
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).parent.parent

BLOCK = 9
"""This many lines of code in a row stand only once; blank lines and comments do not count."""

LARGE = {
    "tmpass/api/plan.py plan": "the public function: an argument for each option, with its type and its meaning",
}
"""File and function that may be above 60 lines or 8 parameters -> the reason."""

ALIKE = {
    ("tmpass/packing/conflict/__init__.py", "tmpass/planning/residency/weights.py"): "an enum of four words each",
    ("frontends/onnx/__init__.py", "frontends/tflite/__init__.py"): "the signature that CarryingFrontend demands",
    ("frontends/tflite/option_schema.py",) * 2: "a table: a class for each of the schema's",
    ("tmpass/graph/effects.py", "tmpass/verification/state.py"): "verification shares no code with what it judges",
}
"""Two files with a block in common, or with one that differs in names and numbers alone -> the reason."""

KEPT = re.compile(rf"{'|'.join(keyword.kwlist)}|const|auto|return|struct|switch|case|static_cast")
WORD = re.compile(r"[A-Za-z_]\w*|\b\d[\w.']*")
STRING = re.compile(r"""(?<!\w)[rbfu]*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
STRING_ALONE = re.compile(r"[\[({]*''[\])},;]*$")
CPP_FRAME = re.compile(r"#|//|using |namespace |\} +// namespace|\} *$")


def sources(
    *suffixes: str, folders: tuple[str, ...] = ("tmpass", "frontends", "tests", "models", "docs")
) -> list[Path]:
    """The sources of these suffixes, without what is built."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in suffixes]
    return sorted(path for path in found if not {"__pycache__", "build"} & set(path.parts))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(tree: ast.AST) -> Iterator[tuple[str, int, int]]:
    """The name, the lines and the parameters of each function; its docstring counts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = node.args
            many = len(given.posonlyargs) + len(given.args) + len(given.kwonlyargs)
            yield node.name, (node.end_lineno or 0) - node.lineno + 1, many


def code_lines(text: str, *, python: bool) -> list[tuple[int, str]]:
    """The number and text of each line of code: no blank lines, comments, docstrings, or imports of any language."""
    apart: set[int] = set()
    for node in ast.walk(ast.parse(text)) if python else ():
        alone = (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        )
        if alone or isinstance(node, ast.Import | ast.ImportFrom):
            apart.update(range(node.lineno, (node.end_lineno or 0) + 1))
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if number not in apart)
    skipped = re.compile("#") if python else CPP_FRAME
    return [(number, line) for number, line in lines if line and not skipped.match(line)]


def without_names(line: str) -> str:
    """The line with one letter for each name and number, and texts empty; keywords stay."""
    return WORD.sub(lambda word: word[0] if KEPT.fullmatch(word[0]) else "n", STRING.sub("''", line))


def repeated(texts: dict[str, list[tuple[int, str]]], *, apart: int = 1) -> dict[tuple[str, str], str]:
    """Two files with a block in common -> where it begins in both. `apart` lines of it differ from each other."""
    places: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for name, lines in texts.items():
        for at in range(len(lines) - BLOCK + 1):
            block = tuple(line for _, line in lines[at : at + BLOCK])
            if len(set(block)) >= apart:
                places[block].append((name, lines[at][0]))
    found: dict[tuple[str, str], str] = {}
    for several in places.values():
        for (one, first), (two, second) in combinations(several, 2):
            if one != two or abs(first - second) >= BLOCK:
                found.setdefault((one, two), f"{one}:{first} is {two}:{second}")
    return found


LINES = {
    name_of(path): code_lines(path.read_text(), python=path.suffix == ".py") for path in sources(".py", ".cpp", ".hpp")
}


def test_half_of_the_files_are_below_120_lines_and_none_is_above_500():
    sizes = {
        name_of(path): len(path.read_text().splitlines()) for path in sources(".py", folders=("tmpass", "frontends"))
    }
    assert sorted(sizes.values())[len(sizes) // 2] < 120
    others = sources(".py", ".cpp", ".hpp")
    sizes |= {name_of(path): len(path.read_text().splitlines()) for path in others}
    assert {name: size for name, size in sizes.items() if size > 500} == {}


def test_functions_have_at_most_60_lines_and_8_parameters():
    large = {
        f"{name_of(path)} {name}"
        for path in sources(".py", folders=("tmpass", "frontends"))
        for name, lines, parameters in functions(ast.parse(path.read_text()))
        if lines > 60 or parameters > 8
    }
    assert large == set(LARGE)


def test_no_block_of_lines_stands_twice():
    assert [place for pair, place in repeated(LINES).items() if pair not in ALIKE] == []


def test_blocks_of_the_package_that_differ_in_names_alone_have_a_reason():
    blind = {
        name: [(number, text) for number, line in lines if not STRING_ALONE.match(text := without_names(line))]
        for name, lines in LINES.items()
        if name.startswith(("tmpass/", "frontends/"))
    }
    found = repeated(blind, apart=BLOCK // 2)
    assert [place for pair, place in found.items() if pair not in ALIKE] == []
    assert set(ALIKE) <= set(found), "one of the reasons is not needed any more"


def test_a_block_is_found_whatever_its_names_comments_and_blank_lines():
    lines = [f"if a{at} {sign} {at}:" for at, sign in enumerate(["<", ">", "==", "!=", "<=", ">=", "is", "in", "+"])]
    one, two = "\n".join(lines), "\n\n# why\n".join(line.replace("a", "name_") for line in lines)
    texts = {
        name: [(1, without_names(line)) for line in text.splitlines() if line[:2] == "if"]
        for name, text in {"one": one, "two": two}.items()
    }
    assert list(repeated(texts, apart=BLOCK)) == [("one", "two")]
    assert not repeated({"one": texts["one"], "two": texts["two"][1:]})
    assert without_names("if a.b_1 == 'x' and f(2):") == "if n.n == '' and n(n):"


def test_what_is_not_code_is_left_out_of_blocks():
    python = '"""What it is."""\nimport os\nfrom a import (\n    b,\n)\n\n# why\nx = 1\n'
    assert code_lines(python, python=True) == [(8, "x = 1")]
    assert code_lines("#include <a>\n// why\nnamespace a {\nint x;\n}\n}  // namespace a\n", python=False) == [
        (4, "int x;")
    ]


def test_lines_and_parameters_of_functions_are_counted():
    assert list(functions(ast.parse("def f(a, /, b, *c, d, **e):\n    pass\n"))) == [("f", 2, 3)]
