"""Facts about a record that follow from its fields alone, each computed once and kept with the record."""

from collections.abc import Callable
from typing import Any, Self, TypeVar

_Fact = TypeVar("_Fact")


class Facts:
    """The base of a record with facts that several stages ask for. They are no fields: copies do not have them."""

    __slots__ = ("_facts",)

    _facts: dict[Callable[[Any], Any], Any]

    def fact(self, of: Callable[[Self], _Fact]) -> _Fact:
        """`of` this record, computed when it is first asked for.

        Args:
            of: a function of a module, which reads the fields alone and returns a value that nobody changes.
        """
        try:
            return self._facts[of]  # type: ignore[no-any-return]
        except AttributeError:
            object.__setattr__(self, "_facts", {})
        except KeyError:
            pass
        return self._facts.setdefault(of, of(self))  # type: ignore[no-any-return]
