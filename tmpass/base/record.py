"""Records: frozen values with named fields.

A record behaves like a `dataclasses.dataclass(frozen=True, slots=True)`, and is made in a quarter of the time. The
standard decorator compiles six functions for each class, this one none for most. A cold plan makes 80
classes, which took 0.5 ms each, a quarter of its time. `fields`, `replace`, `asdict` and pickle work as for a
dataclass. A subclass that adds fields must be a record itself; a plain one has the fields and the constructor of its
base.
"""

from collections.abc import Callable, Iterable
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from functools import cache
from operator import attrgetter
from types import CodeType, FunctionType
from typing import Any, ParamSpec, Self, TypeVar, dataclass_transform

_Class = TypeVar("_Class", bound=type)
_Given = ParamSpec("_Given")
_Kind = TypeVar("_Kind")
_Fact = TypeVar("_Fact")


class Facts:
    """The base of a record with facts that several stages ask for. Copies and pickles do not have them."""

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


class Cached:
    """The base of a record with cached properties. Copies and pickles have none of their values."""


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: _Class) -> _Class:
    """The class with a constructor, equality, hash and representation that follow its fields, and nothing to assign to.

    Raises:
        SyntaxError: a field without a default follows one with a default.
    """
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    known = fields(made)
    made.__init__ = _constructor(made)
    made.__setattr__, made.__delattr__ = _assigned, _deleted
    values = _values(f.name for f in known)
    if hasattr(made, "__post_init__"):  # which must not run again
        made.__reduce__ = lambda self: (_restored, (self.__class__, *values(self)))
    else:
        made.__reduce__ = lambda self: (self.__class__, values(self))
    if "__repr__" not in cls.__dict__:
        made.__repr__ = _text
    if "__eq__" not in cls.__dict__:
        made.__eq__ = _equality(_getter(f.name for f in known if f.compare))
        if "__hash__" not in cls.__dict__:
            made.__hash__ = _hash(_getter(f.name for f in known if f.compare and f.hash is not False))
    return made  # type: ignore[no-any-return]


def maker(kind: Callable[_Given, _Kind]) -> Callable[_Given, _Kind]:
    """The constructor of record class `kind` as a function, which takes half the time: for loops over many rows.

    It makes the record in the class that allows assignment, and calls no `__init__`. Type checkers know its parameters.
    """
    return _maker(kind)  # type: ignore[no-any-return]


@cache
def _maker(kind: Any) -> Any:
    return _compiled(kind, "self = Open()", "self.__class__ = Own", own_self=False)


def _constructor(made: Any) -> Callable[..., None]:
    """`__init__` with one parameter for each field. A field's factory is called where its parameter is left out.

    While it runs, the record is of a class with the same slots that allows assignment. `self.x = x` takes a tenth of
    the time of `object.__setattr__`, and a record of nine fields is made in 0.2 microseconds instead of 0.55.
    """
    begin = "own_class_ = self.__class__; set_(self, '__class__', Open if own_class_ is Own else opened(own_class_))"
    init = _compiled(made, begin, "self.__class__ = own_class_", own_self=True)
    init.__annotations__ = {**{f.name: f.type for f in fields(made)}, "return": None}
    init.__name__, init.__qualname__ = "__init__", f"{made.__qualname__}.__init__"
    init.__module__ = made.__module__
    return init  # type: ignore[no-any-return]


def _compiled(made: Any, begin: str, end: str, *, own_self: bool) -> Any:
    """The function that assigns its parameters to the fields of the class `made`.

    Args:
        made: a class with slots.
        begin: the line before the assignments.
        end: the line behind them.
        own_self: whether the first parameter is the record; else the function makes and returns it.
    """
    known = fields(made)
    open_ = {"__slots__": made.__slots__, "__setattr__": object.__setattr__, "__init__": object.__init__}
    names: dict[str, Any] = {
        "set_": object.__setattr__,
        "Open": type(made.__name__, made.__bases__, open_),
        "Own": made,
        "opened": _opened,
    }
    defaults: list[Any] = []
    for at, f in enumerate(known):
        if f.default_factory is not MISSING:
            names |= {f"left_out_{at}": f, f"factory_{at}": f.default_factory}
        if f.default is not MISSING or f.default_factory is not MISSING:
            defaults.append(f if f.default is MISSING else f.default)
        elif defaults:
            raise SyntaxError(f"field {f.name!r} of {made.__qualname__} has no default, and follows one that has")
    makes = tuple([f.default_factory is not MISSING for f in known])
    code = _pattern(begin, end, makes, own_self=own_self, checks=hasattr(made, "__post_init__"))
    real = {name: f.name for at, f in enumerate(known) for name in (f"parameter_{at}", f"field_{at}")}
    code = code.replace(
        co_varnames=tuple([real.get(name, name) for name in code.co_varnames]),
        co_names=tuple([real.get(name, name) for name in code.co_names]),
    )
    function = FunctionType(code, names, None, tuple(defaults))
    function.__name__ = function.__qualname__ = made.__qualname__  # in the errors of calls
    return function


@cache
def _opened(kind: type) -> type:
    """A class with the layout of `kind`, a plain subclass of a record, that allows assignment."""
    return type(kind.__name__, (kind,), {"__slots__": (), "__setattr__": object.__setattr__})


@cache
def _pattern(begin: str, end: str, makes: tuple[bool, ...], *, own_self: bool, checks: bool) -> CodeType:
    """The code of `_compiled` for fields with made-up names, of which `makes` says whether they have a factory.

    Few patterns serve all classes: to compile takes five times as long as to change names in what was compiled.
    """
    lines = [begin]
    for at, factory in enumerate(makes):
        value = f"parameter_{at}"
        made = f"{value} if {value} is not left_out_{at} else factory_{at}()" if factory else value
        lines.append(f"self.field_{at} = {made}")
    lines += [end, *["self.__post_init__()"] * checks, *["return self"] * (not own_self)]
    parameters = [*["self"] * own_self, *[f"parameter_{at}" for at in range(len(makes))]]
    found: dict[str, FunctionType] = {}
    exec(f"def make({', '.join(parameters)}):\n " + "\n ".join(lines), found)
    return found["make"].__code__


def _getter(names: Iterable[str]) -> Callable[[Any], Any]:
    """The function from a record to the values of its fields `names`."""
    known = tuple(names)
    return attrgetter(*known) if known else lambda _: ()


def _equality(values: Callable[[Any], Any]) -> Callable[[Any, object], Any]:
    """`__eq__` over values of the fields. Records of different classes are not equal."""

    def equal(self: Any, other: object) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return equal


def _hash(values: Callable[[Any], Any]) -> Callable[[Any], int]:
    """`__hash__` over values of the fields."""
    return lambda self: hash(values(self))


def _text(self: Any) -> str:
    inside = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
    return f"{type(self).__qualname__}({inside})"


def _assigned(_self: Any, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _deleted(_self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _values(names: Iterable[str]) -> Callable[[Any], tuple[Any, ...]]:
    """The function from a record to the tuple of the values of its fields `names`."""
    known = tuple(names)
    found = _getter(known)
    return (lambda self: (found(self),)) if len(known) == 1 else found


def _restored(kind: type, *values: Any) -> Any:
    """The record of class `kind` with these values, for pickle."""
    made: Any = object.__new__(kind)
    for f, value in zip(fields(kind), values, strict=True):
        object.__setattr__(made, f.name, value)
    return made
