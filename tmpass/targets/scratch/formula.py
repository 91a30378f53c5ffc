"""Formulas for bytes that depend on the shapes of an operator, such as `2 * in0.bytes + out0[1] * 4`.

    in0, in1, ... out0, out1, ...     the operator's inputs and outputs, in the order of the file
    .bytes .elements .rank .bits .floating .scales [axis]
                                      of one of them; an optional one that is left out has 0 of all but axes
    inputs outputs                    how many tensors the operator names
    option.NAME                       an option that is a whole number: any of a custom operator, some of few others
    word                              the bytes of a pointer: 8, or 4 on a microcontroller
    + - * // ( ) min() max()          on whole numbers
    A if B == C else D                also with != < <= > >=, and comparisons joined by `and` and `or`

A formula has at most MAX_LENGTH characters.
"""

import ast
import re
import warnings
from collections.abc import Callable
from functools import lru_cache
from math import prod

from tmpass.base.errors import UsageError, brief
from tmpass.base.record import record
from tmpass.base.sizes import MAX_BYTES
from tmpass.graph.model import Tensor

MAX_LENGTH = 200
"""The most characters in a formula. It cannot nest deeper than Python's parser and this one can follow."""

Tensors = tuple[Tensor | None, ...]
"""Inputs or outputs; None for an optional one that is left out."""

Options = tuple[tuple[str, int], ...]
"""Names and values of the options of an operator."""

WORD = 8
"""The bytes of a pointer where nothing else is said."""


@record
class Operands:
    """What a formula speaks of: the tensors and options of one operator, and the bytes of a pointer."""

    inputs: Tensors
    outputs: Tensors
    word: int = WORD
    options: Options = ()


Value = Callable[[Operands], int]

_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.FloorDiv: lambda a, b: a // b,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[int, int], bool]] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}
_FUNCTIONS: dict[str, Callable[[list[int]], int]] = {"min": min, "max": max}
_TENSOR = re.compile(r"(in|out)(\d{1,4})", re.ASCII)
_RANGE = "sizes are 0 .. 2^62 bytes"
_LANGUAGE = "a formula has numbers, in0.bytes, out0.elements, in0[1], + - * // ( ) min max"
_PROPERTIES: dict[str, Callable[[Tensor], int]] = {
    "bytes": lambda tensor: tensor.bytes or 0,
    "elements": lambda tensor: prod(int(dim) for dim in tensor.shape or ()),
    "rank": lambda tensor: len(tensor.shape or ()),
    "bits": lambda tensor: tensor.dtype.bits or 0,
    "floating": lambda tensor: int(tensor.dtype.name.startswith(("float", "bfloat"))),
    "scales": lambda tensor: tensor.scales,
}
_COUNTS: dict[str, Value] = {
    "inputs": lambda operands: len(operands.inputs),
    "outputs": lambda operands: len(operands.outputs),
    "word": lambda operands: operands.word,
}
_SIZED = ("bytes", "elements")
"""Properties that need the shape."""


@record
class Formula:
    """A formula that was checked. `of` evaluates it for the tensors of one operator."""

    text: str
    value: Value

    def of(self, inputs: Tensors, outputs: Tensors, word: int = WORD, options: Options = ()) -> int:
        """The bytes for an operator with these tensors and options and pointers of `word` bytes, in 0 .. 2^62.

        Raises:
            UsageError: it names a tensor, axis or option that does not exist or is not known, or its result is not a
                size.
        """
        try:
            size = self.value(Operands(inputs, outputs, word, options))
        except ZeroDivisionError:
            raise UsageError("it divides by 0", hint="guard the divisor with max(..., 1)") from None
        if not 0 <= size <= MAX_BYTES:
            raise UsageError(f"its value is {size if abs(size) <= 2**64 else 'above 2^64'}", hint=_RANGE)
        return size


@lru_cache(maxsize=1024, typed=True)
def parse_formula(value: int | str) -> Formula:
    """The formula that `value` states.

    Args:
        value: a number of bytes, or a text.

    Raises:
        UsageError: it is neither, or has a mistake. The error names the column.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value <= MAX_BYTES:
            raise UsageError(f"{brief(value)} is not a size", hint=_RANGE)
        return Formula(str(value), lambda _operands: value)
    if not isinstance(value, str):
        raise UsageError(f"{brief(value)} is not a number of bytes", hint="give a number or a formula")
    if len(value) > MAX_LENGTH:
        raise UsageError(f"the formula has more than {MAX_LENGTH} characters", hint="give a number for the operator")
    text = value.strip()
    if stray := re.search(r"[^\w\s.,+*/()\[\]<>=!-]", text, re.ASCII):
        raise UsageError(f"column {stray.start() + 1}: {stray[0]!r} is not a part of a formula", hint=_LANGUAGE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Python only warns about "1in0", which is a mistake here
            tree = ast.parse(text, mode="eval")
    except (Warning, SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = f"column {error.offset}: " if isinstance(error, SyntaxError) and error.offset else ""
        raise UsageError(f"{place}{brief(value)} is not a formula", hint=_LANGUAGE) from None
    return Formula(text, _compile(tree.body))


def _compile(node: ast.expr) -> Value:
    match node:
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            return lambda _operands: number
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            negated = _compile(operand)
            return lambda operands: -negated(operands)
        case ast.BinOp(op=op, left=left, right=right) if type(op) in _OPERATORS:
            apply, one, two = _OPERATORS[type(op)], _compile(left), _compile(right)
            return lambda operands: apply(one(operands), two(operands))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            holds, then, otherwise = _compile_test(test), _compile(body), _compile(orelse)
            return lambda operands: then(operands) if holds(operands) else otherwise(operands)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS and args:
            choose, parts = _FUNCTIONS[name], [_compile(arg) for arg in args]
            return lambda operands: choose([part(operands) for part in parts])
        case ast.Attribute(value=ast.Name(id="option"), attr=what):
            return _option(what)
        case ast.Attribute(value=ast.Name() as name, attr=what) if what in _PROPERTIES:
            return _property(name, what)
        case ast.Subscript(value=ast.Name() as name, slice=index):
            return _axis(name, index)
        case ast.Name(id=word) if word in _COUNTS:
            return _COUNTS[word]
        case ast.Name(id=word) if _TENSOR.fullmatch(word):
            raise _mistake(node, f"{word} alone is not a number", f"write {word}.bytes, {word}.elements or {word}[0]")
        case _:
            raise _mistake(node, f"{ast.unparse(node)[:40]!r} is not a part of a formula", _LANGUAGE)


def _compile_test(node: ast.expr) -> Callable[[Operands], bool]:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
            compare, one, two = _COMPARISONS[type(op)], _compile(left), _compile(right)
            return lambda operands: compare(one(operands), two(operands))
        case ast.BoolOp(op=op, values=values):
            parts, choose = [_compile_test(part) for part in values], all if isinstance(op, ast.And) else any
            return lambda operands: choose(part(operands) for part in parts)
        case _:
            raise _mistake(node, f"{ast.unparse(node)[:40]!r} is not a comparison", "write in0.bits == 8")


def _property(name: ast.Name, what: str) -> Value:
    find, read = _tensor(name), _PROPERTIES[what]

    def value(operands: Operands) -> int:
        tensor = find(operands)
        if tensor is None:
            return 0
        if (what in _SIZED and not tensor.sized) or (what == "rank" and tensor.shape is None):
            raise UsageError(f"the size of {name.id}, {tensor.name!r}, is not known", hint="bind its dimensions")
        return read(tensor)

    return value


def _option(name: str) -> Value:
    def value(operands: Operands) -> int:
        for known, number in operands.options:
            if known == name:
                return number
        raise UsageError(f"the operator has no option {name[:40]} that is a whole number", hint="give a number for it")

    return value


def _axis(name: ast.Name, index: ast.expr) -> Value:
    find = _tensor(name)
    match index:
        case ast.Constant(value=int(axis)) if not isinstance(axis, bool):
            pass
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(back))) if not isinstance(back, bool):
            axis = -back
        case _:
            raise _mistake(
                index, f"axis {ast.unparse(index)[:40]!r} is not a number", "write in0[1], or in0[-1] for the last"
            )

    def value(operands: Operands) -> int:
        tensor = find(operands)
        shape = None if tensor is None else tensor.shape
        if shape is None:
            raise UsageError(f"{name.id} is left out or of unknown rank, and has no axes", hint="use .bytes instead")
        if not -len(shape) <= axis < len(shape):
            raise UsageError(f"{name.id} has {len(shape)} axes, and none numbered {axis}", hint="they count from 0")
        dim = shape[axis]
        if isinstance(dim, str):
            raise UsageError(f"axis {axis} of {name.id}, {dim!r}, is not known", hint=f"bind it: --bind {dim}=N")
        return dim

    return value


def _tensor(name: ast.Name) -> Callable[[Operands], Tensor | None]:
    match = _TENSOR.fullmatch(name.id)
    if match is None:
        raise _mistake(name, f"{name.id[:40]!r} is not a tensor", "they are in0, in1, ... and out0, out1, ...")
    number, reads = int(match[2]), match[1] == "in"

    def find(operands: Operands) -> Tensor | None:
        tensors = operands.inputs if reads else operands.outputs
        if number >= len(tensors):
            side = "inputs" if reads else "outputs"
            raise UsageError(f"there is no {name.id}: the operator has {len(tensors)} {side}", hint="they count from 0")
        return tensors[number]

    return find


def _mistake(node: ast.expr, what: str, hint: str) -> UsageError:
    return UsageError(f"column {node.col_offset + 1}: {what}", hint=hint)
