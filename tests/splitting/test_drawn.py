"""Drawn splits of drawn models: equal bit for bit in an own reference, and proved by the structural check.

`tests/bench/split_draws.py` counts ten thousand of them, and asks interpreters.
"""

import random

import pytest
from support import split_draws
from support.split_draws import EDGES, differences, drawn_splits, folded
from support.split_models import drawn_split_model
from support.split_reference import Reference

import tmpass
from tmpass.splitting.along import Along
from tmpass.splitting.rewrites.spans import Reading, Span


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("dtype", ["INT8", "INT16", "UINT8", "FLOAT32"])
def test_drawn_splits_are_equal_bit_for_bit(seed, dtype):
    model, rng = drawn_split_model(seed, dtype), random.Random(seed)
    before = Reference(model)
    values = before.run(before.inputs(seed))
    base = folded(model)
    assert differences(model, base, seed, values) == []
    assert tmpass.verify_split(base, model) == []
    for stages, made in drawn_splits(base, rng, 3):
        assert differences(model, made, seed, values) == [], stages
        assert tmpass.verify_split(made, model) == [], stages


def test_the_draws_cover_all_axes_edges_and_many_parts():
    seen = set()
    for seed in range(60):
        model = drawn_split_model(seed)
        for stages, made in drawn_splits(model, random.Random(seed), 3):
            for stage in stages:
                seen |= {stage.along, (stage.carry, stage.padded), ("long", stage.last - stage.first > 3)}
                seen.add(("many", stage.parts > 10))
            del made
    assert seen >= {*Along, *EDGES, ("long", True), ("many", True)}


def test_a_wrong_row_is_found_by_both(monkeypatch):
    """A rewriter that takes wrong rows for right ones is caught: by the values, and by the check."""
    needed = Reading.needed
    # Padded parts with a row too few have another shape, which is refused before anything is compared.
    monkeypatch.setattr(split_draws, "EDGES", tuple(edges for edges in EDGES if not edges[1]))
    monkeypatch.setattr(Reading, "right", lambda self, first, rows, _: Span(first, min(first + rows, self.count)))
    monkeypatch.setattr(Reading, "needed", lambda self, rows: _shorter(needed(self, rows)))
    caught = 0
    for seed in range(12):
        model = drawn_split_model(seed)
        for _, made in drawn_splits(model, random.Random(seed), 3):
            wrong, found = differences(model, made, seed), tmpass.verify_split(made, model)
            assert found or not wrong
            caught += bool(wrong)
    assert caught > 3


def _shorter(rows: Span) -> Span:
    return Span(rows.start, max(rows.start + 1, rows.stop - 1))
