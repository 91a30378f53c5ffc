"""The language rules of docs/dev over code and documentation: words to avoid, and names of files that must exist.

Files that are not mended yet are listed in `tests/language_allowance.txt`. The list may only shrink:
`python tests/test_language.py` removes the files that have been mended since.
"""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
ALLOWANCE = Path(__file__).with_name("language_allowance.txt")

AVOIDED = {
    "is no number": r"(?<!there )\b(?:is|are|was|were) no "
    r"(?!longer|more|less|fewer|other|one\b|higher|lower|larger|smaller|better|\w+er than)[a-z]+",
    "so many as": r"\bso many\b",
    "what it ... that": r"\bwhat it\b[^.\n]{0,80}\bthat\b",
    "stranger": r"(?<![a-z])strangers?(?![a-z])|\bstrange\b",
    "guilty": r"guilty",
    "innocent": r"innocent",
    "hopeless": r"hopeless",
    "to blame": r"\bto blame\b",
    "fullest": r"(?<!\")fullest",  # "fullest" is a key in the JSON of an explanation
}
"""A habit, and the pattern that finds it in any case of letters."""

SUFFIXES = {".py", ".pyi", ".cpp", ".hpp", ".md", ".js", ".css", ".html", ".toml", ".yml"}
FOLDERS = ("tmpass", "frontends", "docs", "models", "tests")
EXEMPT = {"tests/test_language.py", "docs/dev/glossary.md"}
"""Files that name the words to avoid."""

QUOTED = re.compile(r"(?<!`)`([\w.*-]+(?:/[\w.*-]+)*/?)`(?!`)")
NAMED = (".py", ".cpp", ".hpp", ".md")


def files() -> list[str]:
    """The paths of all texts in the tree, relative to its root."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    found += ROOT.glob("*.md")
    names = (path.relative_to(ROOT) for path in found)
    return sorted(name.as_posix() for name in names if not any(_is_made(part) for part in name.parts))


def _is_made(part: str) -> bool:
    """Whether a folder or file of this name is not part of the tree: caches, what editors and tmpass itself keep."""
    return part == "__pycache__" or part.startswith(".")


def habits(text: str) -> Iterator[str]:
    """Each avoided wording in `text`, with its line number."""
    for habit, pattern in AVOIDED.items():
        for match in re.finditer(pattern, text, re.IGNORECASE):
            yield f"{text.count(chr(10), 0, match.start()) + 1}: {match[0]!r} ({habit})"


def missing_files(text: str, known: set[str]) -> Iterator[str]:
    """Each back-quoted path in `text` that names no file or folder of the tree.

    A path may begin at any folder: `report/page/` is `tmpass/report/page/`.
    """
    for match in QUOTED.finditer(text):
        name = match[1].rstrip("/")
        if name in NAMED or not (name.endswith(NAMED) or ("/" in name and name.partition("/")[0] in known)):
            continue
        if any(part.partition(".")[0].isupper() for part in name.split("/")):  # a placeholder, as in `corpus/TARGET/`
            continue
        pattern = re.escape(name).replace(r"\*", "[^/]*")
        if not any(re.search(rf"(?:^|/){pattern}$", one) for one in known):
            yield f"{text.count(chr(10), 0, match.start()) + 1}: no file {match[1]}"


def tree() -> set[str]:
    """All files and folders below the folders of texts, and the names of those folders."""
    folders = (*FOLDERS, ".ci")
    found = {path for folder in folders for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts}
    # A cache is of this working copy alone, and what pages say of one names no file of the tree.
    own = {path.name for path in ROOT.iterdir() if path.name in folders or not (path.is_dir() and path.name[0] == ".")}
    names = {path.relative_to(ROOT).as_posix() for path in found} | own
    return names | {path.name for path in found if path.is_dir()}


def allowed() -> list[str]:
    return ALLOWANCE.read_text(encoding="utf-8").split()


def faults() -> dict[str, list[str]]:
    """The files with avoided wordings or with names of missing files, each with a line for each of them."""
    known, found = tree(), {}
    for path in files():
        text = (ROOT / path).read_text(encoding="utf-8")
        lines = list(habits(text))
        # Back quotes mean something else in scripts, and decisions name files of their time.
        if not path.endswith((".js", ".css", ".html")) and not path.startswith("docs/dev/decisions/"):
            lines += missing_files(text, known)
        if lines and path not in EXEMPT:
            found[path] = lines
    return found


def test_no_file_has_an_avoided_wording_or_names_a_missing_file_unless_it_is_allowed():
    bad = [f"{path}:{line}" for path, lines in faults().items() if path not in set(allowed()) for line in lines]
    assert not bad, "\n".join(bad)


def test_the_allowance_only_shrinks():
    mended = sorted(set(allowed()) - set(faults()))
    assert not mended, f"run python tests/test_language.py, which removes: {' '.join(mended)}"
    assert allowed() == sorted(set(allowed()))


def test_each_habit_is_found_and_usual_words_are_not():
    text = (
        "That is no number. So many as that, and what it makes that is new. A stranger is to blame. The fullest step."
    )
    assert len(list(habits(text))) == 6
    assert not list(habits("There is no number; it is no longer 1 and is no larger than 2. An estranged word."))


def test_names_of_missing_files_are_found():
    known = {"tmpass", "tmpass/api", "tmpass/api/plan.py", "api"}
    there = "`api/plan.py`, `tmpass/api/`, `api/*.py`, `a/b`, `text/html`, `api/NAME/`, `NAME.hpp`"
    assert list(missing_files(there, known)) == []
    gone = ["1: no file gone.py", "2: no file tmpass/gone"]
    assert list(missing_files("`gone.py`\nand `tmpass/gone`", known)) == gone


if __name__ == "__main__":
    ALLOWANCE.write_text("".join(f"{path}\n" for path in sorted(set(allowed()) & set(faults()))), encoding="utf-8")
