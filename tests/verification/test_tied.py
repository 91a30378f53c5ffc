"""Ties and kernels in place, as the verifier sees them: each law that a plan can break has a plan that breaks it."""

from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of
from support.planning import ALL, INFO

from tmpass.api.plan import plan
from tmpass.loading.load import Model
from tmpass.planning.sharing.aliases import Aliases
from tmpass.targets import EVERY, Over, Sharing
from tmpass.verification.plan import check_plan


def cache(kind="TensorScatter"):
    main = Sketch()
    past, new = main.input(8, name="past"), main.input(4, name="new")
    main.outputs = [main.op([past, new], 8, kind=kind)]
    return graph_of(main)


def words(made, graph, sharing=None):
    return [(v.kind, v.message) for v in check_plan(made, graph, sharing)]


def tied(graph, target=ALL):
    return plan(Model(INFO, graph), target, tie={"t2": "past"}, alignment=1)


def test_a_tied_plan_is_right_with_and_without_its_target():
    made = tied(cache())
    assert words(made, cache()) == words(made, cache(), ALL.sharing) == []


def test_without_the_tie_nothing_lets_the_two_share():
    made = tied(cache())
    free = replace(made, options=replace(made.options, tie={}))
    assert "one is an input or output of the model" in words(free, cache())[0][1]
    shared = replace(made, options=replace(made.options, tie={}, share_io=True))
    assert "nothing ties them" in words(shared, cache())[0][1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tie": {"t2": "new"}}, "which has another size or type"),
        ({"tie": {"t2": "gone"}}, "no entry of the model has both"),
        ({"tie": {"gone": "past"}}, "no entry of the model has both"),
        ({"keep_inputs": True}, "the options leave inputs as they are"),
    ],
)
def test_ties_that_say_something_else(change, message):
    made = tied(cache())
    found = words(replace(made, options=replace(made.options, **change)), cache())
    assert any(kind == "tie" and message in text for kind, text in found)


def test_a_tied_output_that_lies_elsewhere():
    made = plan(Model(INFO, cache()), ALL, alignment=1)
    asked = replace(made, options=replace(made.options, tie={"t2": "past"}))
    assert [kind for kind, _ in words(asked, cache())] == ["tie"]


def test_an_operator_that_computes_from_all_of_its_input_is_not_made_right_by_a_tie():
    graph = cache("Attention")
    made = tied(cache())
    schedule = tuple(replace(step, kind="Attention") for step in made.schedule)
    assert "nothing ties them" in words(replace(made, schedule=schedule), graph)[0][1]


def halves(first=0, second=4, kind="RELU"):
    """Two halves of a tied input, and what is made of them; the output joins them as they are numbered."""
    main = Sketch()
    past = main.input(8, name="past")
    cut = [main.slice(past, at, 4) for at in (first, second)]
    make = main.unary if kind == "RELU" else lambda t: main.op([t], 4, kind=kind)
    made = [make(t) for t in cut]
    main.outputs = [main.concat(*made)]
    return graph_of(main)


def over_their_halves(**options):
    """A plan in which each half of the output lies over the slice that it is made of, right or wrong."""
    made = plan(Model(INFO, halves()), ALL, tie={"t5": "past"}, alignment=1)
    return replace(made, options=replace(made.options, inplace=False, **options))


def test_a_piece_of_a_tied_output_is_written_over_that_piece_of_the_input():
    assert words(over_their_halves(), halves()) == []


@pytest.mark.parametrize(
    ("graph", "options"),
    [(halves(4, 0), {}), (halves(4, 4), {}), (halves(0, 0), {}), (halves(kind="OP"), {}), (halves(), {"tie": {}})],
    ids=["crossed", "second twice", "first twice", "not in place", "not tied"],
)
def test_no_other_piece_is_made_right_by_the_tie(graph, options):
    made = over_their_halves(share_io=True, **options)
    schedule = [replace(step, kind=graph.subgraphs[0].ops[step.op].kind) for step in made.schedule]
    assert "nothing ties them" in " ".join(text for _, text in words(replace(made, schedule=tuple(schedule)), graph))


def kernel(size=8, reads=(8, 8)):
    main = Sketch()
    inputs = [main.op([main.input(1)], n) for n in reads]
    main.outputs = [main.op([main.op(inputs, size, kind="POOL")], 1)]
    return graph_of(main)


def in_place(*promises, size=8, reads=(8, 8)):
    graph = kernel(size, reads)
    target = replace(ALL, sharing=Sharing((EVERY,), promises, ()))
    return graph, plan(Model(INFO, graph), target, alignment=1)


def test_a_promise_is_in_the_plan_and_is_what_is_taken_on_trust():
    graph, made = in_place(Over("POOL", 1), size=6)
    assert made.target.in_place == (Over("POOL", 1),)
    rows = {t.index: t for t in made.tensors}
    assert rows[4].offset == rows[3].offset
    assert words(made, graph) == words(made, graph, Sharing((EVERY,), (Over("POOL", 1),), ())) == []
    without = replace(made, target=replace(made.target, in_place=()))
    assert "nothing ties them" in words(without, graph)[0][1]


@pytest.mark.parametrize(
    "listed", [(), (EVERY,), (Over("POOL", 0),), (Over("POOL", 1, 1),), ("POOL",), ("custom:POOL",)]
)
def test_a_target_that_does_not_promise_it_is_held_against_the_plan(listed):
    graph, made = in_place(Over("POOL", 1))
    assert "nothing ties them" in words(made, graph, Sharing((EVERY,), listed, ()))[0][1]


def test_a_result_that_is_larger_is_never_right():
    graph, made = in_place(Over("POOL", 1), size=9)
    rows = {t.index: t for t in made.tensors}
    assert rows[4].buffer != rows[3].buffer
    from support.planning import assembled

    bad = assembled(graph, Aliases({(0, 4): (0, 4), (0, 3): (0, 4)}), made.options)
    bad = replace(bad, target=made.target)
    assert "nothing ties them" in words(bad, graph)[0][1]
