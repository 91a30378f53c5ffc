"""Outputs of the model that must lie where an input lies: state, and caches that a run updates.

past ── TensorScatter ──> present       --tie present=past: the caller hands the same bytes in and gets them back
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tmpass.aliases import Aliases, Key, written
from tmpass.aliases.in_place import InPlace, TieError, may_write_over
from tmpass.errors import ModelError, UsageError, brief
from tmpass.graph import ABSENT, Entry, Graph, Op, Subgraph, Tensor, TensorKind
from tmpass.schedule import Schedule
from tmpass.schedule.dependencies import describe
from tmpass.target import Sharing, Target
from tmpass.target.values import nearest

_SCATTERS = frozenset(
    {"TensorScatter", "ScatterND", "ScatterElements", "Scatter", "DYNAMIC_UPDATE_SLICE", "STABLEHLO_SCATTER"}
    | {"STABLEHLO_DYNAMIC_UPDATE_SLICE"}
)
"""Operators that copy their first input and change some of it: over that input, only the change is left to do."""

HOW = "write OUTPUT=INPUT, with names of the model's outputs and inputs"


class EndTie(NamedTuple):
    """Output `output` of an entry must have the address of its input `input`."""

    output: Key
    input: Key


def split_names(graph: Graph, asked: Iterable[str]) -> dict[str, str]:
    """Output -> input, by name, of each text "output=input"; names may have a "=" themselves.

    Raises:
        UsageError: a text has no "=", or several with which both names are the model's, or none; or an output twice.
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
    """The ties that `asked` names, output -> input, in each entry that has both.

    Raises:
        UsageError: a name is not one of the model's outputs or inputs, or two outputs share an input.
        ModelError: output and input differ in type or size, or a runtime keeps one of them elsewhere.
    """
    found: dict[Key, EndTie] = {}
    for output, name in asked.items():
        pairs = []
        for entry in graph.entries:
            made, given = _names(graph, entry, "outputs"), _names(graph, entry, "inputs")
            if output in made and name in given:
                pairs.append(EndTie((entry.subgraph, made[output]), (entry.subgraph, given[name])))
        if not pairs:
            raise _unknown(graph, output, name)
        for tie in dict.fromkeys(pairs):
            _check_pair(graph, tie)
            other = next((t for t in found.values() if t.input == tie.input and t.output != tie.output), None)
            if other is not None:
                both = f"{brief(graph.tensor(other.output).name)} and {brief(output)}"
                raise UsageError(f"outputs {both} are tied to one input, {brief(name)}", hint="tie one of them")
            found[tie.output] = tie
    return tuple(found.values())


def tie_pairs(graph: Graph, ties: Sequence[EndTie], aliases: Aliases, sharing: Sharing) -> Iterator[InPlace]:
    """What must be written in place so that `ties` hold: where an operator reads bytes of the input and writes these
    bytes of the output.

    It reads and writes all of them, or a piece, or what they are a piece of; not what only lies beside them, which has
    another place where less shares. The operator is element-wise, a scatter or a view, or `sharing` names it; --tie says that the runtime does it in place.
    """
    writes = written(graph) if ties else {}

    def free(key: Key) -> bool:
        return graph.tensor(key).kind is TensorKind.ACTIVATION and writes[key] <= 1

    def span(key: Key) -> tuple[int, int]:
        low = aliases.position.get(key, 0)
        return low, low + (graph.tensor(key).bytes or 0)

    for tie in ties:
        s = tie.output[0]
        subgraph = graph.subgraphs[s]
        shift = aliases.position.get(tie.input, 0) - aliases.position.get(tie.output, 0)
        for index, op in enumerate(subgraph.ops):
            for source, result in may_be_tied(op, subgraph, sharing):
                one, two = (s, source), (s, result)
                if aliases.of(one) != aliases.of(tie.input) or aliases.of(two) != aliases.of(tie.output):
                    continue
                # An output is needed after the last step, and an input before the first one.
                if source in subgraph.outputs or result in subgraph.inputs or not (free(one) and free(two)):
                    continue
                (low, high), (start, end) = span(two), span(tie.output)
                at_one_place = aliases.position.get(one, 0) - low == shift and max(low, start) < min(high, end)
                if at_one_place and op.inputs.count(source) == 1 and aliases.of(one) != aliases.of(two):
                    yield InPlace(s, index, one, two)


def may_be_tied(op: Op, subgraph: Subgraph, sharing: Sharing) -> Iterator[tuple[int, int]]:
    """(source, result) of what `op` may write in place for a tie."""
    yield from may_write_over(op, subgraph, sharing)
    if op.elementwise:
        yield from may_write_over(op, subgraph, Sharing(in_place=(op.kind,)))
    if (op.kind in _SCATTERS or op.view) and op.inputs and op.outputs:
        source, result = op.inputs[0], op.outputs[0]
        if ABSENT not in (source, result) and subgraph.tensors[source].bytes == subgraph.tensors[result].bytes:
            yield source, result


def tie_edges(graph: Graph, ties: Sequence[EndTie], s: int, views: bool | None = None) -> Iterator[tuple[int, int]]:
    """(earlier, later) of operators of subgraph `s`: all that read a tied input before the one that writes over it.

    With `views`, all that read the input or a view of it, before the one that makes what the output is a view of. By
    default, none for an output that may hold what the input holds, as views and pieces do, which changes nothing where
    these share.
    """
    ops = graph.subgraphs[s].ops
    for tie in ties:
        if tie.output[0] != s or not graph.tensor(tie.output).bytes:
            continue
        writers = {t: index for index, op in enumerate(ops) for t in op.outputs if t != ABSENT}
        made, given = _views_of(tie.output[1], ops, writers), {tie.input[1]}
        if made[0] not in writers or (views is not False and tie.input[1] in made):
            continue
        if views is None and tie.input in _moved_into(graph, tie.output, writers):
            continue
        if views:
            given.update(t for t in writers if tie.input[1] in _views_of(t, ops, writers))
        writer = writers[made[-1] if views and made[-1] in writers else made[0]]
        yield from (
            (index, writer) for index, op in enumerate(ops) if index != writer and not given.isdisjoint(op.inputs)
        )


def _views_of(t: int, ops: Sequence[Op], writers: Mapping[int, int]) -> list[int]:
    """Tensor `t`, what it is a view of, what that is a view of, and so on."""
    chain = [t]
    while t in writers and ops[writers[t]].view and (t := ops[writers[t]].inputs[0]) not in chain:
        chain.append(t)
    return chain


def _moved_into(graph: Graph, key: Key, writers: Mapping[int, int]) -> set[Key]:
    """All tensors of which tensor `key` may hold bytes, as operators of its subgraph pass them on under any name."""
    s, found, open_ = key[0], set[Key](), [key]
    names: dict[Key, list[Key]] = {}
    for name, held in graph.held_in.items():
        names.setdefault(held, []).append(name)
        names.setdefault(name, []).append(held)
    while open_:
        here = open_.pop()
        if here in found:
            continue
        found.add(here)
        open_ += names.get(here, ())
        maker = graph.subgraphs[s].ops[writers[here[1]]] if here[1] in writers else None
        if maker is not None and maker.moves is not None:
            open_ += ((s, t) for t in maker.inputs if t != ABSENT)
    return found


def forced_in_place(
    graph: Graph,
    ties: Sequence[EndTie],
    target: Target,
    members: Sequence[tuple[Key, ...]],
    position: Mapping[Key, int],
) -> Iterator[str]:
    """A line for each operator that `target` does not let write in place, and a tie makes it; `members` are the tensors
    of each buffer, at their `position` in it.
    """
    for tie in ties:
        s = tie.output[0]
        group = next((tensors for tensors in members if tie.output in tensors), ())
        for op in graph.subgraphs[s].ops:
            allowed = set(may_write_over(op, graph.subgraphs[s], target.sharing))
            if op.view and target.sharing.allows(target.sharing.views, op.kind):
                continue
            for pair in dict.fromkeys(may_be_tied(op, graph.subgraphs[s], target.sharing)):
                one, two = (s, pair[0]), (s, pair[1])
                there = one in group and two in group and position.get(one, 0) == position.get(two, 0)
                if there and pair not in allowed:
                    names = f"{brief(graph.tensor(two).name)} over {brief(graph.tensor(one).name)}"
                    yield f"--tie needs a {op.kind} that writes {names}: [sharing] of {target.name} does not list it"


def why_not(graph: Graph, tie: EndTie, schedule: Schedule) -> TieError:
    """The error of a tie that does not hold on the timeline `schedule`: who reads the input too late."""
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
    """Name -> tensor of the inputs or outputs of `entry`: public names first, then those of the tensors; each also
    with the name of the entry in front.
    """
    subgraph = graph.subgraphs[entry.subgraph]
    ends = tuple(getattr(subgraph, side))
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


def _check_pair(graph: Graph, tie: EndTie) -> None:
    """Refuse a pair of different sizes or types, or in places that a tie cannot change."""
    made, given = graph.tensor(tie.output), graph.tensor(tie.input)
    names = f"output {brief(made.name)} and input {brief(given.name)}"
    if made.bytes != given.bytes or made.dtype != given.dtype or made.bytes is None:
        raise ModelError(
            f"{names} cannot be tied: they are {_about(made)} and {_about(given)}",
            hint="only equal types and sizes can be tied",
        )
    ordinary = made.kind is given.kind is TensorKind.ACTIVATION
    if not ordinary or tie.output[0] in graph.called:
        why = "an operator of the model runs this entry too" if ordinary else "one is a variable or a constant"
        raise ModelError(f"{names} cannot be tied: {why}", hint="leave out this --tie")


def _about(tensor: Tensor) -> str:
    size = "unknown size" if tensor.bytes is None else f"{tensor.bytes} B"
    shape = "unknown shape" if tensor.shape is None else f"[{', '.join(map(str, tensor.shape[:8]))}]"
    return f"{tensor.dtype.name} {shape}, {size}"
