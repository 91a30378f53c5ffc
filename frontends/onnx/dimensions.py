"""Open dimensions of the file: their names, and the numbers bound to them."""

from collections.abc import Iterator, Mapping

from onnx import TensorShapeProto, ValueInfoProto

from tmpass.base.errors import ModelError

from .scopes import Scope
from .settling import Refined, Types
from .value_types import ValueType, dims_of


class Bindings:
    """The numbers that a user binds, and the names of dimensions.

    A key is the `dim_param` of a dimension, or "tensor name:axis". If that dimension has a `dim_param`, the second kind
    also binds this, so that one symbol has one number everywhere.

    Fields:
        stated: the names in the file.
        names: these, and the names that were made up.
        replaced: the names that numbers have replaced, by scope id and name of a tensor, then by axis.
    """

    def __init__(self, given: Mapping[str, int]) -> None:
        self.numbers = dict(given)
        self.stated: set[str] = set()
        self.names: set[str] = set()
        self.axes: dict[str, dict[int, int]] = {}
        self.replaced: dict[tuple[int, str], dict[int, str]] = {}
        for key, number in given.items():
            tensor, _, axis = key.rpartition(":")
            if axis.isdecimal() and axis.isascii() and len(axis) < 10:
                self.axes.setdefault(tensor, {})[int(axis)] = number

    def made_up(self, name: str, axis: int) -> str:
        """A name for a dimension of the tensor `name` that has none in the file.

        Raises:
            ModelError: the file gives this name to another dimension.
        """
        key = f"{name}:{axis}"
        if key in self.stated:
            raise ModelError(
                f"axis {axis} has no name, and {key!r}, which stands for it, is the name of another dimension",
                where=f"tensor {name!r}",
                hint="rename that dimension in the model",
            )
        return key

    def settle(self, name: str, known: ValueType) -> ValueType:
        """Return `known`, the type of the tensor `name`, with its bound dimensions as numbers."""
        if known.shape is None or known.static:
            return known
        axes = self.axes.get(name, {})
        dims = list(known.shape)
        for axis, dim in enumerate(known.shape):
            if isinstance(dim, str) and dim in self.numbers:
                dims[axis] = self.numbers[dim]
            elif not isinstance(dim, int) and axis in axes:
                dims[axis] = axes[axis]
                if dim is not None:
                    self.numbers[dim] = axes[axis]
        return ValueType(known.element, tuple(dims))


def bind(main: Scope, bindings: Bindings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name the nameless open dimensions of the inputs, and replace all bound dimensions by their numbers, in place.

    Returns:
        The names of the open dimensions of the inputs in the file, in order of appearance, and the names that only
        appear elsewhere.

    Raises:
        ModelError: a binding contradicts a number in the file, or a name stands for two dimensions.
    """
    inputs = set(main.inputs)
    bindings.stated.update(dim.dim_param for dim in _dims(main) if dim.dim_param)
    symbols: dict[str, None] = {}
    for value in main.graph.input:
        if value.name in inputs:
            symbols |= dict.fromkeys(_name(value, bindings))
            symbols |= dict.fromkeys(dim.dim_param for dim in dims_of(value.type) if dim.dim_param)
    others = sorted(bindings.stated - symbols.keys())
    # A name that no input has is a claim about results of operators: it stays, to be compared with what they compute.
    for scope in main.walk():
        for value in _values(scope):
            for axis, dim in enumerate(dims_of(value.type)):
                if dim.dim_param in symbols and dim.dim_param in bindings.numbers:
                    bindings.replaced.setdefault((scope.id, value.name), {})[axis] = dim.dim_param
                    dim.dim_value = bindings.numbers[dim.dim_param]
    bindings.names.update(symbols, others)
    return tuple(symbols), tuple(others)


def check_bound(main: Scope, found: Refined, declared: Types, bindings: Bindings) -> None:
    """Refuse bindings that contradict the final types in `found`, or what operators compute where that is smaller.

    Raises:
        ModelError: a bound dimension has another number in the file, or the model computes another one.
    """
    if not bindings.numbers:
        return
    # Branches may use one name for two tensors; a binding need only be true of one of them.
    wrong: dict[tuple[str, int], ModelError] = {}
    right: set[tuple[str, int]] = set()
    for scope in main.walk(found.idle):
        there = found.types[scope.id]
        for name in bindings.axes.keys() & there.keys():
            for axis, number in bindings.axes[name].items():
                known = _number(there[name], axis)
                if known == number:
                    right.add((name, axis))
                elif known is not None:
                    given = scope.id == 0 and scope.makers.get(name, -1) < 0
                    wrong[name, axis] = _wrong(name, axis, known, f"{name}:{axis} binds it to {number}", given=given)
        for name, stated in declared[scope.id].items():
            for axis, dim in enumerate(stated.shape or ()):
                if isinstance(dim, str) and dim in bindings.numbers and name in there:
                    known, number = _number(there[name], axis), bindings.numbers[dim]
                    if known is not None and known != number:
                        raise _wrong(name, axis, known, f"{dim!r}, as the file calls it, is bound to {number}")
    for key in sorted(wrong.keys() - right):
        raise wrong[key]
    # Of two sizes the larger is planned; the smaller may be that of a table, which does not grow with a binding.
    for (scope_id, name), computed in found.disputes.items():
        for axis, dim in bindings.replaced.get((scope_id, name), {}).items() if scope_id not in found.idle else ():
            known, number = _number(computed, axis), bindings.numbers[dim]
            if known is not None and known < number:
                bound = f"{dim!r}, as the file calls it, is bound to {number}"
                most = _sliced_from(main, found, scope_id, name, axis) == known
                hint = f"{known} is the most for {dim!r}" if most else f"bind another number to {dim!r}"
                raise _wrong(name, axis, known, bound, hint=hint)


def _sliced_from(main: Scope, found: Refined, scope_id: int, name: str, axis: int) -> int | None:
    """The size along `axis` of the tensor that a Slice makes `name` from: it makes at most that; else None."""
    scope = next(scope for scope in main.walk(found.idle) if scope.id == scope_id)
    maker = scope.makers.get(name, -1)
    if maker < 0 or scope.graph.node[maker].op_type != "Slice":
        return None
    data = found.types[scope_id].get(scope.graph.node[maker].input[0])
    return None if data is None else _number(data, axis)


def _number(known: ValueType, axis: int) -> int | None:
    dim = known.shape[axis] if known.shape is not None and axis < len(known.shape) else None
    return dim if isinstance(dim, int) else None


def _wrong(name: str, axis: int, found: int, bound: str, *, given: bool = False, hint: str = "") -> ModelError:
    says, rather = "in the file", "export the model with an open dimension"
    if not given:
        says, rather = "as the model computes it", "bind other numbers for what it is computed from"
    return ModelError(
        f"axis {axis} is {found} {says}, but {bound}",
        where=f"tensor {name!r}",
        hint=hint or f"leave this binding out, or {rather}",
    )


def _dims(main: Scope) -> Iterator[TensorShapeProto.Dimension]:
    """Every dimension that the file declares."""
    for scope in main.walk():
        for value in _values(scope):
            yield from dims_of(value.type)


def _values(scope: Scope) -> Iterator[ValueInfoProto]:
    yield from (*scope.graph.input, *scope.graph.output, *scope.graph.value_info)


def _name(value: ValueInfoProto, bindings: Bindings) -> Iterator[str]:
    """Yield the names of the open dimensions of an input; a dimension without one gets "tensor name:axis"."""
    axes = bindings.axes.get(value.name, {})
    for axis, dim in enumerate(value.type.tensor_type.shape.dim):
        key = f"{value.name}:{axis}"
        bound = axes.get(axis)
        if dim.HasField("dim_value") and dim.dim_value >= 0:
            continue
        symbol = dim.dim_param or bindings.made_up(value.name, axis)
        dim.dim_param = symbol
        yield symbol
        if bound is None:
            continue
        if bindings.numbers.setdefault(symbol, bound) != bound:
            raise ModelError(
                f"{symbol!r} is bound to {bindings.numbers[symbol]}, but {key!r} to {bound}",
                where=f"tensor {value.name!r}",
                hint="they are the same dimension: bind only one of them",
            )
