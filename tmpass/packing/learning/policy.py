"""A learned policy of backtracking, and its file.

The file is JSON, which needs nothing but the standard library to read, and shows differences as lines:

    {
      "format": "tmpass backtracking policy",
      "version": 1,
      "provenance": {"problems": 11, "seed": 1, ...},    how it was made; of no effect
      "features": ["depth", ...],                        those of the native core, in their order
      "base": 0.5,                                       the score without trees
      "threshold": 2.0,                                  the score from which on the search goes back
      "trees": [
        [[2, 2, 0.25], -0.1, 0.3],                       the root, its child below 0.25, and the other at place 2
        ...

A node is a list of a feature's number, the place of the child at or above the threshold, and the threshold. The other
child comes next. A leaf is a number. The score is the base and the sum of one leaf of each tree.
"""

import json
import math
from collections.abc import Iterator

import tmpass._core as _core
from tmpass.base.errors import UsageError, brief
from tmpass.base.record import record

FEATURES = tuple(_core.dead_end_features())
"""Names of what the trees read, in their order."""

FORMAT = "tmpass backtracking policy"
VERSION = 1
_KEYS = ("format", "version", "provenance", "features", "base", "threshold", "trees")
_MOST_NODES = 1_000_000
_LARGEST = 3.4e38
"""Just below the largest number of 32 bits."""

Node = tuple[int, int, float] | float
"""The feature, the place of the child at or above the threshold and the threshold; or the score of a leaf."""


@record
class Policy:
    """Trees that score how sure it is that a placement, with all before it, leaves no packing.

    Fields:
        trees: the nodes of each in pre-order.
        base: the score without trees.
        threshold: the score from which on the search goes back to the placement.
        provenance: how it was made, as pairs of a name and a number or text.
    """

    trees: tuple[tuple[Node, ...], ...]
    base: float
    threshold: float
    provenance: tuple[tuple[str, int | str], ...] = ()

    def native(self) -> _core.LearnedBacktracking:
        """The policy as the kernel reads it.

        Raises:
            ValueError: the nodes are not trees.
        """
        return _core.LearnedBacktracking(list(_flat(self.trees)), self.base, self.threshold)


def policy_text(policy: Policy) -> str:
    """The content of the file of `policy`."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "provenance": dict(policy.provenance),
        "features": list(FEATURES),
        "base": policy.base,
        "threshold": policy.threshold,
    }
    lines = [f" {json.dumps(name)}: {json.dumps(value)}," for name, value in head.items()]
    trees = ",\n".join("  " + json.dumps(tree, separators=(",", ":")) for tree in policy.trees)
    return "\n".join(["{", *lines, ' "trees": [', trees, " ]", "}", ""])


def parse_policy(text: str, where: str) -> Policy:
    """The policy in `text`; `where` is the name of the file for errors.

    Raises:
        UsageError: it is not a policy of this version, or its trees are not complete.
    """
    try:
        content = json.loads(text, parse_constant=_refuse, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise _wrong(f"it is not JSON: {error}", where) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _wrong(f'it has no "format": "{FORMAT}"', where)
    if type(content.get("version")) is not int or content["version"] != VERSION:
        raise _wrong(f"its version is {brief(content.get('version'))}, not {VERSION}", where)
    if set(content) != set(_KEYS):
        raise _wrong(f"its keys are {brief(sorted(content))}, not {', '.join(_KEYS)}", where)
    if content["features"] != list(FEATURES):
        raise _wrong("its features are not those of this version of tmpass", where)
    numbers = [content[name] for name in ("base", "threshold")]
    if not all(map(_is_number, numbers)):
        raise _wrong(f"base and threshold are {brief(numbers)}, not two numbers", where)
    policy = Policy(
        _trees(content["trees"], where), float(numbers[0]), float(numbers[1]), _provenance(content["provenance"], where)
    )
    try:
        policy.native()
    except ValueError as error:
        raise _wrong(str(error), where) from None
    return policy


def _flat(trees: tuple[tuple[Node, ...], ...]) -> Iterator[tuple[int, int, float]]:
    """The nodes of all trees as the kernel takes them, places counted through."""
    start = 0
    for tree in trees:
        for node in tree:
            yield (node[0], node[1] + start, node[2]) if isinstance(node, tuple) else (-1, 0, node)
        start += len(tree)


def _trees(given: object, where: str) -> tuple[tuple[Node, ...], ...]:
    if not isinstance(given, list) or not all(isinstance(tree, list) and tree for tree in given):
        raise _wrong("its trees are not lists of nodes", where)
    if sum(map(len, given)) > _MOST_NODES:
        raise _wrong(f"its trees have more than {_MOST_NODES} nodes", where)
    made = []
    for number, tree in enumerate(given):
        for place, node in enumerate(tree):
            if not (_is_number(node) or _is_split(node, len(tree))):
                raise _wrong(f"node {place} of tree {number} is {brief(node)}", where)
        if not _is_complete(tree):
            raise _wrong(f"tree {number} is not complete", where)
        made.append(tuple(tuple(node) if isinstance(node, list) else float(node) for node in tree))
    return tuple(made)


def _is_split(node: object, places: int) -> bool:
    if not isinstance(node, list) or len(node) != 3 or any(type(part) is not int for part in node[:2]):
        return False
    return 0 <= node[0] < len(FEATURES) and 0 < node[1] < places and _is_number(node[2])


def _is_complete(tree: list[object]) -> bool:
    """Whether the nodes are one tree: no more and no less than its splits ask for."""
    missing = 1
    for node in tree:
        if not missing:
            return False
        missing += 1 if isinstance(node, list) else -1
    return not missing


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and abs(value) < _LARGEST  # type: ignore[arg-type]


def _provenance(given: object, where: str) -> tuple[tuple[str, int | str], ...]:
    if not isinstance(given, dict) or any(type(value) not in (int, str) for value in given.values()):
        raise _wrong("its provenance is not an object of texts and whole numbers", where)
    return tuple(given.items())


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _wrong(what: str, where: str) -> UsageError:
    return UsageError(what, where=where, hint="give a file that tmpass learn has written")


def rounded(value: float) -> float:
    """`value` with the nine digits that tell all numbers of 32 bits apart."""
    number = float(f"{value:.9g}")
    assert math.isfinite(number)
    return number
