"""A file's own offline plan: fixed if a compiled operator has addresses in its commands, else replaced."""

from dataclasses import replace
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tflite_writer import Operator, Subgraph, Tensor, write_model
from tmpass.frontends import tflite
from tmpass.frontends.tflite.offline import IGNORED
from tmpass.frontends.tflite.schema import OFFLINE_PLAN

import tmpass
from tmpass.api.verify import verify
from tmpass.base.errors import ModelError, UsageError

LAYOUT = (-1, 0, 0, 256)
SIZES = {"scratch": 1024, "in": 256, "out": 16}


def compiled(offsets: tuple[int, ...] | None = LAYOUT, kind: str = "ethos-u", *, more: Subgraph | None = None) -> bytes:
    """A model that is fully compiled for an accelerator: commands, scratch, in -> out."""
    tensors = [Tensor("commands", [16], "UINT8", bytes(16))]
    tensors += [Tensor(name, [size], "UINT8") for name, size in SIZES.items()]
    main = more or Subgraph(tensors, [Operator(kind, [0, 1, 2], [3], custom=True)], [2], [3])
    words = {} if offsets is None else {OFFLINE_PLAN: pack(f"<{3 + len(offsets)}i", 0, 1, len(offsets), *offsets)}
    return write_model([main], metadata=words)


def around(*, wide: int = 64, offsets: tuple[int, ...]) -> bytes:
    """A model of which only the middle is compiled: in -> TANH -> a -> ethos-u -> b, out = b + TANH(in)."""
    names = ["commands", "in", "a", "scratch", "b", "side", "out"]
    sizes = [4, wide, wide, 1024, wide, wide, wide]
    tensors = [Tensor(n, [s], "INT8", bytes(s) if n == "commands" else None) for n, s in zip(names, sizes, strict=True)]
    ops = [
        Operator("TANH", [1], [2]),
        Operator("TANH", [1], [5]),
        Operator("ethos-u", [0, 2, 3], [4], custom=True),
        Operator("ADD", [4, 5], [6]),
    ]
    return compiled(offsets, more=Subgraph(tensors, ops, [1], [6]))


def test_tensors_are_where_the_file_has_them() -> None:
    data = compiled()
    made = tmpass.plan(data, "ethos-u55")
    assert (made.memories[0].peak, made.status, made.order.method) == (1024, "optimal", "given")
    assert [row.offset for row in made.tensors] == [None, 0, 0, 256]
    assert verify(made, data) == verify(made, data, target="ethos-u55") == ()
    assert "3 tensors are at the offsets that the file fixes" in made.warnings[0]


def test_what_the_file_leaves_to_the_runtime_is_placed_around() -> None:
    data = around(offsets=(-1, 64, 0, 0, 64, -1, 0))
    made = tmpass.plan(data, "tflm")
    assert made.memories[0].peak == 1024 + 64  # side is alive with all of the scratch
    assert verify(made, data) == ()
    high = tmpass.plan(around(offsets=(-1, 64, 0, 0, 64, 2048, 0)), "tflm")
    assert high.memories[0].peak == 2048 + 64


@pytest.mark.parametrize("kind", ["ethos-u", "npu_of_another_maker"])
def test_any_compiled_operator_counts_that_has_tensors_within_others(kind: str) -> None:
    assert tmpass.plan(compiled(kind=kind), "tflm").memories[0].peak == 1024


def test_operators_that_run_at_any_offset_are_planned_anew() -> None:
    apart = (-1, 0, 1024, 1280)
    plain = Subgraph(
        [Tensor(name, [4]) for name in ("x", "y", "z")],
        [Operator("TANH", [0], [1]), Operator("TANH", [1], [2])],
        [0],
        [2],
    )
    for data in (compiled(apart, "some_operator"), compiled((0, 0, 0), more=plain)):
        graph = tflite.load(data, {})
        assert (graph.fixed, graph.warnings) == ({}, (IGNORED,))
    assert tflite.load(compiled(apart), {}).fixed == {(0, 1): 0, (0, 2): 1024, (0, 3): 1280}


def test_commands_without_an_offline_plan_are_told() -> None:
    graph = tflite.load(compiled(None), {})
    assert graph.fixed == {}
    assert "the file has no offline memory plan" in graph.warnings[0]


@pytest.mark.parametrize(
    ("words", "fault"),
    [(b"", "has 0 offsets in 0 bytes for 4"), (pack("<7i", 0, 1, 5, 0, 0, 0, 0), "has 5 offsets in 28 bytes for 4")],
)
def test_a_damaged_plan_is_refused_where_operators_need_it(words: bytes, fault: str) -> None:
    def holding(content: bytes, kind: str) -> bytes:
        tensors = [Tensor(name, [size], "UINT8") for name, size in (("x", 4), ("y", 4), ("z", 4), ("out", 4))]
        main = Subgraph(tensors, [Operator(kind, [0, 1, 2], [3], custom=True)], [0, 1, 2], [3])
        return write_model([main], metadata={OFFLINE_PLAN: content})

    with pytest.raises(ModelError, match=fault):
        tflite.load(holding(words, "ethos-u"), {})
    assert tflite.load(holding(words, "other"), {}).warnings == (IGNORED,)


def test_a_negative_offset_is_refused() -> None:
    with pytest.raises(ModelError, match="has offset -2 for 'in'"):
        tflite.load(compiled((-1, 0, -2, 256)), {})


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({"schedule": "least-peak"}, "schedule 'least-peak'"),
        ({"schedule": "topological"}, "schedule 'topological'"),
        ({"io": "external"}, "io 'external'"),
        ({"keep_inputs": True}, "keep_inputs"),
    ],
)
def test_options_that_contradict_the_file_are_refused(options: dict[str, object], asked: str) -> None:
    with pytest.raises(UsageError, match=f"{asked} is asked for, but the file fixes the order and the offsets of 3"):
        tmpass.plan(compiled(), "ethos-u55", **options)  # type: ignore[arg-type]


def test_an_offset_off_the_targets_alignment_is_refused() -> None:
    with pytest.raises(ModelError, match="fixes 'out' at 256, and offsets are multiples of 512"):
        tmpass.plan(compiled(), "ethos-u55", alignment=512)


@pytest.mark.parametrize("options", [{}, {"share": "none"}, {"share_io": True}, {"inplace": False}, {"int8": "float"}])
@settings(max_examples=20, deadline=None)
@given(draw=st.data())
def test_whatever_the_layout_a_plan_keeps_it(options: dict[str, object], draw: st.DataObject) -> None:
    places = st.one_of(st.just(-1), st.integers(0, 90).map(lambda n: 16 * n))
    offsets = (-1, *draw.draw(st.lists(places, min_size=6, max_size=6)))
    data = around(offsets=offsets, wide=draw.draw(st.sampled_from([16, 64, 100])))
    made = tmpass.plan(data, "ethos-u55", **options)  # type: ignore[arg-type]
    assert verify(made, data) == verify(made, data, target="ethos-u55") == ()
    fixed = [(row, wanted) for row, wanted in zip(made.tensors, offsets, strict=True) if wanted >= 0]
    assert all(row.offset == wanted for row, wanted in fixed)
    assert made.memories[0].peak >= max((wanted + (row.bytes or 0) for row, wanted in fixed), default=0)


def test_the_verifier_finds_tensors_that_were_moved_or_reordered() -> None:
    data = compiled()
    made = tmpass.plan(data, "ethos-u55")
    moved = replace(
        made,
        tensors=tuple(replace(r, offset=r.offset + 16) if r.name == "out" else r for r in made.tensors),
    )
    assert ["the file fixes it at 256" in v.message for v in verify(moved, data) if v.kind == "offset"] == [True]
    sorted_ = replace(made, order=replace(made.order, method="least-peak"))
    assert [v.kind for v in verify(sorted_, data)] == ["order"]


def test_the_verifier_takes_no_claim_that_inputs_are_kept() -> None:
    data = compiled()
    made = tmpass.plan(data, "ethos-u55")
    kept = replace(made, options=replace(made.options, keep_inputs=True))
    assert [violation.kind for violation in verify(kept, data)] == ["alias"]


def test_the_verifier_lets_nothing_else_into_what_is_fixed() -> None:
    data = around(offsets=(-1, 64, 0, 0, 64, -1, 0))
    made = tmpass.plan(data, "tflm")
    side, scratch = made.tensors[5], made.tensors[3]
    block = made.buffers[scratch.buffer or 0]
    inside = replace(made.buffers[side.buffer or 0], offset=512)
    lost = replace(
        made,
        tensors=tuple(replace(r, offset=512) if r is side else r for r in made.tensors),
        buffers=tuple(inside if b.id == side.buffer else b for b in made.buffers),
    )
    assert block.offset == 0
    assert any(v.kind == "overlap" for v in verify(lost, data))
