"""Target profiles: the memories of an accelerator, and where each of their numbers comes from.

A profile is TOML. Each number stands in a table with its source, or the word `assumed`:

    name = "example"
    summary = "An accelerator with one scratchpad"
    standing = "assumed"

    [[memory]]
    name = "scratchpad"
    capacity = { value = "8MiB", source = "data sheet" }          # or "unlimited"
    alignment = { value = 64, source = "assumed" }
    bandwidth = { value = "51.2 GB/s", source = "data sheet" }    # optional
    holds = ["activations", "variables", "inputs_outputs"]

The first memory that holds activations is the scratchpad: plans are made there.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn, TypeVar

from tmpass.errors import TargetError, UsageError
from tmpass.problem import MAX_ALIGNMENT
from tmpass.sizes import MAX_BYTES, parse_size

USES = ("activations", "variables", "weights", "inputs_outputs")
"""What a memory can hold."""

MAX_FILE = 64 * 1024
MAX_LINE = 1000
"""Bytes in a profile and characters in a line of it: tomllib takes quadratic time over long dotted keys."""

_NO_SCRATCHPAD = "no memory holds activations"
_ADD_ACTIVATIONS = 'add "activations" to the `holds` of one'
_PROFILES = Path(__file__).parent / "targets"
_Number = TypeVar("_Number", int, int | None)
_Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Memory:
    """One memory of a target.

    Fields: `capacity` in bytes, None where unlimited; `alignment` of every offset, in bytes; `holds`, the
    USES it has; `bandwidth` in bytes per second, None where unknown; `sources` says where "capacity",
    "alignment" and "bandwidth" come from.
    """

    name: str
    capacity: int | None
    alignment: int
    holds: tuple[str, ...]
    bandwidth: int | None = None
    sources: Mapping[str, str] = field(default_factory=dict, hash=False)


EVERY = "every"
"""In a list of operator kinds: all of them."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """What the runtime of a target allows: the kinds of operators, or EVERY, that may pass on storage.

    Fields: `views` keep all bytes as they are; `in_place` write their result over an input that ends there; `parts`
    join or cut along the outermost axis, and find or leave the pieces where they are in the whole.
    """

    views: tuple[str, ...] = (EVERY,)
    in_place: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @staticmethod
    def allows(kinds: tuple[str, ...], kind: str) -> bool:
        """Whether `kind` is one of `kinds`."""
        return EVERY in kinds or kind in kinds


@dataclass(frozen=True, slots=True)
class Target:
    """The memories of an accelerator, nearest first, and what its runtime allows.

    Fields: `standing` says how far the numbers can be trusted: "public", "assumed", ... `load_target` makes a
    Target from the name of a built-in profile or from a TOML file.
    """

    name: str
    summary: str
    standing: str
    memories: tuple[Memory, ...]
    sharing: Sharing = Sharing()

    @property
    def scratchpad(self) -> Memory:
        """The memory that plans are made for: the first that holds activations.

        Raises:
            TargetError: there is none.
        """
        for memory in self.memories:
            if "activations" in memory.holds:
                return memory
        raise TargetError(_NO_SCRATCHPAD, where=f"target {self.name}", hint=_ADD_ACTIVATIONS)

    def memory_for(self, uses: Iterable[str]) -> Memory:
        """Return the first memory that may hold all of `uses`, some of USES.

        Raises:
            TargetError: there is none.
        """
        wanted = set(uses)
        for memory in self.memories:
            if all(use in memory.holds for use in wanted):
                return memory
        held = {use for memory in self.memories for use in memory.holds}
        missing = sorted(wanted - held)
        if missing:
            names = " and ".join(f'"{use}"' for use in missing)
            hint = f"add {names} to the `holds` of a memory"
            # Inputs and outputs are the only ones that a caller can keep elsewhere.
            hint += ", or plan with --io external" if missing == ["inputs_outputs"] else ""
        else:
            hint = "add them to the `holds` of one, or plan with --share none"
        raise TargetError(
            f"no memory holds {' and '.join(missing or sorted(wanted))}", where=f"target {self.name}", hint=hint
        )

    @property
    def assumed(self) -> tuple[str, ...]:
        """The numbers that nobody outside knows, as "memory.number"."""
        return tuple(
            f"{memory.name}.{number}"
            for memory in self.memories
            for number, source in memory.sources.items()
            if source.startswith("assumed")
        )

    def override(self, capacity: int | None = None, alignment: int | None = None) -> "Target":
        """Return this target with another capacity or alignment of its scratchpad, in bytes; None keeps it.

        Raises:
            TargetError: no memory holds activations.
        """
        old = new = self.scratchpad
        if capacity is not None:
            new = replace(new, capacity=capacity, sources={**new.sources, "capacity": "--budget"})
        if alignment is not None:
            new = replace(new, alignment=alignment, sources={**new.sources, "alignment": "--alignment"})
        return replace(self, memories=tuple(new if memory is old else memory for memory in self.memories))


def target_names() -> tuple[str, ...]:
    """Return the names of the built-in profiles, sorted."""
    return tuple(sorted(path.stem for path in _PROFILES.glob("*.toml")))


def load_target(name_or_path: str) -> Target:
    """Return the built-in profile of that name, or the one in a file, if it has a separator or ends in .toml.

    Raises:
        TargetError: no profile has that name, or the file cannot be read or is wrong.
    """
    if name_or_path.endswith(".toml") or "/" in name_or_path or "\\" in name_or_path:
        return parse_target(_read(Path(name_or_path)), name_or_path)
    names = target_names()
    if name_or_path not in names:
        near = _nearest(name_or_path.lower(), names, most=3)
        hint = (f"did you mean {near}? " if near else "") + "tmpass targets lists them all"
        raise TargetError(f"no target is named {_show(name_or_path)}", hint=hint)
    return parse_target(_read(_PROFILES / f"{name_or_path}.toml"), f"{name_or_path}.toml")


def parse_target(text: str, where: str) -> Target:
    """Return the profile that `text` holds; `where` names its file in errors.

    Raises:
        TargetError: it is no TOML, or a key is unknown, missing or wrong; `where` gives file, line and key.
    """
    import tomllib

    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > MAX_LINE:
            raise TargetError(
                f"longer than {MAX_LINE} characters", where=f"{where}, line {number}", hint="break the line"
            )
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise TargetError("nested too deeply", where=where, hint="a profile has three levels") from None
    except ValueError as error:  # also for integers of thousands of digits, which are no TOMLDecodeError
        raise TargetError(f"not TOML: {error}", where=where, hint="correct that place") from None
    return _Profile(text, where).target(data)


def _read(path: Path) -> str:
    """Return the text of a profile."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            raise TargetError(f"above {MAX_FILE} bytes", where=str(path), hint="is it a target profile?")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TargetError(f"not UTF-8 at byte {error.start}", where=str(path), hint="save it so") from None
    except (OSError, ValueError) as error:  # ValueError: the path holds a NUL
        reason = getattr(error, "strerror", None) or error
        hint = "check the path" + ("; the built-in one has no .toml" if path.stem in target_names() else "")
        raise TargetError(f"cannot be read: {reason}", where=str(path), hint=hint) from None


class _Profile:
    """Turns the data of one profile into a Target; errors find their line in its text."""

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where = text, where

    def target(self, data: object) -> Target:
        root = self.table(data, (), ("name", "summary", "standing", "memory"))
        tables = root["memory"]
        if not isinstance(tables, list) or not tables:
            self.fail(("memory",), "there is no list of memories", "begin each memory with [[memory]]")
        memories: list[Memory] = []
        for index, table in enumerate(tables):
            memory = self.memory(table, ("memory", index))
            if any(memory.name == other.name for other in memories):
                self.fail(("memory", index, "name"), f"a memory before is also {memory.name!r}", "rename one")
            memories.append(memory)
        if not any("activations" in memory.holds for memory in memories):
            self.fail(("memory",), _NO_SCRATCHPAD, _ADD_ACTIVATIONS)
        return Target(
            name=self.line_of_text(root["name"], ("name",)),
            summary=self.line_of_text(root["summary"], ("summary",)),
            standing=self.line_of_text(root["standing"], ("standing",)),
            memories=tuple(memories),
        )

    def memory(self, value: object, key: _Key) -> Memory:
        table = self.table(value, key, ("name", "capacity", "alignment", "holds"), ("bandwidth",))
        sources: dict[str, str] = {}

        def number(name: str, parse: Callable[[object], _Number]) -> _Number:
            figure = self.table(table[name], (*key, name), ("value", "source"))
            sources[name] = self.line_of_text(figure["source"], (*key, name, "source"))
            try:
                return parse(figure["value"])
            except UsageError as error:
                self.fail((*key, name, "value"), error.what, error.hint)

        return Memory(
            name=self.line_of_text(table["name"], (*key, "name")),
            capacity=number("capacity", _capacity),
            alignment=number("alignment", _alignment),
            bandwidth=number("bandwidth", _bandwidth) if "bandwidth" in table else None,
            holds=self.holds(table["holds"], (*key, "holds")),
            sources=sources,
        )

    def holds(self, value: object, key: _Key) -> tuple[str, ...]:
        if not isinstance(value, list) or not value:
            what = "the list of uses is empty" if value == [] else f"{_show(value)} is not a list of uses"
            self.fail(key, what, f"the uses are {', '.join(USES)}")
        for index, use in enumerate(value):
            if use not in USES:
                near = _nearest(use, USES) if isinstance(use, str) else ""
                hint = f"did you mean {near}?" if near else f"the uses are {', '.join(USES)}"
                self.fail((*key, index), f"{_show(use)} is no use", hint)
            if use in value[:index]:
                self.fail((*key, index), f"{use!r} stands twice", "remove one")
        return tuple(use for use in USES if use in value)

    def line_of_text(self, value: object, key: _Key) -> str:
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            self.fail(key, f"{_show(value)} is not a line of text", "write one, in quotes")
        return value

    def table(
        self, value: object, key: _Key, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> Mapping[str, object]:
        """`value` as a table that has all the required keys and none but these and the optional ones."""
        known = required + optional
        if not isinstance(value, dict):
            example = '{ value = ..., source = "data sheet" }' if "source" in known else "[[memory]]"
            self.fail(key, f"{_show(value)} is not a table", f"write {example}")
        for name in value:
            if name not in known:
                near = _nearest(name, known)
                hint = f"did you mean {near}?" if near else f"the keys here are {', '.join(known)}"
                self.fail((*key, name), "unknown key", hint)
        for name in required:
            if name not in value:
                self.fail(key, f"the key {name!r} is missing", "add it")
        return value

    def fail(self, key: _Key, what: str, hint: str) -> NoReturn:
        """Raise for `key`, at its line or else the line of the nearest table around it."""
        lines, found = _Lines(self.text).lines, key
        while found and found not in lines:
            found = found[:-1]
        parts = (f"[{part}]" if isinstance(part, int) else f".{part[:40]}" for part in key)
        places = [self.where, f"line {lines[found]}" if found else "", "".join(parts).removeprefix(".")]
        raise TargetError(what, where=", ".join(place for place in places if place), hint=hint)


class _Lines:
    """Finds the line on which each key of a TOML text is first named, which tomllib does not tell.

    The text must be one that tomllib has read. `lines` maps the path of a key, with an index for each element
    of a list, to its line, from 1.
    """

    _TOKEN = re.compile(
        r"""\#[^\n]* | [\ \t\r]+                                                            # skipped
        | ( \"{3}(?:[^\\]|\\.)*?\"{3,5} | '{3}.*?'{3,5} | "(?:[^"\\]|\\.)*" | '[^']*'       # strings
          | [][{}=,.\n] | [^][{}=,.\s\#"']+ )                                               # marks, words""",
        re.VERBOSE | re.DOTALL,
    )

    def __init__(self, text: str) -> None:
        self.lines: dict[_Key, int] = {}
        self._tokens: list[tuple[str, int]] = []
        line = 1
        for match in self._TOKEN.finditer(text):
            if match[1]:
                self._tokens.append((match[1], line))
            line += match[0].count("\n")
        self._tokens.append(("", line))
        self._at = 0
        self._document()

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1][0]

    def _peek(self) -> str:
        return self._tokens[self._at][0]

    def _document(self) -> None:
        table: _Key = ()
        elements: dict[_Key, int] = {}  # of each array of tables, how many have begun
        while token := self._peek():
            if token == "\n":
                self._next()
            elif token != "[":
                self._pair(table)
            else:
                line = self._tokens[self._at][1]
                self._next()
                is_element = self._peek() == "["
                if is_element:
                    self._next()
                parts = self._key()
                table = ()
                for part in parts[:-1]:
                    table = self._enter((*table, part), line, elements)
                table = (*table, parts[-1])
                if is_element:
                    elements[table] = elements.get(table, 0) + 1
                table = self._enter(table, line, elements)
                while self._peek() == "]":
                    self._next()

    def _enter(self, key: _Key, line: int, elements: Mapping[_Key, int]) -> _Key:
        """Note `key`, and go on in its newest element if it is an array of tables."""
        self.lines.setdefault(key, line)
        if key in elements:
            key = (*key, elements[key] - 1)
            self.lines.setdefault(key, line)
        return key

    def _key(self) -> tuple[str, ...]:
        import tomllib

        parts: list[str] = []
        while not parts or (self._peek() == "." and self._next()):
            part = self._next()
            parts.append(tomllib.loads(f"key = {part}")["key"] if part[0] in "\"'" else part)
        return tuple(parts)

    def _pair(self, table: _Key) -> None:
        line = self._tokens[self._at][1]
        for part in self._key():
            table = (*table, part)
            self.lines.setdefault(table, line)
        self._next()  # the equals sign
        self._value(table)

    def _value(self, key: _Key) -> None:
        token = self._next()
        if token == "{":
            while self._peek() != "}":
                self._next() if self._peek() in ",\n" else self._pair(key)
            self._next()
        elif token == "[":
            index = 0
            while self._peek() != "]":
                if self._peek() in ",\n":
                    index += self._next() == ","
                else:
                    self.lines[*key, index] = self._tokens[self._at][1]
                    self._value((*key, index))
            self._next()
        else:
            while self._peek() not in ("", "\n", ",", "]", "}"):
                self._next()


def _capacity(value: object) -> int | None:
    return None if value == "unlimited" else _bytes(value, "capacity")


def _alignment(value: object) -> int:
    alignment = _bytes(value, "alignment")
    if not 1 <= alignment <= MAX_ALIGNMENT:
        raise UsageError(f"alignment {alignment} is not in 1 .. 2^31", hint="16 and 64 are usual")
    return alignment


def _bandwidth(value: object) -> int:
    """Bytes per second in `value`: a number, or a size and `/s`, as in "51.2 GB/s"."""
    if isinstance(value, str):
        if not value.rstrip().endswith("/s"):
            raise UsageError(f"bandwidth {_show(value)} has no unit", hint='write "51.2 GB/s" or a number')
        value = value.rstrip().removesuffix("/s")
    bandwidth = _bytes(value, "bandwidth")
    if bandwidth == 0:
        raise UsageError("bandwidth 0 moves nothing", hint="leave the key out where it is not known")
    return bandwidth


def _bytes(value: object, what: str) -> int:
    if isinstance(value, str) and len(value) <= 40:
        return parse_size(value, what)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_BYTES:
        return value
    raise UsageError(f"{what} {_show(value)} is not a size", hint='write 4096, "4KiB", "1MiB"; at most 2^62')


def _show(value: object) -> str:
    """`value` for an error: short, whatever a file holds."""
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and value.bit_length() > 70:
        return f"a number of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _nearest(word: str, names: Iterable[str], most: int = 1) -> str:
    """Return the names most like `word`, in quotes; "" if none is."""
    import difflib

    return " or ".join(repr(name) for name in difflib.get_close_matches(word[:60], names, n=most))
