"""Reading of the kinds of operators that a profile names."""

from collections.abc import Iterable

from tmpass.base.errors import UsageError
from tmpass.base.nearest import nearest
from tmpass.targets.sharing import CUSTOM, EVERY, Over
from tmpass.targets.values import show

_EXAMPLE = 'write "every", "none" or a list of kinds: ["ADD", "MUL"]'
_MOST = 64
"""The number of inputs and of outputs that a profile can refer to."""


def kinds(value: object) -> tuple[str, ...]:
    """The kinds of operators that `value` lists.

    Args:
        value: a list of kinds, "every" or "none".

    Raises:
        UsageError: it is something else, or names a kind that no format has.
    """
    return tuple(kind for kind in kinds_in_place(value, over=False) if isinstance(kind, str))


def kinds_in_place(value: object, *, over: bool = True) -> tuple[str | Over, ...]:
    """The kinds of operators that `value` lists, and the pairs of input and output that it names.

    Args:
        value: a list of kinds, "every" or "none".
        over: accept also tables of an operator, its input and its output.

    Raises:
        UsageError: as `kinds` does, or a table is wrong.
    """
    if value in ("every", "none"):
        return (EVERY,) if value == "every" else ()
    if not isinstance(value, list):
        raise UsageError(f"{show(value)} is not a list of operators", hint=_EXAMPLE)
    found: list[str | Over] = []
    for item in value:
        kind = _over(item) if over and isinstance(item, dict) else item
        name = kind.op if isinstance(kind, Over) else kind
        if not isinstance(name, str) or not name.strip() or not name.isprintable() or name in ("every", "none"):
            raise UsageError(f"{show(item)} is not a kind of operator", hint=_EXAMPLE)
        if kind in found:
            raise UsageError(f"{show(item)} occurs twice", hint="remove one")
        found.append(kind)
    check_known(kind.op if isinstance(kind, Over) else kind for kind in found)
    return tuple(found)


def _over(table: dict[str, object]) -> Over:
    example = 'write { op = "DEPTHWISE_CONV_2D", input = 0 }'
    for key in table:
        if key not in ("op", "input", "output"):
            raise UsageError(f"{show(key)} is unknown here", hint=example)
    op = table.get("op")
    if not isinstance(op, str):
        raise UsageError(f"{show(op)} is not a kind of operator" if "op" in table else "`op` is missing", hint=example)
    places = []
    for side in ("input", "output"):
        place = table.get(side, 0)
        if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < _MOST:
            raise UsageError(
                f"{show(place)} is not the position of an {side} of {op}", hint=f"count from 0 to {_MOST - 1}"
            )
        places.append(place)
    return Over(op, *places)


def check_known(names: Iterable[str]) -> None:
    """Raise for the first of `names` that no format has and that is not marked as custom.

    Raises:
        UsageError: its hint has the most similar name.
    """
    known: frozenset[str] = frozenset()
    for name in names:
        if name.startswith(CUSTOM):
            if not name.removeprefix(CUSTOM).strip():
                raise UsageError(f"{show(name)} names no operator", hint=f'write "{CUSTOM}NAME"')
            continue
        known = known or known_kinds()
        if name not in known:
            near = nearest(name, known) or nearest(name.upper(), known)
            hint = f"did you mean {near}? " if near else ""
            hint += f'a custom operator is written "{CUSTOM}{name[:40]}"'
            raise UsageError(f"{show(name)} is not an operator of TFLite or ONNX", hint=hint)


def known_kinds() -> frozenset[str]:
    """The kinds of the built-in operators of TFLite, of ONNX, and of ONNX Runtime, as graphs name them."""
    from importlib import import_module  # the lists are data of the formats

    modules = (import_module(f"tmpass.frontends.{name}.operator_names") for name in ("tflite", "onnx"))
    return frozenset(name for module in modules for name in module.OPERATOR_NAMES)
