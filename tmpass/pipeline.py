"""From a model to a verified plan, in one function; and from a plan back to the laws that it breaks."""

import os
from collections.abc import Mapping

from tmpass.aliases import Key, find_aliases
from tmpass.allocate import DEFAULT_NODES, allocate
from tmpass.assemble import USES_OF, Fill, assemble, distribute
from tmpass.bind import bind, check_bindings, whole_number
from tmpass.errors import ModelError, TargetError, UsageError, VerificationError, brief
from tmpass.execute.run import Execution, execute_plan
from tmpass.graph import Graph, TensorKind
from tmpass.liveness import find_storage
from tmpass.loading import Model, load, load_runner
from tmpass.plan import Options, Plan
from tmpass.schedule.file_order import file_order
from tmpass.schedule.timeline import schedule
from tmpass.sizes import parse_size
from tmpass.target import Target, load_target
from tmpass.verify.plan import check_plan
from tmpass.verify.violation import Violation, tensor_name

IO = ("arena", "external")
SHARE = ("views", "none")


def plan(
    model: object,
    target: str | os.PathLike[str] | Target = "pixel6-tpu",
    *,
    bind: Mapping[str, int] | None = None,
    budget: int | str | None = None,
    alignment: int | None = None,
    io: str = "arena",
    keep_inputs: bool = False,
    share: str = "views",
    allow_unplanned: bool = False,
    allocator: str = "auto",
    nodes: int = DEFAULT_NODES,
    threads: int = 1,
    keep: bool = False,
) -> Plan:
    """Plan the scratchpad memory of a model.

    Args:
        model: a path, the bytes of a file, a model in memory such as an onnx.ModelProto, or what `load` returned.
        target: a Target, the name of a built-in profile, or the path of a profile's TOML.
        bind: numbers for symbolic dimensions: {"batch": 1, "input:0": 1}.
        budget: capacity of the scratchpad in place of the target's: bytes, or a text such as "512KiB".
        alignment: of every offset in bytes, in place of the target's.
        io: "arena", or "external" where the caller brings the memory for inputs and outputs.
        keep_inputs: keep inputs intact to the end of the run.
        share: "views" lets a reshape and its kin use one buffer, "none" gives each tensor its own.
        allow_unplanned: leave out tensors whose size is not known, and list them.
        allocator: a method of tmpass.allocate.
        nodes: search steps that may be spent; the same number gives the same plan.
        threads: how many may search at once. The plan does not depend on it.
        keep: let Ctrl-C end the search, not the call: the best plan so far is returned, with a warning.

    Returns:
        A verified plan; `fits` says whether the scratchpad is large enough.

    Raises:
        UsageError: an option is wrong.
        TargetError: the target is unknown or wrong.
        ModelError: the model cannot be read or planned; UnknownSizeError where dimensions are left to bind.
        VerificationError: tmpass made a wrong plan, which it does not hand out.
    """
    _check_choice("io", io, IO)
    _check_choice("share", share, SHARE)
    for option, flag in (("keep_inputs", keep_inputs), ("allow_unplanned", allow_unplanned)):
        if not isinstance(flag, bool):
            raise UsageError(f"{option} is {brief(flag)}", hint="give True or False")
    if not isinstance(allocator, str):
        raise UsageError(f"allocator is {brief(allocator)}", hint="give the name of one, such as 'auto'")
    bindings = check_bindings({} if bind is None else bind)
    if budget is not None:
        budget = parse_size(budget, "budget") if isinstance(budget, str) else _whole("budget", budget, "bytes")
    if alignment is not None:
        alignment = _whole("alignment", alignment, "bytes")
    nodes = _whole("nodes", nodes, "a number of search steps")
    profile = _profile(target).override(budget, alignment)
    loaded = model if isinstance(model, Model) else load(model, bindings=bindings)
    options = Options(bindings, budget, alignment, io, keep_inputs, share, allow_unplanned, allocator, nodes)
    try:
        made, graph = _plan(loaded, profile, options, threads, keep)
    except ModelError as error:
        raise error.within(loaded.info.file) from None
    violations = check_plan(made, graph)
    if violations:
        raise VerificationError(
            f"tmpass made a wrong plan: {violations[0].message}",
            violations=tuple(violations),
            where=loaded.info.file,
            hint="please report it with the model",
        )
    return made


plan.Plan = Plan  # type: ignore[attr-defined]  # so that tmpass.plan.Plan is what it says


def verify(
    plan: Plan, model: object, *, target: str | os.PathLike[str] | Target | None = None
) -> tuple[Violation, ...]:
    """The laws that `plan`, from wherever it comes, breaks as a plan for `model`; none if it is right.

    With `target`, the plan must also be one for that target's memories, with the plan's own overrides. A lower bound
    above what one step alone proves is taken on trust: it stands for a search that only the allocator can repeat.

    Raises:
        UsageError, TargetError, ModelError: target or model cannot be read as the plan's options say.
    """
    bindings = check_bindings(plan.options.bind)
    loaded = model if isinstance(model, Model) else load(model, bindings=bindings)
    if stranger := _check_model(plan, loaded):
        return (stranger,)
    try:
        graph = _bound(loaded.graph, plan.options)
    except ModelError as error:
        raise error.within(loaded.info.file) from None
    return (*check_plan(plan, graph), *_check_target(plan, target))


def execute(plan: Plan, model: object) -> Execution:
    """Run `model` operator by operator, every tensor at the bytes that `plan` gives it.

    It judges by what is lost and by what comes out, and by nothing that `verify` looks at.

    Args:
        plan: from wherever it comes.
        model: a path, the bytes of a file, or a model in memory: its weights are needed.

    Raises:
        UsageError: the format cannot be executed, a package is missing, or the plan is too large to hold.
        ModelError: the model cannot be read as the plan's options say, or not be executed.
    """
    if isinstance(model, Model):
        raise UsageError("what `load` returns has no weights to execute", hint="give the model's path or bytes")
    bindings = check_bindings(plan.options.bind)
    loaded = load(model, bindings=bindings)
    if stranger := _check_model(plan, loaded):
        return Execution("", 0, (), (), (stranger,))
    try:
        graph = _bound(loaded.graph, plan.options)
    except ModelError as error:
        raise error.within(loaded.info.file) from None
    runner = load_runner(model, graph, bindings)
    try:
        return execute_plan(plan, graph, runner)
    except ModelError as error:
        raise error.within(loaded.info.file) from None


def _check_model(plan: Plan, loaded: Model) -> Violation | None:
    if loaded.info.sha256 == plan.model.sha256:
        return None
    message = f"the plan is for a file with SHA-256 {plan.model.sha256}, this one has {loaded.info.sha256}"
    return Violation("model", message, plan.model.file, loaded.info.file)


def _check_target(plan: Plan, target: object) -> list[Violation]:
    if target is None:
        return []
    profile = _profile(target).override(plan.options.budget, plan.options.alignment)
    wanted = {memory.name: memory for memory in profile.memories}
    found = []
    if plan.target.memory in wanted and plan.target.memory != profile.scratchpad.name:
        message = (
            f"the plan fills {plan.target.memory!r}, the scratchpad of {profile.name} is {profile.scratchpad.name!r}"
        )
        found.append(Violation("target", message))
    for filled in plan.memories:
        memory = wanted.get(filled.name)
        if memory is None or (memory.capacity, memory.alignment) != (filled.capacity, filled.alignment):
            real = f"capacity {memory.capacity}, alignment {memory.alignment}" if memory else "no such memory"
            told = f"{filled.name} has capacity {filled.capacity}, alignment {filled.alignment}"
            found.append(Violation("target", f"{told}; {profile.name} has {real}"))
    homes = {b.id: wanted.get(b.memory) for b in plan.buffers}
    for row in plan.tensors:
        home = homes.get(row.buffer) if row.buffer is not None else None
        use = USES_OF.get(row.role)
        if home is not None and use is not None and use not in home.holds:
            message = f"{tensor_name(row)} is in {home.name}, which holds no {use}"
            found.append(Violation("target", message, tensor_name(row)))
    return found


def _profile(target: object) -> Target:
    if isinstance(target, Target):
        return target
    if isinstance(target, str | os.PathLike):
        return load_target(os.fspath(target))
    raise TargetError(f"{type(target).__name__} is no target", hint="give a name, a path or a tmpass.Target")


def _check_choice(option: str, value: str, choices: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in choices:
        raise UsageError(f"{option} is {brief(value)}", hint=f"choose one of {', '.join(choices)}")


def _whole(option: str, value: object, what: str) -> int:
    number = whole_number(value)
    if number is None:
        raise UsageError(f"{option} {brief(value)} is no whole number", hint=f"give {what}")
    return number


def _bound(graph: Graph, options: Options) -> Graph:
    return bind(graph, options.bind, allow_unplanned=options.allow_unplanned)


def _plan(model: Model, target: Target, options: Options, threads: int, keep: bool) -> tuple[Plan, Graph]:
    """The plan, not yet verified, and the graph that it is for."""
    graph = _bound(model.graph, options)
    timeline = schedule(graph, file_order)
    external = _ends(graph) if options.io == "external" else frozenset()
    aliases = find_aliases(graph, views=options.share == "views", external=external)
    storage = find_storage(graph, timeline, aliases, keep_inputs=options.keep_inputs, external=external)
    fills: list[Fill] = []
    for memory, problem, indices in distribute(graph, storage, target):
        nodes = 0 if any(fill.allocation.stopped for fill in fills) else options.nodes
        found = allocate(problem, options.allocator, nodes=nodes, threads=threads, keep=keep)
        fills.append(Fill(memory, indices, found))
    return assemble(model.info, target, options, graph, timeline, storage, fills), graph


def _ends(graph: Graph) -> frozenset[Key]:
    """The inputs and outputs of every entry that only the caller of the model runs: an operator that runs it as well
    brings no memory for them. A variable that is one of them stays a variable.
    """
    called = graph.called
    return frozenset(
        (entry.subgraph, t)
        for entry in graph.entries
        if entry.subgraph not in called
        for t in (*graph.subgraphs[entry.subgraph].inputs, *graph.subgraphs[entry.subgraph].outputs)
        if graph.tensor((entry.subgraph, t)).kind is TensorKind.ACTIVATION
    )
