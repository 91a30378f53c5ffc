"""Ties: outputs of the model that must have the address of an input, such as state or caches that a run updates.

past ── TensorScatter ──> present       --tie present=past: the caller passes bytes in, and gets the same bytes back
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tmpass.base.errors import ModelError, UsageError, brief
from tmpass.base.nearest import nearest
from tmpass.graph.dependencies import describe
from tmpass.graph.model import ABSENT, Entry, Graph, Tensor, TensorKey, TensorKind
from tmpass.planning.sharing.in_place import TieError
from tmpass.planning.timeline.schedule import Schedule

HOW = "write OUTPUT=INPUT, with names of the model's outputs and inputs"


class EndTie(NamedTuple):
    """A tie: `output` of an entry must have the address of its `input`."""

    output: TensorKey
    input: TensorKey


def split_names(graph: Graph, asked: Iterable[str]) -> dict[str, str]:
    """Name of an output -> name of an input, from texts "output=input". Names may contain "=".

    Raises:
        UsageError: a text has no "=", or can be read in several ways, or an output is tied twice.
    """
    outputs = {name for entry in graph.entries for name in _names(graph, entry, "outputs")}
    inputs = {name for entry in graph.entries for name in _names(graph, entry, "inputs")}
    found: dict[str, str] = {}
    for text in asked:
        if not isinstance(text, str):
            raise UsageError(f"tie is {brief(text)}", hint=HOW)
        cuts = [(text[:at], text[at + 1 :]) for at, letter in enumerate(text) if letter == "="]
        if not cuts:
            raise UsageError(f"tie {brief(text)} has no '='", hint=HOW)
        known = [(output, name) for output, name in cuts if output in outputs and name in inputs]
        if len(known) > 1:
            raise UsageError(
                f"tie {brief(text)} can be read in {len(known)} ways", hint="tie it from Python, by a dict"
            )
        output, name = known[0] if known else next((c for c in cuts if c[0] in outputs or c[1] in inputs), cuts[0])
        if found.setdefault(output, name) != name:
            raise UsageError(f"output {brief(output)} is tied twice", hint="tie it to one input")
    return found


def find_ties(graph: Graph, asked: Mapping[str, str]) -> tuple[EndTie, ...]:
    """The ties of each entry that has both names of a pair in `asked` (output -> input).

    Raises:
        UsageError: a name is not one of the model's outputs or inputs, or two outputs share an input.
        ModelError: output and input differ in type or size, or one of them is in memory that a tie cannot change.
    """
    found: dict[TensorKey, EndTie] = {}
    over: dict[TensorKey, TensorKey] = {}  # input -> the output that is tied to it
    outputs, inputs, called = _by_name(graph, "outputs"), _by_name(graph, "inputs"), graph.called
    for output, name in asked.items():
        made, given = outputs.get(output, {}), inputs.get(name, {})
        pairs = [EndTie(key, given[entry]) for entry, key in made.items() if entry in given]
        if not pairs:
            raise _unknown(graph, output, name)
        for tie in dict.fromkeys(pairs):
            _check_pair(graph, tie, called)
            other = over.setdefault(tie.input, tie.output)
            if other != tie.output:
                both = f"{brief(graph.tensor(other).name)} and {brief(output)}"
                raise UsageError(f"outputs {both} are tied to one input, {brief(name)}", hint="tie one of them")
            found[tie.output] = tie
    return tuple(found.values())


def _by_name(graph: Graph, side: str) -> dict[str, dict[int, TensorKey]]:
    """Name -> number of an entry -> its input or output of that name; `side` is "inputs" or "outputs"."""
    found: dict[str, dict[int, TensorKey]] = {}
    for number, entry in enumerate(graph.entries):
        for name, t in _names(graph, entry, side).items():
            found.setdefault(name, {})[number] = entry.subgraph, t
    return found


def why_not(graph: Graph, tie: EndTie, schedule: Schedule) -> TieError:
    """The error for a tie that does not hold on a timeline.

    It names the operator that reads the input too late.
    """
    (s, output), (_, given) = tie.output, tie.input
    subgraph = graph.subgraphs[s]
    names = f"output {brief(subgraph.tensors[output].name)} cannot lie over input {brief(subgraph.tensors[given].name)}"
    hint = "leave out this --tie, or copy the input before"
    steps = [step for step in schedule.steps if step.subgraph == s]
    made = next((n for n, step in enumerate(steps) if output in subgraph.ops[step.op].outputs), None)
    readers = [n for n, step in enumerate(steps) if given in subgraph.ops[step.op].inputs]
    if given in subgraph.outputs and given != output:
        why = "which is an output, too"
    elif output in subgraph.inputs or made is None:
        why = "which no operator writes"
    elif not readers and made == 0:
        why = f"which is handed in while {describe(subgraph, steps[made].op)} writes it"
    elif not readers or readers[-1] < made:
        why = "with which other tensors share storage"
    elif readers[-1] == made:
        why = f"which {describe(subgraph, steps[made].op)} reads while it writes"
    else:
        reader, writer = (describe(subgraph, steps[n].op) for n in (readers[-1], made))
        why = f"which {reader} still reads after {writer} has written"
        hint += "; --schedule auto looks for an order that reads it before"
    return TieError(f"{names}, {why}", hint=hint)


def _names(graph: Graph, entry: Entry, side: str) -> dict[str, int]:
    """Name -> input or output of `entry`, by public names first, then by names of tensors.

    Each name also counts with the name of the entry in front.
    """
    subgraph = graph.subgraphs[entry.subgraph]
    ends = dict.fromkeys(getattr(subgraph, side))
    found = {name: t for name, t in getattr(entry, side).items() if t in ends}
    for t in ends:
        if t != ABSENT:
            found.setdefault(subgraph.tensors[t].name, t)
    return found | {f"{entry.name}:{name}": t for name, t in found.items() if f"{entry.name}:{name}" not in found}


def _unknown(graph: Graph, output: str, name: str) -> UsageError:
    for word, side, names in (
        (output, "output", [n for entry in graph.entries for n in _names(graph, entry, "outputs")]),
        (name, "input", [n for entry in graph.entries for n in _names(graph, entry, "inputs")]),
    ):
        if word not in names:
            near = nearest(word, names) if isinstance(word, str) else ""
            hint = f"did you mean {near}?" if near else f"{side}s are {', '.join(map(brief, names[:8])) or 'none'}"
            return UsageError(f"tie: the model has no {side} {brief(word)}", hint=hint)
    return UsageError(f"no entry of the model has both output {brief(output)} and input {brief(name)}", hint=HOW)


def _check_pair(graph: Graph, tie: EndTie, called: frozenset[int]) -> None:
    """Raise for a pair of different sizes or types, or in memory that a tie cannot change."""
    made, given = graph.tensor(tie.output), graph.tensor(tie.input)
    names = f"output {brief(made.name)} and input {brief(given.name)}"
    if made.bytes != given.bytes or made.dtype != given.dtype or made.bytes is None:
        raise ModelError(
            f"{names} cannot be tied: they are {_about(made)} and {_about(given)}",
            hint="only equal types and sizes can be tied",
        )
    ordinary = made.kind is given.kind is TensorKind.ACTIVATION
    if not ordinary or tie.output[0] in called:
        why = "an operator of the model runs this entry too" if ordinary else "one is a variable or a constant"
        raise ModelError(f"{names} cannot be tied: {why}", hint="leave out this --tie")


def _about(tensor: Tensor) -> str:
    size = "unknown size" if tensor.bytes is None else f"{tensor.bytes} B"
    shape = "unknown shape" if tensor.shape is None else f"[{', '.join(map(str, tensor.shape[:8]))}]"
    return f"{tensor.dtype.name} {shape}, {size}"
