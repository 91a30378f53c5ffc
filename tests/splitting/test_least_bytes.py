"""Lower bounds of splits: no stage and no choice of stages that is planned needs less."""

import random
from dataclasses import replace

import pytest
from support.branchy_onnx import branchy_model
from support.onnx_split_models import drawn_onnx_model, onnx_skip
from support.split_bottleneck import bottleneck
from support.split_models import drawn_split_model
from support.split_stages import drawn_choice, drawn_stages
from tflite_writer import Subgraph, Tensor, write_model

import tmpass
from tmpass.api.split import _bound
from tmpass.graph.draft import draft_graph
from tmpass.loading.carrier import open_carrier
from tmpass.splitting.along import Along
from tmpass.splitting.bound_choice import Block, Way
from tmpass.splitting.builder import Builder
from tmpass.splitting.least_bytes import LeastBytes, _Finder, least_bytes
from tmpass.splitting.limit import Limit
from tmpass.splitting.make_draft import add_stage, make_draft
from tmpass.splitting.open_net import open_net
from tmpass.splitting.plan_draft import Effort, stage_peak
from tmpass.splitting.prices import Prices
from tmpass.splitting.search import Search, silent
from tmpass.splitting.stage import Stage
from tmpass.splitting.stage_bound import stage_bound
from tmpass.splitting.stage_parts import main_source
from tmpass.splitting.working_set import WorkingSets
from tmpass.targets import Memory, Target, load_target
from tmpass.targets.tail import runtime_bytes

ANY = Limit(1 << 60)
TFLM, FREE = load_target("tflm"), load_target("pixel6-tpu")
MODELS = [(drawn_split_model(seed), TFLM) for seed in range(24)]
MODELS += [(drawn_onnx_model(seed), FREE) for seed in range(16)]


@pytest.mark.parametrize("number", range(len(MODELS)))
def test_a_stage_that_is_planned_needs_at_least_its_bound(number):
    model, target = MODELS[number]
    net, rng = open_net(open_carrier(model), target).net, random.Random(number)
    sets = WorkingSets(net, target)
    for stage in drawn_stages(net, rng, 12):
        builder = Builder(net)
        source, result = main_source(sets, stage.first, stage.last), net.result(stage.first, stage.last)
        if source is None or not add_stage(builder, stage):
            continue
        tensors, ops, _ = builder.made()
        kept = net.kept(stage.first, stage.last, result)
        peak = stage_peak(net, target, (tuple(tensors), tuple(ops)), kept, Effort(2000, 2000))
        assert stage_bound(sets, stage, tensors, ops) <= peak, stage


@pytest.mark.parametrize("number", range(len(MODELS)))
def test_a_choice_that_is_planned_needs_at_least_the_bound(number):
    model, target = MODELS[number]
    search, rng = Search(open_net(open_carrier(model), target).net, target, silent), random.Random(number)
    high = 1 << 40
    prices = Prices(search.net, target, padded=False)
    bound = least_bytes(search.net, prices, target, ANY, high).bytes + prices.tail
    assert bound <= search.whole.needed
    for _ in range(4):
        choice = drawn_choice(search.net, rng, 3)
        found = search._planned(choice)
        assert found is None or found.needed >= bound, choice


@pytest.mark.parametrize("number", range(24))
def test_no_order_of_a_split_has_a_smaller_tail_than_its_bound(number):
    """TensorFlow Lite Micro aligns each allocation, so the padding depends on the order."""
    model, rng = MODELS[number][0], random.Random(number)
    net = open_net(open_carrier(model), TFLM).net
    prices = Prices(net, TFLM, padded=False)
    for stage in drawn_stages(net, rng, 4):
        builder = Builder(net)
        draft = make_draft(net, (stage,))
        if draft is None or not add_stage(builder, stage):
            continue
        graph = draft_graph(draft, net.graph, net.dialect)
        least = prices.tail + prices.stage(stage, builder)[0]
        tails = set()
        for _ in range(6):
            orders = [rng.sample(range(len(one.ops)), len(one.ops)) for one in graph.subgraphs]
            tails.add(runtime_bytes(graph, TFLM, orders=orders).total)
        assert least <= min(tails), stage


@pytest.mark.parametrize("seed", [*range(6), 64])
def test_a_choice_of_a_model_with_branches_needs_at_least_the_bound(seed):
    """With seed 64, the stored constants of the whole model counted, of which a stage needs fewer bytes."""
    target = load_target("minimalloc")
    search, rng = (
        Search(open_net(open_carrier(branchy_model(seed, 9)), target).net, target, silent),
        random.Random(seed),
    )
    bound = _bound(search, ANY, search.whole.needed, built=300).bytes
    for _ in range(16):
        choice = drawn_choice(search.net, rng, 4)
        found = search._planned(choice)
        assert found is None or found.needed >= bound, choice


def test_a_stage_in_a_block_rules_out_no_other_way():
    """Alone it has the fewest bytes of its run, but not with what the block has."""
    search = Search(open_net(open_carrier(bottleneck()), TFLM).net, TFLM, silent)
    finder = _Finder(search.net, Prices(search.net, TFLM, padded=False), TFLM, ANY, 1 << 40)
    finder.runs, finder.whole = {(0, 2): []}, [60, 60, 60]
    finder.highest = {(0, 2): 60}
    cheap, other = (Stage(0, 2, Along.ROWS, bounds) for bounds in ((0, 8, 16), (0, 4, 8, 12, 16)))
    finder.runs[0, 2] = [Way(0, 2, 20, 0, cheap), Way(0, 2, 30, 0, other)]
    assert finder._best().bytes == 20
    finder.blocks.append(Block(0, 2, (cheap,), 50))
    assert finder._best().bytes == 30


def test_the_bound_of_a_wide_tensor_is_close():
    made = tmpass.split(bottleneck(), "tflm", budget=4096)
    assert made.bound.bytes <= made.needed[0] <= 1.2 * made.bound.bytes
    assert made.bound.operator in {"wide", "half", "y"}


def test_the_bound_says_that_nothing_less_can_be_found():
    """The bytes that are known are the bound where no choice has fewer."""
    search = Search(open_net(open_carrier(bottleneck()), TFLM).net, TFLM, silent)
    prices = Prices(search.net, TFLM, padded=False)
    least = least_bytes(search.net, prices, TFLM, ANY, 1 << 40).bytes
    assert least_bytes(search.net, prices, TFLM, ANY, least) == LeastBytes(least, "")
    assert least_bytes(search.net, prices, TFLM, ANY, least + 1).bytes == least


def test_copies_of_constants_do_not_raise_the_bound():
    """A part of an operator has a part of its weights, so a split may need smaller copies than the original."""
    uses = ("activations", "inputs_outputs")
    in_place = Target("b", "", "", (Memory("sram", 4096, 16, uses), Memory("flash", None, 16, ("weights",))))
    sram, flash = in_place.memories
    copying = (replace(sram, holds=(*uses, "weights")), replace(flash, compute=False))
    bounds = [tmpass.split(bottleneck(), one).bound for one in (in_place, replace(in_place, memories=copying))]
    assert tmpass.plan(bottleneck(), replace(in_place, memories=copying)).memories[0].loaded > 0
    assert bounds[1].bytes <= bounds[0].bytes


def test_less_work_gives_a_lower_bound():
    search = Search(open_net(open_carrier(bottleneck()), TFLM).net, TFLM, silent)
    prices = Prices(search.net, TFLM, padded=False)
    bounds = [least_bytes(search.net, prices, TFLM, ANY, 1 << 40, built=built).bytes for built in (0, 10, 100, 6000)]
    assert bounds == sorted(bounds)
    assert 0 < bounds[0] < bounds[-1]


def test_a_tensor_that_passes_an_operator_counts_in_every_order():
    """X -> Relu -> Conv -> Relu -> Conv -> Add, which reads the first Relu's result again.

    That result counts beside the wide tensors; not beside the result of the last Conv, with which Add may share it.
    """
    net = open_net(open_carrier(onnx_skip()), FREE).net
    sets, side = WorkingSets(net, FREE), 32 * 32 * 4
    assert [sets.whole(position) for position in range(5)] == [n * side for n in (16, 32, 32, 32, 16)]


def test_a_model_without_operators_has_a_bound_too():
    """Its input is its output, which has 1024 bytes."""
    model = write_model([Subgraph([Tensor("x", [1, 1024], "INT8")], [], [0], [0])])
    made = tmpass.split(model, "tflm", budget=512)
    assert not made.fits
    assert 0 <= made.bound.bytes <= made.needed[0]
    assert made.bound.operator == ""
