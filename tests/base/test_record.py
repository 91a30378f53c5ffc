"""Records against the dataclasses whose place they take."""

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from functools import cached_property

import pytest

from tmpass.base.record import Cached, Facts, maker, record


@record
class Span:
    """A span."""

    lower: int
    upper: int = 1
    names: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        return self.upper - self.lower


@record
class Named(Span):
    """A span with a name."""

    name: str = "a"


@dataclass(frozen=True, slots=True)
class Standard:
    lower: int
    upper: int = 1
    names: list[str] = field(default_factory=list)


@record
class Doubled(Named):
    """A span that changes a value when it is made, which must happen once."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "upper", 2 * self.upper)


@record
class Renamed(Doubled):
    """A record of a record that changes a value."""

    other: int = 3


@record
class One:
    """One field."""

    value: tuple[int, ...]


@record
class Empty:
    """Nothing."""


def test_constructor_is_that_of_a_dataclass() -> None:
    own, standard = inspect.signature(Span), inspect.signature(Standard)
    assert [(p.name, p.kind) for p in own.parameters.values()] == [
        (p.name, p.kind) for p in standard.parameters.values()
    ]
    assert Span(0).names == []
    assert Span(0).names is not Span(0).names
    assert Span(2, upper=5).size == 3
    assert Span(lower=2, names=["x"]).names == ["x"]
    with pytest.raises(TypeError):
        Span()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Span(0, wrong=1)  # type: ignore[call-arg]


def test_field_is_not_assigned_or_deleted() -> None:
    span = Span(0)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'lower'"):
        span.lower = 1  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'lower'"):
        del span.lower
    with pytest.raises(FrozenInstanceError):
        span.other = 1  # type: ignore[attr-defined]
    assert not hasattr(span, "__dict__")


def test_equal_by_fields_and_class() -> None:
    assert Span(0, 2) == Span(0, 2)
    assert Span(0, 2) != Span(0, 3)
    assert Named(0, 2) != Span(0, 2)
    assert Named(0, 2) == Named(0, 2, [], "a")
    assert Span(0) != (0, 1, [])
    assert Empty() == Empty()


def test_hash_follows_equality() -> None:
    assert len({Empty(), Empty()}) == 1
    with pytest.raises(TypeError):
        hash(Span(0))  # of a list

    @record
    class Key:
        subgraph: int
        index: int

    assert hash(Key(1, 2)) == hash(Key(1, 2))
    assert len({Key(1, 2), Key(1, 2), Key(2, 1)}) == 2


def test_standard_functions_take_records() -> None:
    span = Named(1, 4, ["x"], "b")
    assert [f.name for f in fields(span)] == ["lower", "upper", "names", "name"]
    assert replace(span, upper=9) == Named(1, 9, ["x"], "b")
    assert asdict(span) == {"lower": 1, "upper": 4, "names": ["x"], "name": "b"}
    assert pickle.loads(pickle.dumps(span)) == span
    assert repr(span) == "Named(lower=1, upper=4, names=['x'], name='b')"


@pytest.mark.parametrize("made", [Span(1), Named(1, name="b"), Doubled(1, 4), Renamed(1, 4), One((1, 2)), Empty()])
def test_records_are_pickled_and_copied_with_all_their_values(made: object) -> None:
    for other in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        assert other == made
        assert type(other) is type(made)
    assert Doubled(1, 4).upper == 8


def test_own_equality_is_kept() -> None:
    @record
    class Same:
        value: int

        def __eq__(self, other: object) -> bool:
            return True

    assert Same(1) == Same(2)


def test_fields_may_be_left_out_of_hash_and_equality() -> None:
    @record
    class Cached:
        key: int
        table: dict[int, int] = field(default_factory=dict, hash=False)
        note: str = field(default="", compare=False)

    assert hash(Cached(1, {1: 2})) == hash(Cached(1, {}, "x"))
    assert Cached(1, note="a") == Cached(1, note="b")
    assert Cached(1, {1: 2}) != Cached(1)


def test_required_field_behind_an_optional_one_is_refused() -> None:
    with pytest.raises(SyntaxError):

        @record
        class _Wrong:
            a: int = 0
            b: int  # type: ignore[misc]


def test_post_init_checks_the_fields() -> None:
    @record
    class Positive:
        value: int

        def __post_init__(self) -> None:
            if self.value <= 0:
                raise ValueError("not positive")

    assert Positive(1).value == 1
    with pytest.raises(ValueError, match="not positive"):
        Positive(0)


def test_a_field_may_have_the_name_that_the_decorator_uses_for_the_class():
    @record
    class Event:
        made: int | None
        known: int
        own: int = 3

    found = Event(None, 2)
    assert type(found) is Event
    assert (found.made, found.known, found.own) == (None, 2, 3)


def test_classes_with_as_many_fields_have_constructors_of_their_own():
    @record
    class One:
        a: int
        b: list[int] = field(default_factory=list)

    @record
    class Two:
        Own: int
        Open: list[str] = field(default_factory=lambda: ["x"])

    assert (One(1, [2]), One(b=[2], a=1).a, One(1).b) == (One(a=1, b=[2]), 1, [])
    for found in (Two(1), maker(Two)(Own=1)):
        assert (type(found), found.Own, found.Open) == (Two, 1, ["x"])
    assert repr(inspect.signature(One)).startswith("<Signature (a: ")
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'Own'"):
        Two()  # type: ignore[call-arg]


def test_a_copy_has_no_values_of_cached_properties():
    @record
    class Doubled(Cached):
        value: int

        @cached_property
        def double(self) -> list[int]:
            return [2 * self.value]

    one = Doubled(2)
    assert one.double is one.double
    for other in (replace(one), copy.copy(one)):
        assert other == one
        assert other.double == [4]
        assert other.double is not one.double
    with pytest.raises(FrozenInstanceError):
        one.value = 3


@record
class Kept(Named):
    """A span with facts."""

    more: tuple[int, ...] = ()


@pytest.mark.parametrize("arguments", [(1,), (1, 5), (1, 5, ["x"]), (1, 5, ["x"], "b"), (1, 5, ["x"], "b", (2,))])
@pytest.mark.parametrize("kind", [Span, Named, Kept])
def test_a_maker_makes_what_the_class_makes(kind, arguments):
    arguments = arguments[: len(fields(kind))]
    made, expected = maker(kind)(*arguments), kind(*arguments)
    assert type(made) is kind
    assert made == expected
    assert len(arguments) > 2 or made.names is not maker(kind)(1).names
    assert pickle.loads(pickle.dumps(made)) == replace(made) == expected
    with pytest.raises(FrozenInstanceError):
        made.lower = 2
    with pytest.raises(TypeError):
        maker(kind)()
    assert maker(kind) is maker(kind)


def test_a_maker_calls_post_init():
    @record
    class Positive:
        value: int

        def __post_init__(self) -> None:
            if self.value <= 0:
                raise ValueError("not positive")

    assert maker(Positive)(value=1) == Positive(1)
    with pytest.raises(ValueError, match="not positive"):
        maker(Positive)(0)


_ASKED = []


@record
class Sum(Facts):
    """Numbers, with a fact about them."""

    numbers: tuple[int, ...]


def _total(one: Sum) -> int:
    _ASKED.append(one.numbers)
    return sum(one.numbers)


def _twice(one: Sum) -> int:
    return 2 * one.fact(_total)


def test_a_fact_is_computed_once_for_each_record_and_is_not_copied():
    _ASKED.clear()
    one = Sum((1, 2))
    assert (one.fact(_twice), one.fact(_total), one.fact(_twice)) == (6, 3, 6)
    assert _ASKED == [(1, 2)]
    other = replace(one, numbers=(3,))
    assert (other.fact(_twice), one.fact(_twice)) == (6, 6)
    assert _ASKED == [(1, 2), (3,)]
    again = pickle.loads(pickle.dumps(one))
    assert again == one
    assert hash(again) == hash(one)
    assert again.fact(_total) == 3
    assert len(_ASKED) == 3


def test_a_fact_that_raises_is_asked_for_again():
    def fails(one: Sum) -> int:
        return 1 // sum(one.numbers)

    one = Sum((0,))
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            one.fact(fails)


class Plain(Named):
    """A subclass that is not a record."""

    def double(self) -> int:
        return 2 * self.lower


class Noted(Named):
    """A subclass with a constructor of its own."""

    def __init__(self, note: str) -> None:
        super().__init__(1, 5)
        object.__setattr__(self, "note", note)


def test_a_plain_subclass_has_the_constructor_of_its_record():
    for kind in (Plain, Noted):
        made = kind(1, 5) if kind is Plain else kind("x")
        assert (type(made), made.lower, made.upper, made.names) == (kind, 1, 5, Named(1, 5).names)
        with pytest.raises(FrozenInstanceError):
            made.lower = 2
    assert Plain(3).double() == 6
    assert pickle.loads(pickle.dumps(Plain(1, 5))) == replace(Plain(1, 5)) == copy.copy(Plain(1, 5)) == Plain(1, 5)
    assert Plain(1, 5) != Named(1, 5)
    assert replace(Plain(1, 5), lower=2).lower == 2
    assert Noted("x").note == "x"


def test_the_public_records_may_be_extended():
    import tmpass

    class Bytes(tmpass.Buffer):
        pass

    class Task(tmpass.Problem):
        pass

    class Board(tmpass.Target):
        pass

    assert tmpass.allocate(Task((Bytes("a", 0, 1, 4), Bytes("b", 0, 1, 4)), 8)).peak == 8
    flat = tmpass.load_target("tflm-nrf52840")
    board = Board("own", "", "", flat.memories)
    assert board.scratchpad == flat.scratchpad
    assert board.override(capacity=64).scratchpad.capacity == 64


def test_the_error_of_a_call_names_the_class():
    for make in (Named, maker(Named)):
        with pytest.raises(TypeError, match=r"^Named(\.__init__)?\(\) missing 1 required positional argument: 'lower'"):
            make()
