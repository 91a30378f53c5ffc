"""Lower bounds on the bytes of one step, against those of the buffers that a layout makes."""

import random
from dataclasses import replace

import pytest
from support.drawn import draw_graph
from support.planning import ALL, MEMORY

from tmpass.packing.bounds import lower_bound
from tmpass.planning.layout import aliases_on, ranges_on, storage_on
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.memories import distribute
from tmpass.planning.needed import least_peak_at
from tmpass.planning.ordering.file_order import file_order
from tmpass.planning.timeline.lay_out import schedule
from tmpass.plans.plan import Options


@pytest.mark.parametrize("alignment", [1, 8, 64])
def test_a_step_proves_what_the_buffers_prove_and_no_more(alignment):
    target = replace(ALL, memories=(replace(MEMORY, alignment=alignment),))
    reached = cases = 0
    for seed in range(60):
        graph = draw_graph(random.Random(seed))
        request = LayoutRequest(graph, target, Options(), frozenset(), {})
        timeline = schedule(graph, file_order)
        ranges = ranges_on(request, timeline)
        for _, aliases in aliases_on(request, timeline, ranges):
            (_, problem, _), *_ = distribute(graph, storage_on(request, timeline, ranges, aliases), target)
            peaks = [least_peak_at(request, aliases, ranges, step) for step in range(timeline.horizon)]
            bound = lower_bound(problem)
            assert max(peaks, default=0) <= bound.peak
            reached, cases = reached + (max(peaks, default=0) == bound.peak), cases + 1
    assert reached > 0.9 * cases > 50
