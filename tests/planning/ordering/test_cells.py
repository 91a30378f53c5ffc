"""Networks found by search, made by models/cells.py: their orders are proved the best, with little work."""

import sys
from pathlib import Path

import pytest

import tmpass

sys.path.insert(0, str(Path(__file__).parents[3] / "models"))
import cells

STATES = 100_000
"""Far below a second."""


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("nasnet", cells.nasnet(3)),
        ("darts", cells.darts(4)),
        ("drawn", cells.drawn(3, 8, seed=1)),
        ("randwire", cells.randwire(32, 4, 0.75, seed=3)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_order_is_proved_to_be_the_best(name, data):
    model = tmpass.load(data)
    for share in ("none", "auto"):
        made = tmpass.plan(model, share=share, schedule="least-peak", states=STATES)
        assert made.memories[0].live_bytes == made.order.lower_bound
        assert made.order.states < STATES / 10
        given = tmpass.plan(model, share=share, schedule="given")
        assert made.memories[0].live_bytes <= given.memories[0].live_bytes
        assert (name, share) != ("randwire", "none") or made.memories[0].live_bytes < given.memories[0].live_bytes
