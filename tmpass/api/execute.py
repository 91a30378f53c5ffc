"""Executes a plan in byte arrays."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tmpass.api.arguments import bound_graph
from tmpass.api.verified_source import folder_of, verified_source
from tmpass.base.errors import BudgetError, ModelError, TmpassError, UsageError
from tmpass.base.sizes import parse_size
from tmpass.graph.binding import check_bindings
from tmpass.graph.model import Graph
from tmpass.loading.load import Model, file_bytes, load, load_runner
from tmpass.plans.given import check_given
from tmpass.plans.plan import Plan
from tmpass.targets.runtime import RUNTIMES, Runtime
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
    folder: str | os.PathLike[str] | None = None,
) -> "Execution":
    """Run `model` operator by operator, with every tensor at its planned bytes.

    It compares the bytes that operators read with those written, and the outputs with the runtime's. It shares no check
    with `verify`.

    Args:
        plan: of any origin.
        model: a path, the bytes of a file, or a model in memory, with its weights; which file is as for `verify`.
        inputs: values by the names of the model's inputs, or the path of an .npz file with them. Arrays for tensors, a
            list of arrays for a sequence, None for an optional without a value. The other inputs are drawn.
        trips: the most rounds of loops in one run, all loops together.
        seconds: the most wall time.
        max_bytes: the most memory besides that for the model's files: bytes, or a text such as "2GiB".
        folder: of the files with weights that the model needs; by default that of its path.

    Returns:
        What was run and compared, and the violations.

    Raises:
        UsageError: the format cannot be executed, a package is missing, or inputs are not those of the model.
        ModelError: the model cannot be read with the plan's options, or cannot be executed.
        BudgetError: a limit was reached before there was an answer.
    """
    from tmpass.execution.child_process import run_in_child
    from tmpass.execution.inputs import read_inputs
    from tmpass.execution.limits import limits_of
    from tmpass.execution.run import Execution, execute_plan

    if isinstance(model, Model):
        raise UsageError("a loaded Model has no weights to execute", hint="give the model's path or bytes")
    size = parse_size(max_bytes, "--execute-bytes") if isinstance(max_bytes, str) else max_bytes
    limits = limits_of(trips, seconds, size)
    check_given(plan=plan)
    bindings = check_bindings(plan.options.bind)
    folder, model = folder_of(model) if folder is None else folder, verified_source(plan, model)
    loaded = load(model, bindings=bindings)
    if mismatch := check_model(plan, loaded.info):
        return Execution("", 0, (), (), (mismatch,))
    graph = _bound(plan, loaded)

    def run() -> Execution:
        runner = load_runner(model, graph, bindings, folder)
        values = read_inputs(inputs) if isinstance(inputs, str | os.PathLike) else inputs
        return execute_plan(plan, graph, runner, inputs=values, limits=limits, files=files)

    try:
        files = file_bytes(model, folder)
        return run_in_child(run, limits, files, "the engine")
    except (ModelError, BudgetError) as error:
        raise _refused(error, plan, loaded.info.file) from None


def _refused(error: ModelError | BudgetError, plan: Plan, file: str) -> TmpassError:
    """The error of an engine, with the name of the model, and with what else runs a model that it does not take."""
    runtime = RUNTIMES[plan.target.runtime] if plan.target.runtime in RUNTIMES else Runtime()
    if isinstance(error, ModelError) and runtime.script:
        other = f"{runtime.script} runs the model and its planned file in {runtime.title}"
        error.hint = "; ".join(filter(None, (error.hint, other)))
    return error if error.where.startswith(file) else error.within(file)


def _bound(plan: Plan, loaded: Model) -> Graph:
    """The graph of `loaded` with the bindings of `plan`, whose floats the engine can compute."""
    try:
        graph = bound_graph(loaded.graph, plan.options, plan.target.runtime)
    except ModelError as error:
        raise error.within(loaded.info.file) from None
    _check_floats(plan, graph)
    return graph


def _check_floats(plan: Plan, graph: Graph) -> None:
    """Refuse a plan with float tensors that are planned as integers: the engine computes them as floats."""
    if names := as_integers(plan, graph)[0].held_in:
        what = f"the plan keeps {len(names)} tensors as integers where the engine computes floats"
        raise UsageError(what, hint="execute a plan made with --int8 float")
