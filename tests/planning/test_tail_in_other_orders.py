"""The tail of an arena has other padding in another order of the operators, so it proves nothing for all orders."""

from dataclasses import replace
from random import Random

import pytest
from make_models import FOLDER
from support.split_bottleneck import bottleneck
from support.tflm_models import drawn_subgraph
from tflite_writer import Subgraph, write_model

import tmpass
from tmpass.loading.load import load
from tmpass.targets.tail.predict import predict
from tmpass.targets.tail.read import load_rules


def shuffled(subgraph: Subgraph, rng: Random) -> Subgraph:
    """The same operators in another order in which they can run."""
    known = {*subgraph.inputs, *(t for t, tensor in enumerate(subgraph.tensors) if tensor.data is not None)}
    left, found = list(subgraph.operators), []
    while left:
        ready = [operator for operator in left if known.issuperset(operator.inputs)]
        found.append(rng.choice(ready))
        left.remove(found[-1])
        known.update(found[-1].outputs)
    return replace(subgraph, operators=found)


def with_fewer_bytes(seed: int) -> tuple[bytes, int] | None:
    """A drawn model, and bytes in which another order of its operators fits and the planned one does not."""
    subgraph, rng = drawn_subgraph(seed), Random(seed)
    model = write_model([subgraph])
    needed = tmpass.plan(model, "tflm").memories[0].needed
    for _ in range(8):
        other = write_model([shuffled(subgraph, rng)])
        fewer = tmpass.plan(other, "tflm", schedule="given").memories[0].needed
        if fewer < needed:
            assert tmpass.plan(other, "tflm", schedule="given", budget=fewer).fits
            return model, fewer
    return None


@pytest.mark.parametrize("seeds", [range(first, first + 8) for first in range(0, 32, 8)])
def test_what_fits_in_another_order_is_not_proved_not_to_fit(seeds):
    for seed in seeds:
        found = with_fewer_bytes(seed)
        if found is not None:
            model, fewer = found
            made = tmpass.plan(model, "tflm", budget=fewer)
            assert made.status == "unknown", seed
            said = made.summary().splitlines()[0]
            padding = "no order has fewer bytes alive, but one may need less padding"
            assert any(words in said for words in (padding, "others may need less", "to prepare the model, by rules"))


@pytest.mark.parametrize("seeds", [range(first, first + 8) for first in range(0, 32, 8)])
def test_no_order_has_a_smaller_tail_than_the_least(seeds):
    """Only the first thing that a kernel keeps has padding that depends on the order, and options have theirs."""
    exact = 0
    for seed in seeds:
        subgraph, rng = drawn_subgraph(seed), Random(seed)
        graphs = [load(write_model([shuffled(subgraph, rng)])).graph for _ in range(24)]
        found = [predict(graph, load_rules("tflm"), word) for graph in graphs for word in (4, 8)]
        for word in (0, 1):
            tails = found[word::2]
            assert len({one.least for one in tails}) == 1, seed
            least = min(one.total for one in tails)
            assert tails[0].least <= least <= tails[0].least + 16, seed
            exact += least == tails[0].least
    assert exact


@pytest.mark.parametrize("less", [1, 16])
def test_one_step_below_the_least_arena_is_all_that_is_open(less):
    """Before, up to 160 bytes: whatever only aligns was taken off, though most of it does not depend on the order."""
    model = FOLDER / "branchy.tflite"
    needed = tmpass.plan(model, "tflm").memories[0].needed
    assert tmpass.plan(model, "tflm", budget=needed - less).status == "unknown"
    made = tmpass.plan(model, "tflm", budget=needed - 17)
    assert made.status == "infeasible"
    assert tmpass.verify(made, model, target="tflm") == ()


def test_no_more_states_are_offered_where_no_order_has_fewer_bytes_alive():
    model = FOLDER / "branchy.tflite"
    needed = tmpass.plan(model, "tflm").memories[0].needed
    said = tmpass.plan(model, "tflm", budget=needed - 1).summary().splitlines()[0]
    assert "no order has fewer bytes alive, but one may need less padding" in said
    assert "--states" not in said


def test_some_model_is_of_that_kind():
    assert any(with_fewer_bytes(seed) is not None for seed in range(32))


def test_what_is_far_from_fitting_is_proved():
    model = write_model([drawn_subgraph(3)])
    needed = tmpass.plan(model, "tflm").memories[0].needed
    made = tmpass.plan(model, "tflm", budget=needed // 2)
    assert made.status == "infeasible"
    assert made.summary().startswith("fits         no; proved: at least ")


def test_a_chain_has_one_order_and_its_near_misses_are_proved():
    model = bottleneck()
    needed = tmpass.plan(model, "tflm").memories[0].needed
    assert tmpass.plan(model, "tflm", budget=needed - 1).status == "infeasible"
