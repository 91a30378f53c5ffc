"""The lines of keys in a TOML text, for errors."""

import re
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]
"""The path to a value: names of tables, and indices in lists."""


class KeyLines:
    """The line on which each key of a TOML text is first named. tomllib does not report it.

    tomllib must accept the text. `lines` maps the path of a key, with an index for each element of a list, to its line,
    counted from 1.
    """

    _TOKEN = re.compile(
        r"""\#[^\n]* | [\ \t\r]+                                                            # skipped
        | ( \"{3}(?:[^\\]|\\.)*?\"{3,5} | '{3}.*?'{3,5} | "(?:[^"\\]|\\.)*" | '[^']*'       # strings
          | [][{}=,.\n] | [^][{}=,.\s\#"']+ )                                               # marks, words""",
        re.VERBOSE | re.DOTALL,
    )

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
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
        table: KeyPath = ()
        elements: dict[KeyPath, int] = {}  # of each array of tables: the number of elements so far
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

    def _enter(self, key: KeyPath, line: int, elements: Mapping[KeyPath, int]) -> KeyPath:
        """Note the line of `key`; return `key`, or its last element where it is an array of tables."""
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

    def _pair(self, table: KeyPath) -> None:
        line = self._tokens[self._at][1]
        for part in self._key():
            table = (*table, part)
            self.lines.setdefault(table, line)
        self._next()  # the equals sign
        self._value(table)

    def _value(self, key: KeyPath) -> None:
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
