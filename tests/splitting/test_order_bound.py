"""Lower bounds of operators in any order: no plan of a model with them needs less."""

import random

import pytest
from support.onnx_split_models import drawn_onnx_model, onnx_skip
from support.split_bottleneck import bottleneck
from support.split_models import drawn_split_model
from support.split_stages import drawn_stages

from tmpass.graph.draft import draft_graph
from tmpass.loading.carrier import open_carrier
from tmpass.splitting.along import Along
from tmpass.splitting.builder import Builder
from tmpass.splitting.make_draft import add_stage, make_draft
from tmpass.splitting.open_net import open_net
from tmpass.splitting.order_bound import Running, order_bound
from tmpass.splitting.plan_draft import Effort, plan_graph
from tmpass.splitting.stage import Stage
from tmpass.splitting.working_set import WorkingSets
from tmpass.targets import load_target

TFLM, FREE = load_target("tflm"), load_target("pixel6-tpu")
MODELS = [(drawn_split_model(seed), TFLM) for seed in range(24, 40)]
MODELS += [(drawn_onnx_model(seed), FREE) for seed in range(16, 28)]


def net_of(model, target):
    return open_net(open_carrier(model), target).net


def running(net, first, last, stages=()):
    builder, at = Builder(net), first
    for stage in stages:
        for position in range(at, stage.first):
            builder.keep(net.order[position])
        assert add_stage(builder, stage)
        at = stage.last + 1
    for position in range(at, last + 1):
        builder.keep(net.order[position])
    tensors, ops, _ = builder.made()
    return Running(first, last, tensors, ops)


def planned(net, target, stages):
    draft = make_draft(net, stages)
    if draft is None:
        return None
    return plan_graph(draft_graph(draft, net.graph, net.dialect), target, Effort(4000, 4000)).memories[0].peak


@pytest.mark.parametrize("number", range(len(MODELS)))
def test_no_plan_of_the_model_needs_less_than_some_of_its_operators(number):
    model, target = MODELS[number]
    net, rng = net_of(model, target), random.Random(number)
    sets, end = WorkingSets(net, target), len(net.order)
    for stage in [(), *((stage,) for stage in drawn_stages(net, rng, 6))]:
        peak = planned(net, target, stage)
        for _ in range(4 if peak is not None else 0):
            first = rng.randrange(end) if not stage else rng.randint(0, stage[0].first)
            last = rng.randrange(first, end) if not stage else rng.randint(stage[0].last, end - 1)
            assert order_bound(sets, running(net, first, last, stage), 2000) <= peak, (first, last, stage)


def test_the_bound_of_operators_in_one_piece_is_their_peak():
    """X of 4 KiB -> 48 KiB -> 12 KiB -> 1 KiB."""
    net = net_of(bottleneck(), TFLM)
    sets = WorkingSets(net, TFLM)
    assert order_bound(sets, running(net, 0, 2), 100) == (48 + 12) << 10
    assert order_bound(sets, running(net, 0, 0), 100) == (4 + 48) << 10


def test_what_is_needed_afterwards_is_alive_beside_the_result():
    """X -> Relu -> Conv -> Relu -> Conv -> Add, which reads the first Relu's result again."""
    net, side = net_of(onnx_skip(), FREE), 32 * 32 * 4
    sets = WorkingSets(net, FREE)
    assert order_bound(sets, running(net, 1, 2), 100) == 32 * side
    assert order_bound(sets, running(net, 0, 4), 100) == planned(net, FREE, ())


def test_parts_are_proved_closer_than_by_what_each_operator_has():
    """Two parts of rows: the wide tensor's two halves with their common rows, and what becomes of them."""
    net = net_of(bottleneck(), TFLM)
    sets, stage = WorkingSets(net, TFLM), Stage(0, 2, Along.ROWS, (0, 8, 16))
    bound = order_bound(sets, running(net, 0, 2, (stage,)), 1000)
    assert bound <= planned(net, TFLM, (stage,)) <= bound * 1.05
