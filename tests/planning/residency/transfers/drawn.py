"""Drawn problems of spills and fetches, small enough for brute force, and the problem of a list of short rows."""

import random
from collections.abc import Iterator, Sequence

from hypothesis import strategies as st

from tmpass.planning.residency.transfers.problem import (
    TensorKind,
    TransferOperator,
    TransferProblem,
    TransferTensor,
)

ACTIVATION, PARAMETER, INPUT = TensorKind.ACTIVATION, TensorKind.PARAMETER, TensorKind.INPUT


def problem_of(
    sizes: Sequence[int],
    operators: Sequence[tuple[Sequence[int], Sequence[int]]],
    capacity: int,
    *,
    alignment: int = 1,
    inputs: Sequence[int] = (),
    parameters: Sequence[int] = (),
    outputs: Sequence[int] = (),
) -> TransferProblem:
    """The problem of these sizes, and of operators that are pairs of inputs and outputs; names are t0, t1, ..."""
    kinds = dict.fromkeys(inputs, INPUT) | dict.fromkeys(parameters, PARAMETER)
    tensors = tuple(TransferTensor(f"t{at}", size, kinds.get(at, ACTIVATION)) for at, size in enumerate(sizes))
    rows = tuple(TransferOperator(f"op{at}", tuple(ins), tuple(outs)) for at, (ins, outs) in enumerate(operators))
    return TransferProblem(tensors, rows, tuple(outputs), capacity, alignment)


def draw_problem(
    rng: random.Random,
    operators: int,
    *,
    most: int = 3,
    clean: bool = True,
    aligned: bool = True,
    read_outputs: bool = False,
    slack: int = 2,
) -> TransferProblem:
    """A drawn problem, with its operators in a topological order.

    Args:
        rng: decides.
        operators: how many there are.
        most: the largest size.
        clean: draw inputs and parameters, some of which several operators read.
        aligned: draw an alignment of 1, 2 or 4; otherwise it is 1.
        read_outputs: let a tensor be both an output of the graph and the input of an operator.
        slack: the capacity is what the largest operator needs, or up to this many units of the alignment above it, and
            sometimes one unit below it.
    """
    sizes: list[int] = []
    kinds: list[TensorKind] = []

    def new(kind: TensorKind) -> int:
        sizes.append(rng.randint(1, most))
        kinds.append(kind)
        return len(sizes) - 1

    stored = [new(INPUT) for _ in range(rng.randint(1, 2))] if clean else []
    stored += [new(PARAMETER) for _ in range(rng.randint(0, 2))] if clean else []
    made: list[int] = []
    rows: list[tuple[list[int], list[int]]] = []
    for _ in range(operators):
        known = made + stored
        inputs = rng.sample(known, min(len(known), rng.choice((1, 1, 2, 2, 2))))
        if made and rng.random() < 0.5 and made[-1] not in inputs:
            inputs[0] = made[-1]
        if clean and rng.random() < 0.2:
            inputs.append(new(PARAMETER))
        outputs = [new(ACTIVATION) for _ in range(rng.choice((1, 1, 1, 1, 2)))]
        made += outputs
        rows.append((inputs, outputs))
    read = {at for inputs, _ in rows for at in inputs}
    returned = [at for at in made if at not in read or (read_outputs and rng.random() < 0.3)]
    alignment = rng.choice((1, 1, 2, 4)) if aligned else 1
    needs = max(sum(-(-sizes[at] // alignment) for at in (*inputs, *outputs)) for inputs, outputs in rows)
    return problem_of(
        sizes,
        rows,
        max(1, needs + rng.choice((-1, 0, 0, 0, *range(1, slack + 1)))) * alignment,
        alignment=alignment,
        inputs=[at for at, kind in enumerate(kinds) if kind is INPUT],
        parameters=[at for at, kind in enumerate(kinds) if kind is PARAMETER],
        outputs=returned,
    )


def draw_many(count: int, operators: int, *, seed: int = 1, **how: object) -> Iterator[TransferProblem]:
    """`count` drawn problems of half to all of `operators` operators, always the same ones."""
    rng = random.Random(seed)
    for _ in range(count):
        yield draw_problem(rng, rng.randint(-(-operators // 2), operators), **how)


def problems(operators: int, **how: object) -> st.SearchStrategy[TransferProblem]:
    """A strategy of problems of up to `operators` operators."""
    return st.builds(
        lambda rng, many: draw_problem(rng, many, **how),
        st.randoms(use_true_random=False),
        st.integers(1, operators),
    )
