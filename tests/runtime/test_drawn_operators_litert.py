"""LiteRT makes of drawn operators, with drawn attributes and open dimensions, the shapes that the frontend computes."""

from collections import Counter
from importlib import import_module

import pytest
from support.drawn_numbers import drawn_numbers
from support.drawn_one import Drawn
from support.drawn_operators import drawn_operator
from tmpass.frontends import tflite
from tmpass.frontends.isolate import call_apart

from tmpass.base.errors import ModelError

pytestmark = pytest.mark.runtime

Job = tuple[bytes, list[tuple[int, ...]]]


def made(package, jobs: list[Job]) -> list[list[tuple[int, ...]] | str]:
    """The shapes of the outputs of each model, given inputs of these shapes; or why LiteRT does not run it."""
    return [_made(package, *job) for job in jobs]


def _made(package, model: bytes, shapes) -> list[tuple[int, ...]] | str:
    import numpy as np

    kernels = package.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        # LiteRT lets an operator write over a tensor that shares its bytes with one that is read later: not with this.
        interpreter = package.Interpreter(
            model_content=model,
            experimental_op_resolver_type=kernels,
            experimental_preserve_all_tensors=True,
            num_threads=1,
        )
        for details, shape in zip(interpreter.get_input_details(), shapes, strict=True):
            if tuple(details["shape"]) != shape:
                interpreter.resize_tensor_input(details["index"], list(shape))
        interpreter.allocate_tensors()
        for details in interpreter.get_input_details():
            interpreter.set_tensor(details["index"], np.ones(details["shape"], details["dtype"]))
        interpreter.invoke()
        return [tuple(map(int, d["shape"])) for d in interpreter.get_output_details()]
    except (RuntimeError, ValueError) as error:
        return str(error)


def measured(jobs: list[Job]) -> list[list[tuple[int, ...]] | str]:
    """As `made`, in child processes; one that crashes is tried again in halves."""
    try:
        interpreter = import_module("ai_edge_litert.interpreter")
        return call_apart(made, interpreter, jobs, package="ai-edge-litert", size=20 << 20)
    except ModelError as error:
        half = len(jobs) // 2
        return measured(jobs[:half]) + measured(jobs[half:]) if half else [str(error)]


def shapes_of(model: bytes, bindings) -> list[tuple | None]:
    """What is computed for what comes out of `model`."""
    main = tflite.load(model, bindings).subgraphs[0]
    return [main.tensors[t].shape for t in main.outputs]


def model_of(drawn: Drawn, open_) -> tuple[bytes, list[tuple | None] | str]:
    """A file of the operator, and what is computed for what comes out of it; or why it is refused."""
    ranks: list[int | None] = [None] * len(drawn.made)
    bindings = drawn.bindings(open_)
    try:
        found = shapes_of(drawn.model(open_, ranks), bindings)
        ranks = [None if shape is None else len(shape) for shape in found]
        model = drawn.model(open_, ranks)
        return model, shapes_of(model, bindings)
    except ModelError as error:
        return drawn.model(open_, ranks), str(error)


def judged(ours: list[tuple | None] | str, theirs: list[tuple[int, ...]] | str) -> str:
    """How what is computed compares with what LiteRT makes."""
    if isinstance(theirs, str):
        return "not run"
    if isinstance(ours, str):
        # A window that is longer than its image has no place: LiteRT makes a tensor without elements.
        return "refused" if all(0 in shape for shape in theirs) else "wrong"
    if any(shape is None or any(not isinstance(dim, int) for dim in shape) for shape in ours):
        return "unknown"
    empty = (0 in one and 0 in other for one, other in zip(ours, theirs, strict=True))
    return "same" if ours == theirs or all(empty) else "wrong"


def compare_operators(seeds) -> tuple[Counter, list[str]]:
    """How many operators compare how, by kind; and a line for each that is wrong."""
    cases = [(seed, *drawn_operator(seed)) for seed in seeds]
    models = [model_of(drawn, open_) for _, drawn, open_ in cases]
    theirs = measured([(model, drawn.fed) for (model, _), (_, drawn, _) in zip(models, cases, strict=True)])
    counts, wrong = Counter(), []
    for (seed, drawn, _), (_, ours), their in zip(cases, models, theirs, strict=True):
        how = judged(ours, their)
        counts[drawn.kind, how] += 1
        if how == "wrong":
            wrong.append(f"seed {seed}: {drawn} makes {ours}, in LiteRT {their}")
    return counts, wrong


def compare_numbers(seeds) -> tuple[Counter, list[str]]:
    """As `compare_operators`, for shapes that are computed in the model."""
    cases = [drawn_numbers(seed) for seed in seeds]
    theirs = measured([(model, fed) for model, fed, _ in cases])
    counts, wrong = Counter(), []
    for seed, (model, _, bindings), their in zip(seeds, cases, theirs, strict=True):
        how = judged(ours := shapes_of(model, bindings), their)
        counts["numbers", how] += 1
        if how == "wrong":
            wrong.append(f"seed {seed} makes {ours}, in LiteRT {their}")
    return counts, wrong


CHUNK = 250


@pytest.mark.parametrize("compare", [compare_operators, compare_numbers])
@pytest.mark.parametrize("start", range(0, 6 * CHUNK, CHUNK))
def test_what_is_drawn_has_the_shapes_that_are_computed(compare, start):
    pytest.importorskip("ai_edge_litert")
    counts, wrong = compare(range(start, start + CHUNK))
    assert not wrong, "\n".join(wrong)
    assert sum(n for (_, how), n in counts.items() if how == "same") > 0.6 * CHUNK


if __name__ == "__main__":  # python -m ... FIRST LAST: as many as wanted, with a count
    import sys

    total: Counter = Counter()
    for at in range(int(sys.argv[1]), int(sys.argv[2]), CHUNK):
        for found, faults in (how(range(at, at + CHUNK)) for how in (compare_operators, compare_numbers)):
            total += found
            print(*faults, sep="\n", end="\n" * bool(faults))
    for (kind, how), count in sorted(total.items()):
        print(f"{kind:32} {how:8} {count}")
