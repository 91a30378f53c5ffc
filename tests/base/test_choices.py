"""The choices of arguments, options and plans are written in one place."""

import ast
import json
from pathlib import Path

import pytest

from tmpass.base import choices

ROOT = Path(__file__).parents[2]
ENUMS = [one for one in vars(choices).values() if isinstance(one, type) and len(getattr(one, "__members__", ())) > 1]


@pytest.mark.parametrize("kind", ENUMS)
def test_a_member_stands_in_the_place_of_its_word(kind):
    for member in kind:
        word = member.value
        assert (member, repr(member), str(member), f"{member}") == (word, repr(word), word, word)
        assert hash(member) == hash(word)
        assert json.dumps(member) == json.dumps(word)
        assert type(str(member)) is str


def lists_of_words(text: str) -> list[list[str]]:
    """Each tuple, list or set of texts in a module that has all words of a choice."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            words = {getattr(item, "value", None) for item in node.elts}
            if any(words >= {*map(str, kind)} for kind in ENUMS):
                found.append([ast.unparse(item) for item in node.elts])
    return found


def test_a_list_of_all_words_is_found():
    assert lists_of_words("a = ('auto', 'views', 'none')\nb = ['arena', 'x']") == [["'auto'", "'views'", "'none'"]]


def test_no_module_lists_the_words_of_a_choice_again():
    paths = [path for folder in ("tmpass", "frontends") for path in sorted((ROOT / folder).rglob("*.py"))]
    assert {path.name: found for path in paths if (found := lists_of_words(path.read_text()))} == {}
