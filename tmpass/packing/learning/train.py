"""Trees from examples, by the gradient boosting of Yggdrasil Decision Forests."""

from typing import Any

from tmpass.base.packages import import_package
from tmpass.packing.learning.examples import Examples
from tmpass.packing.learning.policy import FEATURES, Node, rounded

_OPTIONS = {
    "num_trees": 80,
    "max_depth": 5,
    "shrinkage": 0.1,
    "min_examples": 20,
    "subsample": 0.7,
    "validation_ratio": 0.0,
    "early_stopping": "NONE",
    "num_threads": 1,  # with more of them the trees might depend on their number
}


def load_ydf() -> Any:
    """The package ydf.

    Raises:
        UsageError: it is not installed.
    """
    return import_package("ydf", "learn", "learning a policy")


def train(examples: Examples, seed: int) -> tuple[tuple[tuple[Node, ...], ...], float]:
    """The trees that tell wrong placements from right ones, and the score without trees.

    Raises:
        UsageError: ydf is not installed.
    """
    return from_model(train_model(examples, seed))


def train_model(examples: Examples, seed: int) -> Any:
    """The model of ydf; its prediction is the probability that a placement is wrong."""
    import numpy as np  # which ydf brings

    ydf = load_ydf()
    ydf.verbose(0)
    learner = ydf.GradientBoostedTreesLearner(
        label="wrong",
        features=list(FEATURES),
        task=ydf.Task.CLASSIFICATION,
        random_seed=seed % 2**31,
        **_OPTIONS,
    )
    return learner.train({**columns(examples.rows), "wrong": np.array(examples.wrong, np.int64)})


def columns(rows: tuple[tuple[float, ...], ...]) -> dict[str, Any]:
    """The features by name, as ydf takes them."""
    import numpy as np

    table = np.array(rows, np.float32)
    return {name: table[:, at] for at, name in enumerate(FEATURES)}


def from_model(model: Any) -> tuple[tuple[tuple[Node, ...], ...], float]:
    """The trees of a model of ydf, and the score without trees."""
    numbers = {name: at for at, name in enumerate(FEATURES)}
    features = {f.column_idx: numbers[f.name] for f in model.input_features()}
    trees = []
    for tree in model.iter_trees():
        nodes: list[Node] = []
        _add(tree.root, features, nodes)
        trees.append(tuple(nodes))
    return tuple(trees), rounded(float(model.initial_predictions()[0]))


def _add(node: Any, features: dict[int, int], nodes: list[Node]) -> None:
    """Append `node` and what is below it, in pre-order."""
    if node.is_leaf:
        nodes.append(rounded(float(node.value.value)))
        return
    place = len(nodes)
    nodes.append(0.0)
    _add(node.neg_child, features, nodes)
    nodes[place] = (features[node.condition.attribute], len(nodes), rounded(float(node.condition.threshold)))
    _add(node.pos_child, features, nodes)
