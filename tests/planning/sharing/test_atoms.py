"""Atoms: bytes that no choice of what shares can do without, counted in loops."""

import pytest
from support.graphs import Sketch, graph_of

from tmpass.graph.model import Call
from tmpass.planning.sharing.atoms import find_atoms
from tmpass.targets import EVERY, Sharing

ALL = Sharing((EVERY,), (EVERY,), (EVERY,))


def around(*parts: str, loops_copy: bool = False) -> int:
    """Bytes of the atoms of a loop's body: `x` of 2 bytes goes in, its view `y` comes out, `parts` are joined."""
    main, body = Sketch(), Sketch("body")
    main.outputs = [main.op([main.input(2)], 2, calls=(Call(1, "body", repeats=True),))]
    x = body.input(2)
    y = body.view(x)
    if parts:
        body.concat(*({"x": x, "y": y}[part] for part in parts))
    body.outputs = [y]
    found = find_atoms(graph_of(main, body), ALL, lambda size: size, share_io=True, loops_copy=loops_copy)
    return sum(size for size, held in zip(found.size, found.members, strict=True) if held[0][0] == 1)


@pytest.mark.parametrize(
    ("parts", "least"),
    [
        ((), 4),  # x and y are kept all the time, and apart
        (("x",), 4),  # which lies in x
        (("x", "y"), 4),  # x and y lie in it
        (("x", "y", "x"), 6),
        (("y", "y", "y", "y"), 8),
    ],
)
def test_what_a_loop_keeps_twice_may_lie_in_a_tensor_that_holds_it_more_often(parts, least):
    assert around(*parts) == least


@pytest.mark.parametrize(("parts", "least"), [((), 2), (("x", "y"), 4)])
def test_where_loops_copy_a_view_and_its_source_are_one(parts, least):
    assert around(*parts, loops_copy=True) == least
