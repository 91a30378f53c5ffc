"""The tail of an arena has other padding in another order of the operators, so it proves nothing for all orders."""

from dataclasses import replace
from random import Random

import pytest
from make_models import FOLDER
from support.split_bottleneck import bottleneck
from support.tflm_models import drawn_subgraph
from tflite_writer import Subgraph, write_model

import tmpass


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
