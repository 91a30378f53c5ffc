"""The peak step of a memory with its live buffers, and the memory that decides."""

from dataclasses import replace

from hypothesis import given, settings
from support.graphs import Sketch, chain, graph_of, graphs

from tmpass.api.plan import plan
from tmpass.loading.load import Model
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.peak_step import deciding_memory, find_peak_step


def planned(graph, **options):
    return plan(Model(ModelInfo("test", "test", "0" * 64), graph), **options)


def in_use_at(buffer, step):
    if not buffer.lower <= step < buffer.upper:
        return 0
    windows = [g.window_upper - g.window_lower for g in buffer.gaps if g.lower <= step < g.upper]
    return windows[0] if windows else buffer.size


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_the_peak_step_is_the_first_with_the_most_live_bytes(graph):
    made = planned(graph)
    memory = made.memories[0]
    full = find_peak_step(made, memory)
    horizon = max((b.upper for b in made.buffers), default=1)
    live = [sum(in_use_at(b, step) for b in made.buffers) for step in range(horizon)]
    assert full.live_bytes == max(live) == memory.live_bytes
    assert sum(full.used) == max(live)
    assert list(full.used) == sorted((in_use_at(b, full.at) for b, _ in full.buffers), reverse=True)
    # An entry without operators has a step of its own, which no row of the schedule stands for.
    at = live.index(max(live))
    assert full.step == (made.schedule[at] if max(live) and at < len(made.schedule) else None)
    for buffer, tensor in full.buffers:
        assert (tensor.subgraph, tensor.index) == buffer.tensors[0]


def test_it_names_the_tensors_largest_first():
    full = find_peak_step(made := planned(chain(4, 32, 16, 2)), made.memories[0])
    assert (full.step.step, full.live_bytes) == (1, 48)
    assert [(b.size, t.name) for b, t in full.buffers] == [(32, "t1"), (16, "t2")]


def test_a_model_without_steps_has_none():
    sketch = Sketch()
    sketch.outputs = [sketch.input(8)]
    full = find_peak_step(made := planned(graph_of(sketch)), made.memories[0])
    assert (full.step, full.live_bytes, len(full.buffers)) == (None, 8, 1)


def test_nothing_alive_is_no_step():
    full = find_peak_step(made := planned(chain(4, 4), io="external"), made.memories[0])
    assert (full.step, full.live_bytes, full.buffers) == (None, 0, ())


def test_the_memory_that_decides_is_one_that_is_proved_too_small_or_too_small_or_the_first():
    made = planned(chain(4, 4))
    roomy = replace(made.memories[0], name="roomy", capacity=64, peak=64, lower_bound=32)
    endless = replace(roomy, name="endless", capacity=None)
    full = replace(roomy, name="full", peak=65)
    proved = replace(roomy, name="proved", peak=65, lower_bound=65)
    for memories, name in (
        ((roomy, endless), "roomy"),
        ((endless, roomy), "endless"),
        ((roomy, full), "full"),
        ((endless, full, proved), "proved"),
        ((proved, replace(roomy, name="flash", constants=200)), "proved"),
        ((proved, replace(roomy, name="behind", constants=200, compute=False)), "behind"),
        ((proved, replace(proved, name="behind", compute=False)), "proved"),
    ):
        assert deciding_memory(replace(made, memories=memories)).name == name


def test_a_buffer_of_no_listed_tensor_has_none():
    made = planned(chain(4, 4))
    stray = tuple(replace(b, tensors=()) for b in made.buffers)
    assert {t for _, t in find_peak_step(replace(made, buffers=stray), made.memories[0]).buffers} == {None}
