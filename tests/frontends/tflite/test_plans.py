"""Plans for files that leave sizes open: errors ask for sizes, and wrong sizes are found."""

import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import pytest
from support.tflite_loops import GROWING, loop
from tflite_writer import Operator, Subgraph, Tensor, options, write_model

import tmpass
from tmpass.api.planned_model import original_model
from tmpass.base.errors import ModelError, TmpassError, UnknownSizeError
from tmpass.plans.plan import Plan

NEG = Operator("NEG", [0], [1])


def chain(first: Tensor, *others: Tensor, operators: Sequence[Operator] = (NEG,)) -> bytes:
    return write_model([Subgraph([first, *others], operators, [0], [len(others)])])


CUSTOM = Operator("my op", [0], [1], custom=True)
UNRULED = replace(NEG, custom=True)
"""An operator of that name without a shape rule."""


def opened(name: str) -> Tensor:
    return Tensor(name, [1, 16], shape_signature=[-1, 16])


OPEN = chain(opened("x"), opened("y"))


def test_an_open_batch_has_the_number_of_the_file_and_the_plan_says_so() -> None:
    plan = tmpass.plan(OPEN)
    assert [row.bytes for row in plan.tensors] == [64, 64]
    assert plan.options.bind == {"x:0": 1}
    said = "the batch of input 'x' is open: planned with 1, as the file has it; --bind x:0=N plans another"
    assert plan.warnings == (said,)
    assert tmpass.verify(plan, OPEN) == ()
    with pytest.raises(UnknownSizeError, match="give --bind x:0=N"):
        tmpass.verify(replace(plan, options=replace(plan.options, bind={})), OPEN)


def test_a_planned_file_with_an_open_batch_does_not_warn_of_it_again() -> None:
    """Its offsets are for the number in the file, whatever is asked of it. To plan it again says what changes it."""
    plan = tmpass.plan(OPEN, "tflm")
    assert any("the batch of input 'x' is open" in line for line in plan.warnings)
    found = tmpass.carried_plan(tmpass.planned_model(plan, OPEN))
    assert not any("batch" in line for line in found.warnings)
    assert tmpass.verify(found, OPEN) == ()


def test_a_batch_that_is_bound_is_planned_in_silence() -> None:
    plan = tmpass.plan(OPEN, bind={"x:0": 4})
    assert [row.bytes for row in plan.tensors] == [256, 256]
    assert plan.warnings == ()
    assert tmpass.verify(plan, OPEN) == ()


@pytest.mark.parametrize(
    ("signature", "bind", "asked"),
    [
        ([1, -1], {}, ("x:1",)),
        ([-1, -1], {}, ("x:0", "x:1")),
        ([-1, -1], {"x:0": 2}, ("x:1",)),
        ([-1], {}, ("x:0",)),
    ],
)
def test_of_other_open_dimensions_the_file_has_no_number(signature, bind, asked) -> None:
    shape = [1, 16][: len(signature)]
    model = chain(*(Tensor(name, shape, shape_signature=signature) for name in "xy"))
    with pytest.raises(UnknownSizeError) as error:
        tmpass.plan(model, bind=bind)
    assert error.value.symbols == asked
    assert "give " + " ".join(f"--bind {symbol}=N" for symbol in asked) in str(error.value)
    plan = tmpass.plan(model, bind={**bind, **dict.fromkeys(asked, 3)})
    assert tmpass.verify(plan, model) == ()


def test_a_batch_beside_a_dimension_that_is_bound_has_the_number_of_the_file() -> None:
    model = chain(*(Tensor(name, [1, 16], shape_signature=[-1, -1]) for name in "xy"))
    assert [row.bytes for row in tmpass.plan(model, bind={"x:1": 3}).tensors] == [12, 12]


def test_a_hint_for_what_values_decide_comes_after_the_inputs() -> None:
    found = Tensor("found", [1, 2], "INT64", shape_signature=[-1, 2])
    model = chain(Tensor("x", [1, 16], "BOOL", shape_signature=[1, -1]), found, operators=[Operator("WHERE", [0], [1])])
    asked = []
    bind: dict[str, int] = {}
    while True:
        try:
            tmpass.plan(model, bind=bind)
            break
        except UnknownSizeError as error:
            asked.append(error.symbols)
            bind |= dict.fromkeys(error.symbols, 3)
    assert asked == [("x:1",), ("found:0",)]


def test_what_is_left_open_can_be_left_out() -> None:
    model = chain(*(Tensor(name, [1, 16], shape_signature=[1, -1]) for name in "xy"))
    plan = tmpass.plan(model, allow_unplanned=True)
    assert ["x:1 is not known" in row.reason for row in plan.tensors] == [True, True]


def wrong(model: bytes, static: bytes, **options: object) -> Plan:
    """A plan for `model` with the sizes of the file `static`, as if each number of the shapes counted."""
    made = tmpass.plan(static, "litert-cpu")
    right = tmpass.plan(chain(Tensor("x", [1]), Tensor("y", [1])))
    loaded = replace(right.model, sha256=sha256(model).hexdigest(), bytes=len(model))
    return replace(made, model=loaded, options=replace(made.options, **options))


@pytest.mark.parametrize(
    ("model", "static", "options", "fault"),
    [
        (OPEN, chain(Tensor("x", [1, 16]), Tensor("y", [1, 16])), {}, "the size of 2 tensors is not known"),
        (
            OPEN,
            chain(Tensor("x", [4, 16]), Tensor("y", [4, 16])),
            {"bind": {"x:0": 4, "y:0": 1}},
            "dimension 'y:0' is 4 as NEG makes it, not 1",
        ),
        (
            loop(Tensor("s", [1, 4]), Tensor("k", [1, 4], data=bytes(16)), Tensor("n", [2, 4]), operators=GROWING),
            chain(Tensor("x", [1, 4]), Tensor("s", [1, 4])),
            {},
            "the state of a loop must keep its shape",
        ),
        (
            chain(Tensor("x", [16]), Tensor("y", []), operators=[CUSTOM]),
            chain(Tensor("x", [16]), Tensor("y", [1])),
            {},
            "'y' of unknown rank",
        ),
    ],
)
def test_a_plan_from_outside_cannot_be_verified_where_its_sizes_are_not_known(
    model: bytes, static: bytes, options: dict[str, object], fault: str
) -> None:
    with pytest.raises(ModelError, match=fault):
        tmpass.verify(wrong(model, static, **options), model)


@pytest.mark.parametrize(
    ("model", "static"),
    [
        (OPEN, chain(Tensor("x", [1, 16]), Tensor("y", [1, 16]))),
        (
            chain(Tensor("x", [4, 16]), Tensor("y", [1, 16])),
            chain(Tensor("x", [4, 16]), Tensor("y", [1, 16]), operators=[UNRULED]),
        ),
    ],
)
def test_a_plan_from_outside_with_other_sizes_is_found_out(model: bytes, static: bytes) -> None:
    options = {"bind": {"x:0": 4}} if model is OPEN else {}
    found = tmpass.verify(wrong(model, static, **options), model)
    assert "size" in {violation.kind for violation in found}


@pytest.mark.parametrize("bound", [4, 1])
def test_a_runtime_that_never_resizes_takes_the_numbers_of_the_file_only(bound: int) -> None:
    bind = {"x:0": bound}
    if bound == 1:
        assert tmpass.verify(tmpass.plan(OPEN, "tflm", bind=bind), OPEN) == ()
        return
    fault = r"runtime 'tflm' takes every size as the file has it: 'x' is \[1, 16\] in the file, \[4, 16\] here"
    with pytest.raises(ModelError, match=fault):
        tmpass.plan(OPEN, "tflm", bind=bind)
    made = tmpass.plan(OPEN, "litert-cpu", bind=bind)
    with pytest.raises(ModelError, match=fault):
        tmpass.verify(replace(made, target=replace(made.target, runtime="tflm")), OPEN)


CONTRADICTING = write_model(
    [
        Subgraph(
            [
                Tensor("x", [1, 16], shape_signature=[-1, 16]),
                Tensor("y", [1, 8], shape_signature=[-1, -1]),
                Tensor("z", [1, 8], shape_signature=[-1, -1]),
            ],
            [
                Operator("CONCATENATION", [0, 0], [1], options("ConcatenationOptions", axis=1)),
                Operator("NEG", [1], [2]),
            ],
            [0],
            [2],
        )
    ]
)
"""The sizes in the file are not those that its operators make, as a converter leaves them."""


@pytest.mark.parametrize("bind", [{}, {"x:0": 1}])
def test_numbers_of_the_file_are_not_the_hint_where_its_own_sizes_contradict_each_other(bind: dict[str, int]) -> None:
    with pytest.raises(ModelError, match=r"'y' is .* in the file, .* here") as refused:
        tmpass.plan(CONTRADICTING, "tflm", bind=bind)
    assert str(refused.value).endswith(
        "; convert the model with fixed sizes: those in the file contradict each other, so that no --bind helps"
    )
    with pytest.raises(ModelError, match="bind the numbers of the file") as refused:
        tmpass.plan(OPEN, "tflm", bind={"x:0": 4})


def test_a_planned_file_of_another_size_has_the_order_and_no_offsets() -> None:
    """A runtime that reads offsets takes the sizes in the file, and these offsets are for other sizes."""
    for bound, placed in ((1, True), (4, False)):
        plan = tmpass.plan(OPEN, "litert-cpu", bind={"x:0": bound})
        planned = tmpass.planned_model(plan, OPEN)
        assert original_model(planned) == OPEN
        metadata = tmpass.load(planned, bindings={"x:0": bound}).graph.metadata["OfflineMemoryAllocation"]
        offsets = memoryview(metadata).cast("i")[3:].tolist()
        assert all(offset >= 0 for offset in offsets) is placed
        assert (set(offsets) == {-1}) is not placed


def test_a_plan_as_json_keeps_what_was_bound() -> None:
    plan = tmpass.plan(OPEN, bind={"x:0": 4})
    assert json.loads(plan.to_json())["options"]["bind"] == {"x:0": 4}


@pytest.mark.parametrize("bind", [{"x:0": 2, "x:1": 3}, {"x:1": 3}, {"z:0": 1}])
def test_a_binding_of_something_else_is_refused(bind: dict[str, int]) -> None:
    with pytest.raises(TmpassError, match=r"is 16 in the file, not 3|names no dimension"):
        tmpass.plan(OPEN, bind=bind)
