"""Plans a model, and verifies the plan."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tmpass.api.arguments import (
    bound_graph,
    budget_of,
    check_choice,
    check_loaded,
    check_speeds,
    rules_of,
    search_budget,
    target_of,
    ties_of,
    whole,
)
from tmpass.api.named import named
from tmpass.base import collector
from tmpass.base.choices import Int8, Io, Objective, OrderMethod, Share, Transfers
from tmpass.base.errors import ModelError, UsageError, VerificationError, brief
from tmpass.graph.binding import check_bindings
from tmpass.graph.model import Graph
from tmpass.loading.load import Model, load_to_plan
from tmpass.packing.allocate import default_nodes
from tmpass.planning.ordering.least_peak import DEFAULT_STATES
from tmpass.planning.plan_model import plan_model
from tmpass.plans.plan import Options, Plan
from tmpass.targets import Target
from tmpass.targets.scratch.rule import ScratchRule
from tmpass.targets.values import check_alignment
from tmpass.verification.kernels import check_kernels
from tmpass.verification.overhead import check_tail
from tmpass.verification.plan import check_plan


def plan(
    model: object,
    target: str | os.PathLike[str] | Target | None = None,
    *,
    bind: Mapping[str, int] | None = None,
    budget: int | str | None = None,
    alignment: int | None = None,
    io: str = "arena",
    keep_inputs: bool = False,
    share: str = "auto",
    inplace: bool = True,
    share_io: bool = False,
    allow_unplanned: bool = False,
    schedule: str = "auto",
    states: int = DEFAULT_STATES,
    allocator: str = "auto",
    nodes: int | None = None,
    scratch: str | os.PathLike[str] | Sequence[ScratchRule] = (),
    int8: str | None = None,
    tie: Mapping[str, str] | Sequence[str] = (),
    transfers: str = "auto",
    objective: str = "bytes",
    threads: int = 1,
    keep: bool = False,
    name: str | None = None,
) -> Plan:
    """Plan the memory of a model, and verify the plan.

    Args:
        model: a path, the bytes of a file, a model in memory such as an onnx.ModelProto, or what `load` returned.
        target: a Target, the name of a built-in profile, or the path of a profile's TOML. Without one, pixel6-tpu is
            assumed, and `plan.target.assumed` says so. Neither the environment nor a settings file is read.
        bind: numbers for symbolic dimensions: {"batch": 1, "input:0": 1}.
        budget: capacity of the scratchpad instead of the target's: bytes, or a text such as "512KiB".
        alignment: of every offset, in bytes, instead of the target's; a power of two.
        io: "arena", or "external" where the caller provides the memory of inputs and outputs.
        keep_inputs: keep inputs intact to the end of the run.
        share: "auto" allows all sharing of the target, and uses less of it where that needs fewer bytes; "views" only
            reshapes and other views; "none" no sharing.
        inplace: with "auto", let operators write results over inputs that end there, where the target allows it.
        share_io: let inputs and outputs of the model share storage as other tensors do.
        allow_unplanned: leave out tensors of unknown size, and list them.
        schedule: the order of the operators: "given" as in the file, "topological", "least-peak", or "auto": as in the
            file unless another order needs a smaller arena.
        states: budget of the search for an order, in sets of operators. The same budget gives the same plan.
        allocator: the name of one, as for tmpass.allocate.
        nodes: budget of the search for offsets, in nodes; by default a million, three for models with more than 20,000
            results of operators. The same budget gives the same plan.
        scratch: bytes that kernels need while they run, besides those in the target: the path of a scratch file, or
            rules.
        int8: "native" if operators between DequantizeLinear and QuantizeLinear compute with integers and make no
            floats; "float" if they compute with floats; None for what the target says.
        tie: outputs of the model that must be at the offset of an input, by name: {"present": "past"}, or
            ["present=past"].
        transfers: "auto" lets tensors leave the scratchpad for a memory behind it where the model does not fit
            otherwise; "never"; "required" uses transfers instead of placing tensors in another memory.
        objective: what a plan that fits has the least of: "bytes" moved, or the "time" of a run, which needs a target
            with a bandwidth.
        threads: number of search threads. The plan does not depend on it.
        keep: let Ctrl-C end the search and return the best plan so far, with a warning.
        name: of a model that has no file, for outputs: the macros of a header begin with it. By default "<memory>".

    Returns:
        A verified plan. `fits` says whether all planned bytes are within the capacities; `not_counted` lists the bytes
        that are not planned.

    Raises:
        UsageError: an option is wrong.
        TargetError: the target is unknown or wrong.
        ModelError: the model cannot be read or planned; UnknownSizeError where dimensions are left to bind.
        VerificationError: tmpass made a wrong plan, which it does not return.
    """
    check_choice("io", io, Io)
    check_choice("share", share, Share)
    check_choice("schedule", schedule, OrderMethod)
    check_choice("transfers", transfers, Transfers)
    check_choice("objective", objective, Objective)
    if int8 is not None:
        check_choice("int8", int8, Int8)
    flags = {"keep_inputs": keep_inputs, "inplace": inplace, "share_io": share_io, "allow_unplanned": allow_unplanned}
    for option, flag in {**flags, "keep": keep}.items():
        if not isinstance(flag, bool):
            raise UsageError(f"{option} is {brief(flag)}", hint="give True or False")
    if not isinstance(allocator, str):
        raise UsageError(f"allocator is {brief(allocator)}", hint="give its name, such as 'auto'")
    bindings = check_bindings({} if bind is None else bind)
    if budget is not None:
        budget = budget_of(budget)
        if budget < 0:
            raise UsageError(f"budget {budget} is below 0", hint="give bytes")
    if alignment is not None:
        alignment = check_alignment(whole("alignment", alignment, "bytes"))
    if nodes is not None:
        nodes = whole("nodes", nodes, "a number of search steps")
    states = search_budget("states", states)
    profile = target_of(target).override(budget, alignment)
    check_speeds(objective, profile)
    if isinstance(model, Model):
        check_loaded(model, bindings)
    with collector.paused():
        loaded = model if isinstance(model, Model) else load_to_plan(model, bindings)
    if name is not None:
        loaded = named(loaded, name)
    bindings |= {**loaded.bindings, **loaded.graph.batches}
    rules = rules_of(profile, scratch, loaded)
    ties = ties_of(tie, loaded, keep_inputs=keep_inputs, io=io)
    if io == Io.EXTERNAL and profile.runtime.io_inside:
        what = f"{profile.runtime.title} has all inputs and outputs in its arena"
        raise UsageError(what, where=f"io 'external' for target {profile.name}", hint="plan with --io arena")
    options = Options(
        bindings,
        budget,
        alignment,
        io,
        share=share,
        schedule=schedule,
        states=states,
        allocator=allocator,
        nodes=default_nodes(_count_results(loaded.graph)) if nodes is None else nodes,
        scratch=rules,
        int8=int8 or profile.int8,
        tie=ties,
        transfers=transfers,
        objective=objective,
        **flags,
    )
    try:
        graph = bound_graph(loaded.graph, options, profile.runtime.name)
        made = plan_model(loaded, graph, profile, options, threads=threads, keep=keep)
    except ModelError as error:
        raise error.within(loaded.info.file) from None
    if target is None:
        made = replace(made, target=replace(made.target, assumed=True))
    with collector.paused():
        violations = check_plan(made, graph, profile.sharing) or check_tail(made, graph, profile)
        violations = violations or check_kernels(made, profile, graph)
    if made.time is not None and not violations:
        from tmpass.verification.run_time.check import check_time  # which many plans do not need

        violations = check_time(made, graph, profile)
    if violations:
        raise VerificationError(
            f"tmpass made a wrong plan: {violations[0].message}",
            violations=tuple(violations),
            where=loaded.info.file,
            hint="please report it with the model",
        )
    return made


def _count_results(graph: Graph) -> int:
    """How many tensors operators make: about as many as there are buffers."""
    return sum(len(op.outputs) for subgraph in graph.subgraphs for op in subgraph.ops)
