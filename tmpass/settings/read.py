"""Reads a settings file. An error names the file, the line and the key."""

import os
from collections.abc import Mapping

from tmpass.base.errors import UsageError
from tmpass.settings.misspelt import misspelt_table
from tmpass.settings.settings import Options, Settings
from tmpass.settings.values import OPTIONS, is_path, targets
from tmpass.targets.key_lines import KeyPath
from tmpass.targets.reader import Reader

_FOR_ALL = ("models", "targets")
"""Keys that only the whole file has."""


def read_settings(text: str, file: str, table: KeyPath = ()) -> Settings | None:
    """The settings in `text`.

    Args:
        text: TOML.
        file: its path.
        table: where the settings are; the whole text by default.

    Returns:
        The settings; None where the text has no such table.

    Raises:
        UsageError: it is not TOML, has a key that is unknown, or a value of another kind.
    """
    import tomllib

    try:
        data: object = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"it is not TOML: {error}", where=file, hint="correct it there") from None
    reader = Reader(text, file, UsageError)
    if isinstance(data, dict) and (found := misspelt_table(data, table, (*OPTIONS, *_FOR_ALL))):
        meant = f"did you mean [{'.'.join(map(str, table))}]?"
        reader.fail(found, "unknown table", meant if table else "this file has no such table: leave its line out")
    for part in table:
        if not isinstance(data, dict) or part not in data:
            return None
        data = data[part]
    whole = reader.table(data, table, (), (*OPTIONS, *_FOR_ALL), 'target = "tflm"')
    models = reader.table(whole.get("models", {}), (*table, "models"), (), None, '[models."*.onnx"]')
    patterns = tuple(
        (pattern, _options(reader, reader.table(value, key, (), tuple(OPTIONS), 'target = "tflm"'), key))
        for pattern, value in models.items()
        if (key := (*table, "models", pattern))
    )
    targets = _targets(reader, whole, table)
    options = _options(reader, {name: value for name, value in whole.items() if name not in _FOR_ALL}, table)
    if len(targets) == 1:  # whose name leaves nothing open
        options = {"target": targets[0], **options}
    return Settings(file, options, patterns, targets)


def _targets(reader: Reader, data: Mapping[str, object], table: KeyPath) -> tuple[str, ...]:
    """The targets of a fleet in `data`, with files from the folder of the settings; empty where there are none."""
    if "targets" not in data:
        return ()
    found = reader.parsed(data["targets"], (*table, "targets"), targets)
    return tuple(_place("target", target, reader.where) for target in found)


def _options(reader: Reader, data: Mapping[str, object], table: KeyPath) -> Options:
    found: dict[str, object] = {}
    for name, value in data.items():
        read = reader.parsed(value, (*table, name), OPTIONS[name])
        found[name.replace("-", "_")] = _place(name, read, reader.where) if isinstance(read, str) else read
    return found


def _place(name: str, value: str, file: str) -> str:
    """The value of an option; a path is made one from the folder of the settings file."""
    is_file = name == "scratch" or (name == "target" and is_path(value))
    return os.path.join(os.path.dirname(file), value) if is_file else value
