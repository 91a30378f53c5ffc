"""The file of a policy: what is written is read, all else is one clear error, and trees are walked as they say."""

import json
import random
from itertools import pairwise

import pytest
from support.policies import ALWAYS, NEVER, drawn_policy

import tmpass._core as _core
from tmpass.base.errors import UsageError
from tmpass.packing.learning.policy import FEATURES, Policy, parse_policy, policy_text


def walked(policy, row):
    """The score of a row, by the words of the format."""
    total = policy.base
    for tree in policy.trees:
        place = 0
        while isinstance(tree[place], tuple):
            feature, above, threshold = tree[place]
            place = place + 1 if row[feature] < threshold else above
        total += tree[place]
    return total


@pytest.mark.parametrize("seed", range(20))
def test_what_is_written_is_read(seed):
    policy = drawn_policy(random.Random(seed))
    assert parse_policy(policy_text(policy), "file") == policy


def test_the_provenance_is_kept_as_it_is():
    policy = Policy(ALWAYS.trees, 0.5, 2.0, (("seed", 3), ("command", 'a "b"\nc')))
    assert parse_policy(policy_text(policy), "file").provenance == policy.provenance


@pytest.mark.parametrize("seed", range(20))
def test_the_native_score_is_that_of_the_trees(seed):
    rng = random.Random(seed)
    policy = drawn_policy(rng, trees=6)
    native = policy.native()
    for _ in range(50):
        row = [rng.choice((0.0, 0.05, 0.3, 0.7, 1.0, 3.0, 90.0)) for _ in FEATURES]
        assert native.score(row) == pytest.approx(walked(policy, row), abs=1e-5)


def test_a_feature_at_the_threshold_is_above_it():
    tree = ((0, 2, 0.5), 1.0, 2.0)
    native = Policy((tree,), 0.0, 0.0).native()
    assert [native.score([value, *[0.0] * (len(FEATURES) - 1)]) for value in (0.49, 0.5)] == [1.0, 2.0]
    with pytest.raises(ValueError, match="other features"):
        native.score([0.5])


def changed(**parts):
    """The text of a policy with some of its keys replaced."""
    return json.dumps({**json.loads(policy_text(ALWAYS)), **parts})


BROKEN = {
    "": "it is not JSON",
    "[" * 100_000: "it is not JSON",
    "[]": 'it has no "format"',
    '{"format": "tmpass backtracking policy", "format": 1}': "a key stands twice",
    changed(format="plan"): 'it has no "format"',
    changed(version=2): "its version is 2, not 1",
    changed(version=True): "its version is True, not 1",
    changed(more=1): "its keys are",
    changed(features=list(FEATURES[::-1])): "its features are not those of this version",
    changed(base="0"): "base and threshold are",
    changed(threshold=1e39): "base and threshold are",
    changed(base=True): "base and threshold are",
    changed(threshold=float("nan")): "NaN is not a number",
    changed(provenance=[]): "its provenance is not",
    changed(provenance={"a": 0.5}): "its provenance is not",
    changed(trees={}): "its trees are not lists",
    changed(trees=[1.0]): "its trees are not lists",
    changed(trees=[[]]): "its trees are not lists",
    changed(trees=[[None]]): "node 0 of tree 0 is None",
    changed(trees=[[1.0], [[0, 2, 0.5], [0, 1], 1.0]]): "node 1 of tree 1 is [0, 1]",
    changed(trees=[[[len(FEATURES), 2, 0.5], 1.0, 2.0]]): "node 0 of tree 0",
    changed(trees=[[[-1, 2, 0.5], 1.0, 2.0]]): "node 0 of tree 0",
    changed(trees=[[[0.0, 2, 0.5], 1.0, 2.0]]): "node 0 of tree 0",
    changed(trees=[[[0, 3, 0.5], 1.0, 2.0]]): "node 0 of tree 0",
    changed(trees=[[[0, 1, 0.5], 1.0, 2.0]]): "a child of a node is out of place",
    changed(trees=[[[0, 2, 0.5], [0, 1, 0.5], 2.0]]): "tree 0 is not complete",
    changed(trees=[[[0, 2, 0.5], 1.0, 2.0, 3.0], [[0, 2, 0.5], 1.0, [0, 1, 0.5]]]): "tree 0 is not complete",
    changed(trees=[[1.0, 2.0]]): "tree 0 is not complete",
    changed(trees=[[1.0], [[0, 2, 0.5], 1.0, [0, 1, 0.5]]]): "tree 1 is not complete",
    changed(trees=[[[0, 3, 0.5], 1.0, [0, 1, 0.5], 1.0, 1.0]]): "a child of a node is out of place",
}


@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
def test_a_bad_file_is_one_clear_error(text):
    with pytest.raises(UsageError) as error:
        parse_policy(text, "policy.json")
    line = str(error.value)
    assert line.startswith("policy.json: ")
    assert BROKEN[text] in line
    assert line.endswith("; give a file that tmpass learn has written")
    assert "\n" not in line


def test_any_cut_of_a_file_is_refused():
    text = policy_text(drawn_policy(random.Random(1)))
    for end in range(0, len(text) - 3, 7):
        with pytest.raises(UsageError):
            parse_policy(text[:end], "file")


def test_the_core_refuses_what_are_not_trees():
    """Whatever numbers come: a walk never leaves the nodes, since otherwise they are refused."""
    rng, made = random.Random(3), 0
    for _ in range(20_000):
        nodes = [
            (rng.choice((-1, -1, 0, 5, len(FEATURES), -2)), rng.randint(-1, 8), rng.choice((0.0, 0.5, float("inf"))))
            for _ in range(rng.randint(0, 7))
        ]
        try:
            native = _core.LearnedBacktracking(nodes, 0.0, 0.0)
        except ValueError:
            continue
        made += 1
        for value in (0.0, 1.0):
            native.score([value] * len(FEATURES))
    assert made > 100


def test_names_of_features_are_unlike_each_other():
    assert all(one != two for one, two in pairwise(sorted(FEATURES)))
    assert NEVER.native().score([0.0] * len(FEATURES)) == 0.0
