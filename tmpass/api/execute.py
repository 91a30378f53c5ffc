"""A plan carried out in byte arrays."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tmpass.api.arguments import bound_graph
from tmpass.base.errors import BudgetError, ModelError, UsageError
from tmpass.base.sizes import parse_size
from tmpass.graph.binding import check_bindings
from tmpass.loading.load import Model, file_bytes, load, load_runner
from tmpass.plans.plan import Plan
from tmpass.verification.conformance import check_model
from tmpass.verification.integers import as_integers

if TYPE_CHECKING:
    from tmpass.execution.run import Execution


def execute(
    plan: Plan,
    model: object,
    *,
    inputs: Mapping[str, object] | str | os.PathLike[str] | None = None,
    trips: int | None = None,
    seconds: float | None = None,
    max_bytes: int | str | None = None,
) -> "Execution":
    """Run `model` operator by operator, every tensor at the bytes that `plan` gives it.

    It judges by what is lost and by what comes out, and by nothing that `verify` looks at.

    Args:
        plan: from wherever it comes.
        model: a path, the bytes of a file, or a model in memory: its weights are needed.
        inputs: values by the names of the model's inputs, or the path of an .npz file with them. Arrays for tensors, a
            list of arrays for a sequence, None for an optional without a value. The other inputs are drawn.
        trips: rounds of loops that one run may take.
        seconds: wall time that it may take.
        max_bytes: memory that it may take besides what the model's files are large: bytes, or a text such as "2GiB".

    Raises:
        UsageError: the format cannot be executed, a package is missing, or inputs are not those of the model.
        ModelError: the model cannot be read as the plan's options say, or not be executed.
        BudgetError: a limit was reached before there was an answer.
    """
    from tmpass.execution.child_process import run_in_child
    from tmpass.execution.inputs import read_inputs
    from tmpass.execution.limits import limits_of
    from tmpass.execution.run import Execution, execute_plan

    if isinstance(model, Model):
        raise UsageError("what `load` returns has no weights to execute", hint="give the model's path or bytes")
    size = parse_size(max_bytes, "--execute-bytes") if isinstance(max_bytes, str) else max_bytes
    limits = limits_of(trips, seconds, size)
    bindings = check_bindings(plan.options.bind)
    loaded = load(model, bindings=bindings)
    if stranger := check_model(plan, loaded.info):
        return Execution("", 0, (), (), (stranger,))
    try:
        graph = bound_graph(loaded.graph, plan.options, plan.target.runtime)
    except ModelError as error:
        raise error.within(loaded.info.file) from None
    if names := as_integers(plan, graph)[0].held_in:
        raise UsageError(
            f"the plan keeps {len(names)} tensors as integers where what executes it computes floats",
            hint="execute a plan made with --int8 float",
        )

    def run() -> Execution:
        runner = load_runner(model, graph, bindings)
        values = read_inputs(inputs) if isinstance(inputs, str | os.PathLike) else inputs
        return execute_plan(plan, graph, runner, inputs=values, limits=limits, files=files)

    try:
        files = file_bytes(model)
        return run_in_child(run, limits, files, "the engine")
    except (ModelError, BudgetError) as error:
        raise error if error.where.startswith(loaded.info.file) else error.within(loaded.info.file) from None
