"""Tables of a profile, with the place of each mistake."""

from collections.abc import Callable, Mapping
from typing import NoReturn, TypeVar

from tmpass.base.errors import TargetError, UsageError
from tmpass.targets.key_lines import Key, KeyLines
from tmpass.targets.values import nearest, show

T = TypeVar("T")


class Reader:
    """Reads the data of one profile piece by piece; errors find their line in its `text`, of the file `where`."""

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where = text, where

    def table(
        self,
        value: object,
        key: Key,
        required: tuple[str, ...],
        optional: tuple[str, ...] = (),
        example: str = '{ value = ..., source = "data sheet" }',
    ) -> Mapping[str, object]:
        """`value` as a table that has all the required keys and none but these and the optional ones."""
        known = required + optional
        if not isinstance(value, dict):
            self.fail(key, f"{show(value)} is not a table", f"write {example}")
        for name in value:
            if name not in known:
                near = nearest(name, known)
                hint = f"did you mean {near}?" if near else f"the keys here are {', '.join(known)}"
                self.fail((*key, name), "unknown key", hint)
        for name in required:
            if name not in value:
                self.fail(key, f"the key {name!r} is missing", "add it")
        return value

    def tables(self, value: object, key: Key, fault: str) -> list[object]:
        """`value` as a list of tables, each begun with the name of the list in double brackets; `fault` if none."""
        if not isinstance(value, list) or not value:
            self.fail(key, fault, f"begin each with [[{key[-1]}]]")
        return value

    def fact(self, value: object, key: Key, parse: Callable[[object], T]) -> tuple[T, str]:
        """What `parse` makes of the value in a table of value and source, and the source.

        `parse` raises UsageError where it cannot.
        """
        fact = self.table(value, key, ("value", "source"))
        source = self.line_of_text(fact["source"], (*key, "source"))
        try:
            return parse(fact["value"]), source
        except UsageError as error:
            self.fail((*key, "value"), error.what, error.hint)

    def line_of_text(self, value: object, key: Key) -> str:
        """`value` as a text that fits on a line and says something."""
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            self.fail(key, f"{show(value)} is not a line of text", "write one, in quotes")
        return value

    def fail(self, key: Key, what: str, hint: str) -> NoReturn:
        """Raise for `key`, at its line or else the line of the nearest table around it."""
        lines, found = KeyLines(self.text).lines, key
        while found and found not in lines:
            found = found[:-1]
        parts = (f"[{part}]" if isinstance(part, int) else f".{part[:40]}" for part in key)
        places = [self.where, f"line {lines[found]}" if found else "", "".join(parts).removeprefix(".")]
        raise TargetError(what, where=", ".join(place for place in places if place), hint=hint)
