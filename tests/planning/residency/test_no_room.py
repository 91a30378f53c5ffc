"""Boards whose other memories have too little room for what the first one cannot take."""

import json
from dataclasses import replace

import pytest
from tflite_writer import Operator, Subgraph, Tensor, write_model

import tmpass
from tmpass.api.verify import proved, trusted
from tmpass.explanation.capacity_curve import curve_of
from tmpass.loading.load import load
from tmpass.planning.residency import fewest_moved
from tmpass.planning.residency.transfers import plan_transfers
from tmpass.plans.plan_json import parse_plan
from tmpass.report.json.explanation import to_json
from tmpass.targets import Memory, Sharing, Target, load_target
from tmpass.targets.tail import of_target
from tmpass.verification.plan import check_plan

BOTH = ("activations", "inputs_outputs")


def board(second: int, *, holds: tuple[str, ...] = BOTH, reserve: int = 0) -> Target:
    """A first memory, and a second one of `second` bytes."""
    memories = (
        Memory("sram", 1 << 20, 16, BOTH),
        Memory("psram", second, 16, holds, reserve=reserve),
        Memory("flash", 1 << 20, 16, ("weights",)),
    )
    return Target("board", "", "", memories, Sharing())


def chain():
    """Operators x -> 256 B -> 128 B -> y: 384 bytes are alive at once."""
    tensors = [Tensor(name, [size], "FLOAT32") for name, size in (("x", 16), ("a", 64), ("b", 32), ("y", 16))]
    ops = [Operator("RELU", [t], [t + 1]) for t in range(3)]
    return write_model([Subgraph(tensors, ops, [0], [3])])


def said(missing: int) -> str:
    where = "are missing in sram for what other memories have no room for, in any order"
    return f"fits         no; proved: at least {missing} B {where}"


@pytest.mark.parametrize("transfers", ["never", "auto"])
@pytest.mark.parametrize(
    ("second", "needed"),
    [
        (0, 384),  # nothing
        (112, 384),  # no tensor alone: 128 and 256 B are larger. All together would say 272
        (128, 256),  # the one of 128 B
        (240, 256),
        (256, 128),  # the one of 256 B
    ],
)
def test_what_no_other_memory_has_room_for_is_a_bound(transfers, second, needed):
    target = board(second)
    made = tmpass.plan(chain(), target, budget=needed - 16, transfers=transfers)
    assert made.status == "infeasible"
    assert made.order.room_bound == needed
    assert made.summary().splitlines()[0] == said(16)
    assert parse_plan(made.to_json()) == made
    (claim,) = (one for one in proved(made, chain(), target=target) if one.what == "room")
    assert claim.message == f"in any order {needed} B of 'sram' are taken by what other memories have no room for"
    assert tmpass.plan(chain(), target, budget=needed, transfers=transfers).fits


def test_what_a_second_memory_keeps_for_others_is_no_room():
    for reserve in (129, 200):
        assert tmpass.plan(chain(), board(256, reserve=reserve), budget=368).order.room_bound == 384


def test_a_memory_for_other_uses_is_no_room():
    """The second memory may hold inputs and outputs only, of 64 bytes each."""
    made = tmpass.plan(chain(), board(1 << 20, holds=("inputs_outputs",)), budget=368)
    assert (made.order.held_bound, made.order.room_bound) == (384, None)


def test_the_curve_says_the_same():
    target = board(112)
    made = tmpass.plan(chain(), target, budget=368)
    points = {one.size: one.status.value for one in curve_of(made, chain(), target)}
    assert points[368] == "infeasible"
    assert min(size for size in points if points[size] in ("optimal", "feasible")) == 384


def test_a_claim_is_held_against_plan_and_target():
    target = board(112)
    made = tmpass.plan(chain(), target, budget=368)
    graph = load(chain()).graph
    above = replace(made, order=replace(made.order, room_bound=made.memories[0].peak + 1))
    (found,) = check_plan(above, graph)
    assert "no other memory has room for" in found.message
    # Of a board with more room it is right as a plan, and on trust: it must not be called proved.
    wide = board(1 << 20)
    assert "room" not in {one.what for one in proved(made, chain(), target=wide)}
    assert "room" in {one.what for one in trusted(made, chain(), target=wide)}
    assert "room" in {one.what for one in trusted(made, chain())}


def test_what_is_proved_too_small_is_not_searched_for(monkeypatch):
    """No other order is divided, and no transfers are looked for: torch_randwire took 1.7 s, not 0.07."""

    def search(*_args, **_more):
        raise AssertionError("nothing fits")

    monkeypatch.setattr(plan_transfers, "search_cases", search)
    monkeypatch.setattr(fewest_moved, "_at_levels", search)
    made = tmpass.plan(chain(), board(112), budget=368)
    assert (made.status, made.order.lower_bound) == ("infeasible", 0)


def test_the_tail_of_an_arena_is_computed_once_for_each_order(monkeypatch):
    asked = []
    predict = of_target.predict
    monkeypatch.setattr(of_target, "predict", lambda *args: (asked.append(args[3]), predict(*args))[1])
    target = replace(load_target("tflm"), memories=board(16).memories, word=4)
    assert tmpass.plan(chain(), target, budget=368).status == "infeasible"
    assert len(asked) == 2  # the second is the verifier's own


def test_the_larger_of_two_proofs_is_told():
    """Preparing the model lacks some bytes, the buffers far more: the answer was of the preparation."""
    tflm = load_target("tflm")
    near = replace(tflm.scratchpad, name="sram", capacity=1 << 20)
    target = replace(tflm, memories=(near, replace(near, name="psram", capacity=64 << 10), *tflm.memories[1:]))
    wide = [Tensor(name, [1, 64 << 10], "INT8", scales=[0.1], zero=0) for name in "xyz"]
    model = write_model([Subgraph(wide, [Operator("RELU", [0], [1]), Operator("RELU", [1], [2])], [0], [2])])
    made = tmpass.plan(model, target, budget=512, share="none")
    first = made.memories[0]
    assert first.fixed_shortfall > 0
    missing = first.needed_at_least(made.order.room_bound) - 512
    assert missing > first.fixed_shortfall
    assert f"at least {missing} B" in made.summary().splitlines()[0]


def test_the_json_calls_a_least_budget_proved_where_the_text_does():
    known = tmpass.explain(chain(), board(112), budget=368)
    assert known.lowest_elsewhere >= known.least_budget == 384
    assert "proved: none is smaller, wherever buffers are" in known.summary()
    assert json.loads(to_json(known))["least_budget"]["proved"]
