"""The options that one file states, for all models and for some of them."""

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase

from tmpass.base.record import record

Options = Mapping[str, object]
"""Argument of tmpass.plan -> its value."""


@record
class Settings:
    """What a settings file states.

    Fields:
        file: its path.
        options: for all models.
        models: a pattern and its options, in the order of the file.
        targets: those of `tmpass fleet`; empty where the file names none.
    """

    file: str
    options: Options
    models: tuple[tuple[str, Options], ...] = ()
    targets: tuple[str, ...] = ()

    def target_of_patterns(self, model: str) -> str | None:
        """The target that a pattern names for a model; None where no pattern does."""
        found = Settings(self.file, {}, self.models).for_model(model).get("target")
        return found if isinstance(found, str) else None

    def for_model(self, model: str) -> dict[str, object]:
        """The options for the model at the path `model`: of all patterns that it matches, the last one wins.

        Bindings and ties add up, name by name.
        """
        found: dict[str, object] = {}
        for options in (self.options, *(options for pattern, options in self.models if self._matches(pattern, model))):
            for name, value in options.items():
                both = found.get(name)
                found[name] = {**both, **value} if isinstance(both, dict) and isinstance(value, dict) else value
        return found

    def _matches(self, pattern: str, model: str) -> bool:
        """Whether `pattern` fits the name of the file, or with a slash in it the path from the settings file's folder.

        `*` stands for any characters, slashes too.
        """
        if "/" not in pattern:
            return fnmatchcase(os.path.basename(model), pattern)
        if "://" in model:
            return fnmatchcase(model, pattern)
        folder = os.path.dirname(os.path.realpath(self.file))
        place = os.path.join(os.path.realpath(os.path.dirname(model)), os.path.basename(model))
        try:
            path = os.path.relpath(place, folder)
        except ValueError:  # another drive
            return False
        return fnmatchcase(path.replace(os.sep, "/"), pattern.removeprefix("./"))
