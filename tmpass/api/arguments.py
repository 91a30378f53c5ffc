"""Checks and reads the arguments of the public functions."""

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence

from tmpass.base.choices import Io, Objective
from tmpass.base.errors import ModelError, TargetError, UsageError, brief
from tmpass.base.nearest import hint_of
from tmpass.base.sizes import parse_size, unit_doubt
from tmpass.graph.binding import bind, resized_hint, whole_number
from tmpass.graph.model import Graph
from tmpass.loading.load import Model
from tmpass.packing.allocate import MAX_NODES
from tmpass.plans.plan import Options
from tmpass.targets import RUNTIMES, Target, load_target
from tmpass.targets.scratch.rule import ScratchRule

ASSUMED_TARGET = "pixel6-tpu"
"""The target of a plan for which none is given; the plan says so."""

_DIGITS = 9
"""The most digits of an axis in the name of a dimension."""


def target_of(target: object) -> Target:
    """The Target for an argument: itself, the profile of that name or path, or for None the one that is assumed.

    Raises:
        TargetError: no profile has this name, or its file is wrong. The error says where the argument is a model or a
            size.
    """
    if isinstance(target, Target):
        return target
    if target is None:
        return load_target(ASSUMED_TARGET)
    if isinstance(target, str | os.PathLike):
        path = os.fsdecode(target)
        try:
            return load_target(path)
        except TargetError as error:
            raise _no_target(path) or error from None
    what = "bytes are" if isinstance(target, bytes | bytearray | memoryview) else f"{type(target).__name__} is"
    hint = "give a name, a path or a tmpass.Target; the model comes before it"
    raise TargetError(f"{what} not a target", hint=hint)


def _no_target(path: str) -> TargetError | None:
    """The error for a model or a size in the place of a target; None for all else."""
    from tmpass.loading.registry import names_model  # for a mistake only

    if names_model(path):
        return TargetError("it is a model, not a target", where=path, hint="give the model first, then the target")
    try:
        parse_size(path, "target")
    except UsageError:
        return None
    return TargetError(f"{brief(path)} is a size, not a target", hint="the option for it is budget")


def held_against(target: object, options: Options) -> Target | None:
    """The target with the capacity and alignment that a plan's options override; None for no target."""
    return None if target is None else target_of(target).override(options.budget, options.alignment)


def rules_of(target: Target, scratch: object, model: Model) -> tuple[ScratchRule, ...]:
    """The scratch rules of the caller or a scratch file, before those of the target, before those of its runtime.

    Raises:
        UsageError: `scratch` is neither a path nor a list of rules, or its file is wrong.
    """
    if isinstance(scratch, str | os.PathLike):
        scratch = _read_scratch(os.fsdecode(scratch), model.info.sha256)
    elif not isinstance(scratch, Sequence) or not all(isinstance(rule, ScratchRule) for rule in scratch):
        raise UsageError(f"scratch is {brief(scratch)}", hint="give the path of a scratch file, or a list of rules")
    if not scratch and not target.scratch and not target.runtime.tail:
        return ()
    from tmpass.targets.scratch.find import merge_rules
    from tmpass.targets.tail.scratch import runtime_scratch

    return merge_rules(merge_rules(runtime_scratch(model.graph, target.runtime), target.scratch), scratch)


def _read_scratch(path: str, sha256: str) -> tuple[ScratchRule, ...]:
    """The scratch rules of a scratch file, or of a file of kernels, which ends in .toml.

    Raises:
        UsageError: it cannot be read, or is wrong.
    """
    if path.endswith(".toml"):
        from tmpass.targets.tail.read import read_kernels
        from tmpass.targets.tail.scratch import scratch_rules

        return tuple(scratch_rules(read_kernels(path, sha256)))
    from tmpass.targets.scratch.read import read_scratch_file

    return read_scratch_file(path, sha256)


def ties_of(tie: object, model: Model, *, keep_inputs: bool, io: str) -> Mapping[str, str]:
    """The input name for each output name of the option `tie`.

    Raises:
        UsageError: `tie` has another form, or contradicts another option.
    """
    if not tie:
        return {}
    from tmpass.planning.sharing.tied import HOW, split_names  # which few plans need

    if isinstance(tie, str) or not isinstance(tie, Mapping | Sequence):
        raise UsageError(f"tie is {brief(tie)}", hint="give a dict, or a list of texts OUTPUT=INPUT")
    if keep_inputs:
        raise UsageError("a tied input is overwritten, but keep_inputs keeps it", hint="leave out one of them")
    if io == Io.EXTERNAL:
        what = "a tie needs inputs and outputs in the arena, and io 'external' leaves them to the caller"
        raise UsageError(what, hint="leave out one of them")
    if not isinstance(tie, Mapping):
        return split_names(model.graph, tie)
    if not all(isinstance(name, str) for pair in tie.items() for name in pair):
        raise UsageError(f"tie is {brief(dict(tie))}", hint=HOW)
    return dict(tie)


def check_choice(option: str, value: str, choices: Iterable[str]) -> None:
    """Refuse a value that is not one of `choices`.

    Raises:
        UsageError: it is not.
    """
    if not isinstance(value, str) or value not in tuple(choices):
        raise UsageError(f"{option} is {brief(value)}", hint=hint_of(value, choices))


def check_speeds(objective: str, target: Target) -> None:
    """Refuse to plan for the least time where a target says nothing of time.

    Raises:
        UsageError: `objective` is "time", and no memory of `target` has a bandwidth.
    """
    if objective == Objective.TIME and not any(memory.bandwidth for memory in target.memories):
        what = "objective 'time' needs a bandwidth, and no memory has one"
        fact = 'bandwidth = { value = "400 MB/s", source = "data sheet" }'
        hint = f"write {fact} into a [[memory]] of a profile of your own, or plan for the fewest bytes"
        raise UsageError(what, where=f"target {target.name}", hint=hint)


def whole(option: str, value: object, what: str) -> int:
    """`value` as an int.

    Args:
        option: the name of the argument, for the error.
        value: the number.
        what: what to give, for the error: "bytes".

    Raises:
        UsageError: it is not a whole number.
    """
    number = whole_number(value)
    if number is None:
        raise UsageError(f"{option} {brief(value)} is not a whole number", hint=f"give {what}")
    return number


def budget_of(budget: object) -> int:
    """The bytes of the argument `budget` of a public function: a number, or a text such as "512KiB".

    A text without a unit gets a warning where it looks like one in KiB. A number is one of bytes.

    Raises:
        UsageError: it is not a size.
    """
    doubt_unit(budget, 4)
    return parse_size(budget, "budget") if isinstance(budget, str) else whole("budget", budget, "bytes")


def doubt_unit(budget: object, level: int = 3) -> None:
    """Warn of a budget without a unit that looks like one in KiB, in the line that calls the public function.

    Args:
        budget: the argument.
        level: of that line, from here.
    """
    if isinstance(budget, str) and (doubt := unit_doubt(budget, "budget")):
        warnings.warn(doubt, stacklevel=level)


def search_budget(option: str, value: object) -> int:
    """`value` as the budget of a search, which a plan can hold.

    Raises:
        UsageError: it is not a whole number in 0 .. 2^62.
    """
    number = whole(option, value, "a number of search steps")
    if not 0 <= number <= MAX_NODES:
        raise UsageError(f"the budget is {number} {option}", hint="give a whole number in 0 .. 2^62")
    return number


def check_loaded(model: Model, bindings: Mapping[str, int]) -> None:
    """Refuse a number for a dimension that has another one since `model` was loaded.

    Raises:
        UsageError: there is such a dimension.
    """
    open_dims = {dim for s in model.graph.subgraphs for t in s.tensors for dim in t.unknown} if bindings else set()
    for name, number in bindings.items():
        have = {model.bindings[name]} if name in model.bindings else _dims(model.graph, name)
        settled = model.bindings and name in model.graph.symbols and name not in (*model.bindings, *open_dims)
        if settled or (have and number not in have):
            was = f"{min(have)}" if have else "a number already"
            what = f"{brief(name)} is {was} since the model was loaded, and is bound to {number} now"
            raise UsageError(what, hint="load the model with the numbers that you want, or without any")


def _dims(graph: Graph, name: str) -> set[int]:
    """The numbers that dimension "tensor:axis" has in `graph`; none where it is open, or `name` is not such a name."""
    tensor, _, axis = name.rpartition(":")
    if not (tensor and axis.isascii() and axis.isdecimal() and len(axis) <= _DIGITS):
        return set()
    shapes = [t.shape for s in graph.subgraphs for t in s.tensors if t.name == tensor]
    dims = [shape[int(axis)] for shape in shapes if shape is not None and int(axis) < len(shape)]
    return set() if any(isinstance(dim, str) for dim in dims) else {int(dim) for dim in dims}


def bound_graph(graph: Graph, options: Options, runtime: str) -> Graph:
    """`graph` with the bindings of a plan's options.

    Raises:
        ModelError: a size is still open, or `runtime` does not resize tensors and a binding does.
    """
    bound = bind(graph, options.bind, allow_unplanned=options.allow_unplanned)
    if bound.resized and runtime in RUNTIMES and not RUNTIMES[runtime].resizes:
        fault = f"runtime {runtime!r} takes every size as the file has it: {bound.resized[0]}"
        raise ModelError(fault, hint=resized_hint(bound, options.bind))
    return bound
