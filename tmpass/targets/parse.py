"""Parsing of a profile into a Target."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from tmpass.base.choices import Int8
from tmpass.base.errors import TargetError, UsageError
from tmpass.base.nearest import nearest
from tmpass.targets.key_lines import KeyPath
from tmpass.targets.kinds import kinds, kinds_in_place
from tmpass.targets.memory import USES, Memory, Use
from tmpass.targets.reader import Reader
from tmpass.targets.runtime import RUNTIMES, Runtime
from tmpass.targets.scratch.rule import ScratchRule
from tmpass.targets.sharing import Sharing
from tmpass.targets.target import ADD_ACTIVATIONS, NO_SCRATCHPAD, Target
from tmpass.targets.values import alignment, bandwidth, capacity, chunk, flag, rate, reserve, show

K = TypeVar("K")

MAX_LINE = 1000
"""The most characters in a line of a profile. tomllib takes quadratic time for long dotted keys."""

TAIL_MEMORY = "tail"
"""The name of the memory for variables that a runtime brings, where a profile has none."""

_SHARING = ("views", "in_place", "parts")

_OPTIONAL: Mapping[str, Callable[[object], object]] = {
    "bandwidth": bandwidth,
    "write_bandwidth": bandwidth,
    "reserve": reserve,
    "compute": flag,
    "chunk": chunk,
    "survives": flag,
}
"""Facts about a memory that a profile may leave out, and their readers."""


_SPEED: Mapping[str, Callable[[object], object]] = {"macs_per_second": rate, "prefetch": flag}
"""Facts about the time of a run that a profile may leave out, and their readers."""


_MORE: Mapping[str, Callable[[object], object]] = {**_SPEED, "kernels": kinds}
"""All such facts about the whole target."""


def parse_target(text: str, where: str) -> Target:
    """The target that the profile `text` describes.

    Args:
        text: the content of a TOML file.
        where: the name of the file for errors.

    Raises:
        TargetError: it is not valid TOML, or a key is unknown, missing or wrong. The error names file, line and key.
    """
    import tomllib

    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > MAX_LINE:
            what = f"the line has more than {MAX_LINE} characters"
            raise TargetError(what, where=f"{where}, line {number}", hint="break it")
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise TargetError("it is nested too deep", where=where, hint="a profile has three levels") from None
    except ValueError as error:  # TOMLDecodeError, or an integer of thousands of digits
        once = next((n for n, line in enumerate(text.split("\n"), 1) if line.split("#")[0].strip() == "[memory]"), 0)
        hint = f"line {once}: begin each memory with [[memory]]" if once else "correct that place"
        raise TargetError(f"it is not valid TOML: {error}", where=where, hint=hint) from None
    return _target(Reader(text, where), data)


def _target(reader: Reader, data: object) -> Target:
    root = reader.table(
        data,
        (),
        ("name", "summary", "standing", "memory"),
        ("consumer", "sharing", "scratch", "runtime", "int8", "word", *_MORE),
    )
    tables = reader.tables(root["memory"], ("memory",), "there is no list of memories")
    memories: list[Memory] = []
    for index, table in enumerate(tables):
        memory = _memory(reader, table, ("memory", index))
        if any(memory.name == other.name for other in memories):
            reader.fail(("memory", index, "name"), f"an earlier memory is also named {memory.name!r}", "rename one")
        memories.append(memory)
    if not any(Use.ACTIVATIONS in memory.holds and memory.compute for memory in memories):
        reader.fail(("memory",), NO_SCRATCHPAD, ADD_ACTIVATIONS)
    int8, int8_source = reader.fact(root["int8"], ("int8",), _int8) if "int8" in root else (Int8.FLOAT, "")
    word, word_source = reader.fact(root["word"], ("word",), _word) if "word" in root else (8, "")
    speed = {name: reader.fact(root[name], (name,), parse) for name, parse in _MORE.items() if name in root}
    facts: dict[str, Any] = {name: value for name, (value, _) in speed.items()}
    runtime = _runtime(reader, root["runtime"], ("runtime",)) if "runtime" in root else Runtime()
    if runtime.keeps_variables:
        memories = _with_tail(memories, runtime)
    sharing, scratch, implied = _rules(reader, root, runtime)
    return Target(
        name=reader.line_of_text(root["name"], ("name",)),
        summary=reader.line_of_text(root["summary"], ("summary",)),
        standing=reader.line_of_text(root["standing"], ("standing",)),
        consumer=reader.line_of_text(root["consumer"], ("consumer",)) if "consumer" in root else "",
        memories=tuple(memories),
        sharing=sharing,
        scratch=scratch,
        runtime=runtime,
        implied=implied,
        int8=int8,
        int8_source=int8_source,
        word=word,
        word_source=word_source,
        sources={name: source for name, (_, source) in speed.items()},
        **facts,
    )


def _with_tail(memories: list[Memory], runtime: Runtime) -> list[Memory]:
    """`memories` with the tail of the arena for variables, which the runtime keeps there and counts itself.

    A profile may say that the memory of the arena holds variables. It may also have a memory of its own for them.
    """
    found = []
    for memory in memories:
        if Use.ACTIVATIONS in memory.holds:
            memory = replace(memory, holds=tuple(use for use in memory.holds if use != Use.VARIABLES))
        found.append(memory)
    if any(Use.VARIABLES in memory.holds or memory.name == TAIL_MEMORY for memory in found):
        return found
    source = f"runtime {runtime.name}: the rest of the arena, which it fills from the top"
    sources = {"capacity": source, "alignment": source}
    tail = Memory(TAIL_MEMORY, None, runtime.alignment, (Use.VARIABLES,), sources=sources)
    after = next(index for index, memory in enumerate(found) if Use.ACTIVATIONS in memory.holds) + 1
    return [*found[:after], tail, *found[after:]]


def _rules(
    reader: Reader, root: Mapping[str, object], runtime: Runtime
) -> tuple[Sharing, tuple[ScratchRule, ...], tuple[str, ...]]:
    """The sharing and the scratch of a target, and which of the two its runtime adds to.

    A table `sharing` of the profile replaces that of the runtime, and rules for the scratch of a kind replace the
    runtime's for that kind.
    """
    sharing, scratch = implied_rules(runtime) if runtime.rules else (Sharing(), ())
    implied = ["sharing"] if runtime.rules and "sharing" not in root else []
    if "sharing" in root:
        sharing = _sharing(reader, root["sharing"], ("sharing",))
    if "scratch" in root:
        own = _scratch(reader, root["scratch"], ("scratch",))
        named = {rule.kind for rule in own}
        scratch = tuple(rule for rule in scratch if rule.kind not in named)
        implied += ["scratch"] if scratch else []
        scratch = (*own, *scratch)
    elif scratch:
        implied.append("scratch")
    return sharing, scratch, tuple(implied)


def implied_rules(runtime: Runtime) -> tuple[Sharing, tuple[ScratchRule, ...]]:
    """What the kernels of `runtime` share and need as scratch.

    Raises:
        TargetError: the file of its rules cannot be read or is wrong.
    """
    return _rules_in(runtime.rules, runtime.name)


@cache
def _rules_in(rules: str, runtime: str) -> tuple[Sharing, tuple[ScratchRule, ...]]:
    """The rules in the file that the field `rules` of the runtime of that name gives."""
    import tomllib

    path = Path(rules) if rules.endswith(".toml") else Path(__file__).parent / "runtimes" / f"{rules}.toml"
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except (OSError, ValueError) as error:
        hint = f"it comes with runtime {runtime}"
        raise TargetError(f"it is not a file of rules: {error}", where=str(path), hint=hint) from None
    reader = Reader(text, path.name)
    root = reader.table(data, (), (), ("sharing", "scratch"))
    sharing = _sharing(reader, root["sharing"], ("sharing",)) if "sharing" in root else Sharing()
    return sharing, _scratch(reader, root["scratch"], ("scratch",)) if "scratch" in root else ()


def _word(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in (4, 8):
        raise UsageError(f"word is {show(value)}", hint="write 4 or 8, the bytes of a pointer")
    return value


def _int8(value: object) -> Int8:
    if not isinstance(value, str) or value not in tuple(Int8):
        raise UsageError(f"int8 is {show(value)}", hint='write "native" or "float"')
    return Int8(value)


def _runtime(reader: Reader, value: object, key: KeyPath) -> Runtime:
    if not isinstance(value, str) or not value or value not in RUNTIMES:
        known = [name for name in RUNTIMES if name]
        reader.fail(key, f"{show(value)} is not a runtime", f"known are {', '.join(known)}; leave it out for any other")
    return RUNTIMES[value]


def _memory(reader: Reader, value: object, key: KeyPath) -> Memory:
    required = ("name", "capacity", "alignment", "holds")
    table = reader.table(value, key, required, tuple(_OPTIONAL), example="[[memory]]")
    sources: dict[str, str] = {}
    size, sources["capacity"] = reader.fact(table["capacity"], (*key, "capacity"), capacity)
    step, sources["alignment"] = reader.fact(table["alignment"], (*key, "alignment"), alignment)
    facts: dict[str, Any] = {}
    for name, parse in _OPTIONAL.items():
        if name in table:
            facts[name], sources[name] = reader.fact(table[name], (*key, name), parse)
    if size is not None and facts.get("reserve", 0) > size:
        reader.fail((*key, "reserve"), f"it is above the capacity of {size} bytes", "give a smaller number")
    return Memory(
        name=reader.line_of_text(table["name"], (*key, "name")),
        capacity=size,
        alignment=step,
        holds=_holds(reader, table["holds"], (*key, "holds")),
        sources=sources,
        **facts,
    )


def _holds(reader: Reader, value: object, key: KeyPath) -> tuple[Use, ...]:
    if not isinstance(value, list) or not value:
        what = "the list of uses is empty" if value == [] else f"{show(value)} is not a list of uses"
        reader.fail(key, what, f"the uses are {', '.join(USES)}")
    for index, use in enumerate(value):
        if use not in USES:
            near = nearest(use, USES) if isinstance(use, str) else ""
            hint = f"did you mean {near}?" if near else f"the uses are {', '.join(USES)}"
            reader.fail((*key, index), f"{show(use)} is not a use", hint)
        if use in value[:index]:
            reader.fail((*key, index), f"{use!r} occurs twice", "remove one")
    return tuple(use for use in USES if use in value)


def _sharing(reader: Reader, value: object, key: KeyPath) -> Sharing:
    table = reader.table(value, key, (), _SHARING, example="[sharing]")
    sources: dict[str, str] = {}

    def listed(name: str, parse: Callable[[object], tuple[K, ...]]) -> tuple[K, ...]:
        if name not in table:
            return ()
        value, sources[name] = reader.fact(table[name], (*key, name), parse)
        return value

    return Sharing(listed("views", kinds), listed("in_place", kinds_in_place), listed("parts", kinds), sources=sources)


def _scratch(reader: Reader, value: object, key: KeyPath) -> tuple[ScratchRule, ...]:
    rules = []
    for index, row in enumerate(reader.tables(value, key, "there is no list of scratch buffers")):
        place = (*key, index)
        table = reader.table(row, place, ("op", "bytes"), example="[[scratch]]")
        kind = reader.line_of_text(table["op"], (*place, "op"))
        size, source = reader.fact(table["bytes"], (*place, "bytes"), _size)
        rules.append(ScratchRule(kind, size, source=source))
    return tuple(rules)


def _size(value: object) -> int | str:
    """`value`, which is a number of bytes or a formula."""
    if not isinstance(value, int | str):
        raise UsageError(f"{show(value)} is not a number of bytes", hint='write 512, or a formula: "2 * in0.bytes"')
    from tmpass.targets.scratch.formula import parse_formula  # few profiles need it

    parse_formula(value)
    return value
