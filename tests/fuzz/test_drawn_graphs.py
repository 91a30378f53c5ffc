"""A few of the graphs that drawn_graphs.py draws by the thousand, and small ones of which every choice is tried."""

import random
from collections import Counter
from itertools import combinations, permutations

import pytest
from fuzz import drawn_graphs
from fuzz.drawn_graphs import Refuted, check, draw_asked, fill, main
from support.any_plans import choose, live_bytes, overlays
from support.drawn import draw_graph
from support.planning import INFO

from tmpass.api.plan import plan
from tmpass.graph.model import TensorKind
from tmpass.loading.load import Model


@pytest.mark.parametrize("seed", range(8))
def test_no_plan_and_no_claim_is_refuted(seed):
    counts = Counter()
    for graph in range(40):
        check(1000 * seed + graph, 6, counts, constants=graph % 2 == 0)
    refused = [name for name in counts if name.endswith("refused")]
    assert counts["planned"] + sum(counts[name] for name in refused) == 40
    assert min(counts[name] for name in ("run", "permute", "less", "right choices", "orders proved")) > 3


@pytest.mark.parametrize("seed", [503487, 650171])
def test_what_was_refuted_once_is_not_again(seed):
    """A piece of a tied output that a promised kernel writes; an output of a loop that is twice in another tensor."""
    check(seed, 6, Counter(), constants=False)


@pytest.mark.parametrize("seed", [1008649, 2004252])
def test_what_was_refuted_with_constants_is_not_again(seed):
    """A kept result that an earlier operator of the file reads; an order that a runtime's own allocator hid."""
    check(seed, 6, Counter())


def orders(graph):
    """Every order of the operators in which each comes after those whose results it reads."""
    ops = graph.subgraphs[0].ops
    for order in permutations(range(len(ops))):
        made = set(graph.subgraphs[0].inputs) | {t for op in ops for t in op.outputs}
        for index in order:
            made -= set(ops[index].outputs)
        done = set(made)
        for index in order:
            if not {t for t in ops[index].inputs if any(t in op.outputs for op in ops)} <= done:
                break
            done |= set(ops[index].outputs)
        else:
            yield order


@pytest.mark.parametrize("seed", range(6))
def test_no_order_with_any_choice_of_what_shares_keeps_less_alive_than_is_claimed(seed):
    tried = 0
    for number in range(60):
        rng = random.Random(10_000 * seed + number)
        graph = draw_graph(rng, 4, bodies=False)
        target, options = draw_asked(rng)
        every = list(overlays(graph))
        states = any(tensor.kind is TensorKind.VARIABLE for tensor in graph.subgraphs[0].tensors)
        if len(target.memories) > 1 or options["scratch"] or len(every) > 6 or states:
            continue
        made = plan(Model(INFO, graph), target, **options)
        external = frozenset(
            (0, row.index) for row in made.tensors if row.buffer is None and row.role in ("input", "output")
        )
        classes = [
            aliases
            for count in range(len(every) + 1)
            for chosen in combinations(every, count)
            if (aliases := choose(graph, list(chosen))) is not None
        ]
        for order in orders(graph):
            for aliases in classes:
                alive = live_bytes(graph, [order], aliases, target, made.options, external)
                assert alive is None or alive >= made.order.lower_bound
                tried += alive is not None
    assert tried > 200


def test_a_claim_that_is_too_high_is_refuted(monkeypatch):
    monkeypatch.setattr(drawn_graphs, "fill", lambda made: fill(made) - 1)
    refuted = 0
    for seed in range(30):
        try:
            check(seed, 6, Counter(), constants=False)
        except Refuted as why:
            refuted += "bytes alive, below the bound" in str(why)
    assert refuted > 20


def test_the_runner_prints_what_it_has_done(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["drawn_graphs.py", "--count", "5"])
    assert main() == 0
    assert "5 graphs" in capsys.readouterr().out


@pytest.mark.parametrize("seed", [1000624, 5006623, 6000369, 8001636, 503487, 28, 124, 31944, 31998])
def test_what_was_refuted_once_holds(seed):
    counts = Counter()
    check(seed, 6, counts, constants=False)
    assert counts["planned"] == 1
