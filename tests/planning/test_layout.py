"""The level of sharing: the highest that is allowed, unless a lower one takes fewer bytes."""

from dataclasses import replace

import pytest
from support.graphs import Sketch, chain, graph_of
from support.planning import ALL, INFO

from tmpass.api.plan import plan
from tmpass.base.errors import UsageError
from tmpass.loading.load import Model
from tmpass.packing.bounds import lower_bound
from tmpass.planning import layout as arena
from tmpass.planning.layout import smallest_layout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.ordering.file_order import file_order
from tmpass.planning.timeline.lay_out import lay_out
from tmpass.plans.plan import Options
from tmpass.targets import Memory, Sharing


def planned(graph, target=ALL, **options):
    return plan(Model(INFO, graph), target, **options)


def peak(graph, target=ALL, **options):
    return planned(graph, target, **options).memories[0].peak


def joined():
    sketch = Sketch()
    a = sketch.op([], 40)
    b = sketch.op([a], 40)
    sketch.outputs = [sketch.op([sketch.concat(a, b)], 4)]
    return graph_of(sketch)


@pytest.fixture
def allocations(monkeypatch):
    made = []
    real = arena.allocate
    monkeypatch.setattr(arena, "allocate", lambda *args, **more: made.append(args) or real(*args, **more))
    return made


def test_pieces_need_no_room_beside_the_whole():
    made = planned(joined())
    assert (made.memories[0].peak, peak(joined(), share="views")) == (84, 160)
    a, b, whole, _ = made.tensors
    assert [t.offset - whole.offset for t in (a, b, whole)] == [0, 40, 0]
    assert [b.reason for b in (a, b)] == ["CONCAT finds it at byte 0 of 't2'", "CONCAT finds it at byte 40 of 't2'"]


def test_what_is_not_alive_yet_leaves_its_bytes_to_others():
    sketch = Sketch()
    early = sketch.op([], 40)
    a = sketch.op([early], 40)
    b = sketch.op([a], 40)
    sketch.outputs = [sketch.op([sketch.concat(a, b)], 4)]
    made = planned(graph_of(sketch))
    assert (made.status, made.memories[0].peak) == ("optimal", 84)
    assert [(g.lower, g.upper, g.window_lower, g.window_upper) for g in made.buffers[1].gaps] == [(1, 2, 0, 40)]


def test_what_a_target_does_not_allow_is_off():
    graph = joined()
    assert peak(graph, replace(ALL, sharing=Sharing())) == 160


def test_without_writing_in_place():
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.unary(sketch.op([], 40))], 4)]
    graph = graph_of(sketch)
    assert [peak(graph), peak(graph, inplace=False), peak(graph, share="views")] == [44, 80, 80]


def test_pieces_that_would_cost_more_are_copied():
    """The pieces of the whole are far apart in time, and what is between them is alive with each."""
    sketch = Sketch()
    a = sketch.op([], 8)
    b = sketch.op([a], 8)
    early = sketch.concat(sketch.op([], 1), a, sketch.op([], 64))
    sketch.outputs = [sketch.op([early, b], 1)]
    graph = graph_of(sketch)
    assert peak(graph) <= min(peak(graph, share=share) for share in ("views", "none"))


def test_a_chain_is_allocated_once(allocations):
    planned(chain(*[8] * 20))
    assert len(allocations) == 1


def test_what_nothing_could_beat_is_allocated_once(allocations):
    planned(joined())
    assert len(allocations) == 1


def test_views_that_need_no_more_than_one_step_does_are_allocated_once(allocations):
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.view(sketch.op([], 8))], 8)]
    planned(graph_of(sketch))
    assert len(allocations) == 1


def test_inputs_that_share_nothing_go_to_a_memory_before_the_scratchpad():
    """With views all buffers are in the scratchpad, 51 bytes above its capacity; no buffer there can go."""
    sketch = Sketch()
    given = sketch.input(100)
    early = sketch.op([sketch.op([], 100)], 1)
    sketch.outputs = [sketch.view(sketch.op([sketch.view(given), early], 1))]
    memories = Memory("io", None, 1, ("inputs_outputs",)), replace(ALL.memories[0], name="sram", capacity=150)
    target, options = replace(ALL, memories=memories), {"share_io": True, "schedule": "given", "inplace": False}
    assert planned(graph_of(sketch), target, share="views", **options).memories[0].peak == 201
    made = planned(graph_of(sketch), target, **options)
    assert made.fits
    assert [(memory.name, memory.peak) for memory in made.memories] == [("sram", 102), ("io", 100)]


@pytest.mark.parametrize("option", ["inplace", "share_io"])
def test_flags_are_true_or_false(option):
    with pytest.raises(UsageError, match=f"{option} is 'no'; give True or False"):
        planned(chain(4, 4), **{option: "no"})


@pytest.mark.parametrize("cut", range(2))
@pytest.mark.parametrize("by", ["the answer", "an exception"])
def test_what_ctrl_c_cut_short_is_told_also_where_its_arena_is_not_the_smallest(monkeypatch, cut, by):
    """However many levels of sharing were tried, and whichever of them is the smallest."""
    real, made = arena.allocate, []

    def allocate(problem, *args, **more):
        made.append(problem)
        answer = real(problem, *args, **more)
        if len(made) <= cut:
            return answer
        if by == "an exception" and cut:
            raise KeyboardInterrupt
        higher = tuple(offset + 1024 for offset in answer.offsets)
        return replace(answer, offsets=higher, peak=answer.peak + 1024, stopped=True)

    monkeypatch.setattr(arena, "allocate", allocate)
    monkeypatch.setattr(arena, "needed_at", lambda *_: 0)  # nothing proves that no sharing needs less
    monkeypatch.setattr(arena, "least_peak_at", lambda *_: 0)
    monkeypatch.setattr(arena, "lower_bound", lambda problem: replace(lower_bound(problem), peak=0))
    request = LayoutRequest(ladder(), ALL, Options({}, None, None, "arena"), frozenset(), {}, keep=True)
    found = smallest_layout(request, lay_out(request.graph, tuple(map(file_order, request.graph.subgraphs))))
    assert found.stopped
    assert len(made) == cut + 1
    if cut:
        assert found.peak == min(real(problem).peak for problem in made[:-1])


def ladder():
    """A graph of which each level of sharing gives another arena."""
    sketch = Sketch()
    a = sketch.op([], 40)
    b = sketch.op([a], 40)
    sketch.outputs = [sketch.op([sketch.concat(a, b)], 80)]
    return graph_of(sketch)
