"""Reading of the tables of a profile. An error names the line and the key."""

from collections.abc import Callable, Mapping
from typing import NoReturn, TypeVar

from tmpass.base.errors import TargetError, TmpassError, UsageError
from tmpass.base.nearest import nearest
from tmpass.targets.key_lines import KeyLines, KeyPath
from tmpass.targets.values import show, toml

T = TypeVar("T")


class Reader:
    """Checks the data of one TOML file. Errors find their line in its `text`, and name the file, `where`.

    They are of the class `error`, which is a TargetError for a profile.
    """

    def __init__(self, text: str, where: str, error: type[TmpassError] = TargetError) -> None:
        self.text, self.where, self.error = text, where, error

    def table(
        self,
        value: object,
        key: KeyPath,
        required: tuple[str, ...],
        optional: tuple[str, ...] | None = (),
        example: str = '{ value = ..., source = "data sheet" }',
    ) -> Mapping[str, object]:
        """`value` as a table.

        Args:
            value: the data.
            key: where it is.
            required: keys that it must have.
            optional: keys that it may have. No others are allowed, but with None all are.
            example: of such a table, for the error.

        Raises:
            TargetError: it is something else.
        """
        if not isinstance(value, dict):
            self.fail(key, f"{show(value)} is not a table", f"write {example}")
        known = required + (tuple(value) if optional is None else optional)
        for name in value:
            if name not in known:
                near = nearest(name, known)
                hint = f"did you mean {near}?" if near else f"the keys here are {', '.join(known)}"
                self.fail((*key, name), "unknown key", hint)
        for name in required:
            if name not in value:
                self.fail(key, f"the key {name!r} is missing", "add it")
        return value

    def tables(self, value: object, key: KeyPath, fault: str) -> list[object]:
        """`value` as a list with at least one item, each a table that begins with [[name of the list]].

        Raises:
            TargetError: it is something else; `fault` says so.
        """
        if not isinstance(value, list) or not value:
            self.fail(key, fault, f"begin each with [[{key[-1]}]]")
        return value

    def fact(self, value: object, key: KeyPath, parse: Callable[[object], T]) -> tuple[T, str]:
        """The parsed value and the source of a fact, which is a table of both.

        Args:
            value: the table.
            key: where it is.
            parse: converts the value, or raises UsageError.

        Raises:
            TargetError: it is something else, or `parse` refused the value.
        """
        written = f'{{ value = {toml(value)}, source = "data sheet" }}'
        example = f"{key[-1]} = {written}" if isinstance(key[-1], str) else written
        fact = self.table(value, key, ("value", "source"), example=example)
        source = self.line_of_text(fact["source"], (*key, "source"))
        return self.parsed(fact["value"], (*key, "value"), parse), source

    def parsed(self, value: object, key: KeyPath, parse: Callable[[object], T]) -> T:
        """The value that `parse` makes of `value`.

        Raises:
            TargetError: `parse` refused it with a UsageError.
        """
        try:
            return parse(value)
        except UsageError as error:
            self.fail(key, error.what, error.hint)

    def line_of_text(self, value: object, key: KeyPath) -> str:
        """`value` as one line of text that is not blank.

        Raises:
            TargetError: it is something else.
        """
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            self.fail(key, f"{show(value)} is not a line of text", "write one, in quotes")
        return value

    def fail(self, key: KeyPath, what: str, hint: str) -> NoReturn:
        """Raise an error about `key`, with the line of `key` or, if it has none, of the nearest table around it.

        Raises:
            TargetError: always.
        """
        lines, found = KeyLines(self.text).lines, key
        while found and found not in lines:
            found = found[:-1]
        parts = (f"[{part}]" if isinstance(part, int) else f".{part[:40]}" for part in key)
        places = [self.where, f"line {lines[found]}" if found else "", "".join(parts).removeprefix(".")]
        raise self.error(what, where=", ".join(place for place in places if place), hint=hint)
