"""From a model to a verified plan, in one function; and from a plan back to the laws that it breaks."""

import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from tmpass.base import interrupts
from tmpass.base.errors import BudgetError, ModelError, TargetError, UsageError, VerificationError, brief
from tmpass.base.sizes import parse_size
from tmpass.base.violation import Violation
from tmpass.graph.binding import batch_notes, bind, check_bindings, whole_number
from tmpass.graph.model import Graph, TensorKind
from tmpass.loading.load import BUILT_IN, Model, file_bytes, load, load_runner, load_to_plan
from tmpass.packing.allocate import DEFAULT_NODES
from tmpass.planning.assemble import USES_OF, assemble
from tmpass.planning.choose_order import SCHEDULES, lay_in_order
from tmpass.planning.fixed import check_fixed, fixed_note
from tmpass.planning.integers import INT8, find_names, integers_notes, keep_integers
from tmpass.planning.liveness import Storage
from tmpass.planning.ordering.least_peak import DEFAULT_STATES
from tmpass.planning.sharing.aliases import Key, permitted
from tmpass.planning.sharing.in_place import unused_kernels
from tmpass.planning.sharing.moves import unused_moves
from tmpass.planning.task import Task
from tmpass.plans.plan import Options, Plan
from tmpass.targets import RUNTIMES, Target, load_target
from tmpass.targets.scratch.rule import ScratchRule
from tmpass.verification.integers import as_integers
from tmpass.verification.names import tensor_name
from tmpass.verification.plan import check_plan

if TYPE_CHECKING:
    from tmpass.execution.run import Execution
    from tmpass.verification.trust import Proved, Trusted

IO = ("arena", "external")
SHARE = ("auto", "views", "none")


def plan(
    model: object,
    target: str | os.PathLike[str] | Target = "pixel6-tpu",
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
    nodes: int = DEFAULT_NODES,
    scratch: str | os.PathLike[str] | Sequence[ScratchRule] = (),
    int8: str | None = None,
    tie: Mapping[str, str] | Sequence[str] = (),
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
        share: what may share storage: "auto" is all that the target allows, but less where that takes fewer bytes;
            "views" only a reshape and its kin, "none" gives each tensor its own.
        inplace: let operators write their result over an input that ends there, with "auto" and where the target does.
        share_io: let inputs and outputs of the model share as other tensors do.
        allow_unplanned: leave out tensors whose size is not known, and list them.
        schedule: the order of the operators: "given" in the file, "topological", "least-peak", or "auto", which is
            the file's unless another one needs a smaller arena.
        states: sets of operators that the search for an order may look at; the same number gives the same plan.
        allocator: a method of tmpass.allocate.
        nodes: search steps that may be spent on addresses; the same number gives the same plan.
        scratch: what kernels need while they run, besides what the target says: the path of a scratch file, or rules.
        int8: "native" where operators between DequantizeLinear and QuantizeLinear compute with the integers, and make
            no floats; "float" where they do; None is what the target says.
        tie: outputs of the model that must lie where an input lies, by name: {"present": "past"}, or ["present=past"].
        threads: how many may search at once. The plan does not depend on it.
        keep: let Ctrl-C end the search, not the call: the best plan so far is returned, with a warning.

    Returns:
        A verified plan; `fits` says whether the scratchpad is large enough for what is planned, `not_counted` what is
        left out.

    Raises:
        UsageError: an option is wrong.
        TargetError: the target is unknown or wrong.
        ModelError: the model cannot be read or planned; UnknownSizeError where dimensions are left to bind.
        VerificationError: tmpass made a wrong plan, which it does not hand out.
    """
    _check_choice("io", io, IO)
    _check_choice("share", share, SHARE)
    _check_choice("schedule", schedule, SCHEDULES)
    if int8 is not None:
        _check_choice("int8", int8, INT8)
    flags = {"keep_inputs": keep_inputs, "inplace": inplace, "share_io": share_io, "allow_unplanned": allow_unplanned}
    for option, flag in flags.items():
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
    states = _whole("states", states, "a number of search steps")
    profile = _profile(target).override(budget, alignment)
    loaded = model if isinstance(model, Model) else load_to_plan(model, bindings)
    bindings |= loaded.graph.batches
    rules = _rules(profile, scratch, loaded)
    ties = _ties(tie, loaded, keep_inputs=keep_inputs, io=io)
    if io == "external" and profile.runtime.io_inside:
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
        nodes=nodes,
        scratch=rules,
        int8=int8 or profile.int8,
        tie=ties,
        **flags,
    )
    try:
        made, graph = _plan(loaded, profile, options, threads, keep)
    except ModelError as error:
        raise error.within(loaded.info.file) from None
    violations = check_plan(made, graph, profile.sharing)
    if violations:
        raise VerificationError(
            f"tmpass made a wrong plan: {violations[0].message}",
            violations=tuple(violations),
            where=loaded.info.file,
            hint="please report it with the model",
        )
    return made


def verify(
    plan: Plan, model: object, *, target: str | os.PathLike[str] | Target | None = None
) -> tuple[Violation, ...]:
    """The laws that `plan`, from wherever it comes, breaks as a plan for `model`; none if it is right.

    With `target`, the plan must also be one for that target by its name, for its memories, with the plan's own
    overrides, and share only what that target allows; and the model must have the file's name that the plan says.
    `trusted` says what is believed.

    Raises:
        UsageError, TargetError, ModelError: target or model cannot be read as the plan's options say.
    """
    bindings = check_bindings(plan.options.bind)
    loaded = model if isinstance(model, Model) else load(model, bindings=bindings)
    if stranger := _check_model(plan, loaded):
        return (stranger,)
    try:
        graph = _bound(loaded.graph, plan.options, plan.target.runtime)
    except ModelError as error:
        raise error.within(loaded.info.file) from None
    profile = _held_against(target, plan.options)
    names = as_integers(plan, graph)[0].held_in if profile is not None else {}
    found = check_plan(plan, graph, None if profile is None else profile.sharing)
    return (*found, *_check_target(plan, profile, loaded.info.file, names))


def trusted(
    plan: Plan, model: object = None, *, target: str | os.PathLike[str] | Target | None = None
) -> "tuple[Trusted, ...]":
    """What `verify` with the same `target` believes of a plan that breaks no law: what neither model nor target says.

    With `model`, what `proved` proves is left out.

    Raises:
        UsageError, TargetError, ModelError: target or model cannot be read as the plan's options say.
    """
    from tmpass.verification.trust import taken_on_trust  # which planning has no use for

    known = set() if model is None else {one.what for one in proved(plan, model, target=target)}
    return tuple(one for one in taken_on_trust(plan, _held_against(target, plan.options)) if one.what not in known)


def proved(plan: Plan, model: object, *, target: str | os.PathLike[str] | Target | None = None) -> "tuple[Proved, ...]":
    """The claims of `plan`, which breaks no law, that stand for a search and are proved without it, in about a second.

    Raises:
        UsageError, TargetError, ModelError: target or model cannot be read as the plan's options say.
    """
    from tmpass.verification.trust import proved_again

    loaded = model if isinstance(model, Model) else load(model, bindings=check_bindings(plan.options.bind))
    if _check_model(plan, loaded):
        return ()
    graph = as_integers(plan, _bound(loaded.graph, plan.options, plan.target.runtime))[0]
    return proved_again(plan, graph, _held_against(target, plan.options))


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
    from tmpass.execution.apart import run_apart
    from tmpass.execution.inputs import read_inputs
    from tmpass.execution.limits import limits_of
    from tmpass.execution.run import Execution, execute_plan

    if isinstance(model, Model):
        raise UsageError("what `load` returns has no weights to execute", hint="give the model's path or bytes")
    size = parse_size(max_bytes, "--execute-bytes") if isinstance(max_bytes, str) else max_bytes
    limits = limits_of(trips, seconds, size)
    bindings = check_bindings(plan.options.bind)
    loaded = load(model, bindings=bindings)
    if stranger := _check_model(plan, loaded):
        return Execution("", 0, (), (), (stranger,))
    try:
        graph = _bound(loaded.graph, plan.options, plan.target.runtime)
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
        return run_apart(run, limits, files, "the engine")
    except (ModelError, BudgetError) as error:
        raise error if error.where.startswith(loaded.info.file) else error.within(loaded.info.file) from None


def _check_model(plan: Plan, loaded: Model) -> Violation | None:
    if loaded.info.sha256 == plan.model.sha256:
        if loaded.info.format == plan.model.format:
            return None
        message = f"the plan is for a model of format {brief(plan.model.format)}, this one is {loaded.info.format}"
        return Violation("model", message, plan.model.file, loaded.info.file)
    message = f"the plan is for a file with SHA-256 {plan.model.sha256}, this one has {loaded.info.sha256}"
    return Violation("model", message, plan.model.file, loaded.info.file)


def _held_against(target: object, options: Options) -> Target | None:
    """The target as the options of a plan change it; None where there is none."""
    return None if target is None else _profile(target).override(options.budget, options.alignment)


def _check_target(plan: Plan, profile: Target | None, file: str, names: Mapping[Key, Key]) -> list[Violation]:
    """What of `plan` is not as `profile` has it; `names` are tensors that are other names for what is stored."""
    if profile is None:
        return []
    wanted = {memory.name: memory for memory in profile.memories}
    found = []
    nameless = f"<memory>.{plan.model.format}"
    if plan.model.file != file and nameless not in (plan.model.file, file):
        message = f"the plan is for the file {brief(plan.model.file)}, not for {brief(file)}"
        found.append(Violation("model", message, plan.model.file, file))
    if plan.target.runtime != profile.runtime.name:
        planned, real = (
            f"runtime {name!r}" if name else "no runtime" for name in (plan.target.runtime, profile.runtime.name)
        )
        message = f"the plan names {planned}, {profile.name} has {real}"
        found.append(Violation("target", message))
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
        use = None if (row.subgraph, row.index) in names else USES_OF.get(row.role)
        if home is not None and use is not None and use not in home.holds:
            message = f"{tensor_name(row)} is in {home.name}, which holds no {use}"
            found.append(Violation("target", message, tensor_name(row)))
    kinds = {rule.kind for rule in plan.options.scratch}
    for kind in sorted({rule.kind for rule in profile.scratch} - kinds):
        message = f"{profile.name} has scratch for {kind}, but the plan's options have none"
        found.append(Violation("target", message))
    for b in plan.buffers:
        home = wanted.get(b.memory)
        if b.step is not None and home is not None and USES_OF["activation"] not in home.holds:
            message = f"scratch of step {b.step} is in {home.name}, which holds no {USES_OF['activation']}"
            found.append(Violation("target", message, step=b.step))
    if not found and plan.target.name != profile.name:  # else it is told by what differs
        message = f"the plan is for target {brief(plan.target.name)}, not for {brief(profile.name)}"
        found.append(Violation("target", message))
    return found


def _profile(target: object) -> Target:
    if isinstance(target, Target):
        return target
    if isinstance(target, str | os.PathLike):
        return load_target(os.fspath(target))
    raise TargetError(f"{type(target).__name__} is not a target", hint="give a name, a path or a tmpass.Target")


def _rules(target: Target, scratch: object, model: Model) -> tuple[ScratchRule, ...]:
    """What is known of the scratch of kernels, of a file or from the caller first, then of the target."""
    if isinstance(scratch, str | os.PathLike):
        from tmpass.targets.scratch.read import read_scratch_file

        scratch = read_scratch_file(scratch, model.info.sha256)
    elif not isinstance(scratch, Sequence) or not all(isinstance(rule, ScratchRule) for rule in scratch):
        raise UsageError(f"scratch is {brief(scratch)}", hint="give the path of a scratch file, or a list of rules")
    if not scratch and not target.scratch:
        return ()
    from tmpass.targets.scratch.find import merge_rules

    return merge_rules(target.scratch, scratch)


def _ties(tie: object, model: Model, *, keep_inputs: bool, io: str) -> Mapping[str, str]:
    """Output -> input, by name, as `tie` has it."""
    if not tie:
        return {}
    from tmpass.planning.sharing.tied import HOW, split_names  # which few plans need

    if isinstance(tie, str) or not isinstance(tie, Mapping | Sequence):
        raise UsageError(f"tie is {brief(tie)}", hint="give a dict, or a list of texts OUTPUT=INPUT")
    if keep_inputs:
        raise UsageError("a tied input is written over, and keep_inputs keeps it", hint="leave out one of them")
    if io == "external":
        what = "a tie is for inputs and outputs in the arena, and io 'external' leaves them to the caller"
        raise UsageError(what, hint="leave out one of them")
    if not isinstance(tie, Mapping):
        return split_names(model.graph, tie)
    if not all(isinstance(name, str) for pair in tie.items() for name in pair):
        raise UsageError(f"tie is {brief(dict(tie))}", hint=HOW)
    return dict(tie)


def _sizes(graph: Graph, rules: Sequence[ScratchRule]) -> dict[tuple[int, int], tuple[int, ...]]:
    """The scratch of each operator that needs any."""
    if not rules:
        return {}
    from tmpass.targets.scratch.find import scratch_of  # most plans have no use for formulas

    return scratch_of(graph, rules)


def _check_choice(option: str, value: str, choices: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in choices:
        raise UsageError(f"{option} is {brief(value)}", hint=f"choose one of {', '.join(choices)}")


def _whole(option: str, value: object, what: str) -> int:
    number = whole_number(value)
    if number is None:
        raise UsageError(f"{option} {brief(value)} is not a whole number", hint=f"give {what}")
    return number


def _bound(graph: Graph, options: Options, runtime: str) -> Graph:
    bound = bind(graph, options.bind, allow_unplanned=options.allow_unplanned)
    if bound.resized and runtime in RUNTIMES and not RUNTIMES[runtime].resizes:
        fault = f"runtime {runtime!r} takes every size as the file has it: {bound.resized[0]}"
        raise ModelError(fault, hint="bind the numbers of the file, or convert the model with those sizes")
    return bound


def _plan(model: Model, target: Target, options: Options, threads: int, keep: bool) -> tuple[Plan, Graph]:
    """The plan, not yet verified, and the graph that it is for."""
    bound = graph = _bound(model.graph, options, target.runtime.name)
    check_fixed(graph, options, target.scratchpad.alignment)
    names = {} if graph.fixed else find_names(graph)
    notes = tuple(integers_notes(graph, names, options.int8, target))
    if options.int8 == "native":
        graph = keep_integers(graph, names)
    external = _ends(graph) if options.io == "external" else frozenset()
    scratch = _sizes(graph, options.scratch)
    task = Task(graph, target, options, external, scratch, threads, keep)
    if options.tie:
        from tmpass.planning.sharing.tied import find_ties

        task = replace(task, ties=find_ties(graph, options.tie))
    with interrupts.caught() if keep else nullcontext():
        laid = lay_in_order(task)
    arena = laid.arena
    if notes or laid.warnings:
        graph = replace(graph, warnings=(*graph.warnings, *laid.warnings, *notes))
    made = assemble(
        model.info,
        target,
        options,
        graph,
        laid.timeline,
        arena.storage,
        arena.fills,
        laid.order,
        stopped=laid.stopped,
        warnings=_warnings(model, task, arena.storage),
    )
    return made, bound


def _warnings(model: Model, task: Task, storage: Storage) -> list[str]:
    """What target and model do not agree on, though there is a plan."""
    runtime, target, options = task.target.runtime, task.target, task.options
    found = [*batch_notes(model.graph), *fixed_note(task.graph)]
    if runtime.reads and model.info.format not in runtime.reads and model.info.format in BUILT_IN:
        formats = " or ".join(runtime.reads)
        found.append(
            f"{runtime.title} does not read {model.info.format}: convert the model to {formats}, and plan that"
        )
    if task.ties and runtime.allocator:
        found.append(f"{runtime.title} places tensors itself: it does not keep --tie")
    allowed = permitted(target.sharing, options.share, inplace=options.inplace)
    found += unused_kernels(task.graph, allowed)
    found += unused_moves(task.graph, allowed)
    # What a profile has is for every model; what the caller gives is for this one.
    own = [rule for rule in options.scratch if rule not in target.scratch]
    if own:
        from tmpass.targets.scratch.find import unused_rules

        found += unused_rules(model.graph, own)
    if task.ties:
        from tmpass.planning.sharing.tied_writes import forced_in_place

        asked = replace(target, sharing=allowed)
        found += forced_in_place(task.graph, task.ties, asked, storage.members, storage.position)
    return found


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
