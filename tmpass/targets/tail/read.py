"""Reading of the rules of a runtime, and of a file of kernels, from TOML."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NoReturn

from tmpass.base.errors import TargetError, UsageError
from tmpass.base.nearest import nearest, read_hint
from tmpass.targets.key_lines import KeyPath
from tmpass.targets.reader import Reader
from tmpass.targets.scratch.formula import parse_formula
from tmpass.targets.tail.rules import Allocation, Kernel, Per, Preparation, Rules, Size
from tmpass.targets.values import show

SCHEMA = "tmpass.kernels/1"
"""Of a file of kernels, which `tmpass probe` writes."""

MAX_FILE = 4 << 20
"""The most bytes of a file of rules: enough for a kernel for each operator of a large model."""

_OWN = Path(__file__).parent
_BUFFERS = ("options", "persistent", "prepared", "scratch")
_KERNEL = (*_BUFFERS, "align", "temporaries", "resource", "holds_outputs", "keeps", "source")


@cache
def load_rules(name: str) -> Rules:
    """The rules of a runtime.

    Args:
        name: of a built-in runtime, or the path of a TOML file if it ends in .toml.

    Raises:
        TargetError: there are none of that name, or the file cannot be read or is wrong.
    """
    path = Path(name) if name.endswith(".toml") else _OWN / f"{name}.toml"
    if path.parent == _OWN and not path.is_file():
        known = ", ".join(sorted(one.stem for one in _OWN.glob("*.toml")))
        raise TargetError(f"no rules are named {show(name)}", hint=f"known are {known}; or give a .toml file")
    return parse_rules(read_text(path), str(path) if path.parent != _OWN else path.name)


def read_text(path: Path) -> str:
    """The text of a file of rules.

    Raises:
        TargetError: it cannot be read, is too large, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            raise TargetError(f"it has more than {MAX_FILE} bytes", where=str(path), hint="is it a file of rules?")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TargetError(f"it is not UTF-8 text at byte {error.start}", where=str(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TargetError(f"cannot read it: {reason}", where=str(path), hint=read_hint(error, str(path))) from None


def parse_rules(text: str, where: str) -> Rules:
    """The rules of a runtime that `text` has.

    Args:
        text: the content of a TOML file.
        where: the name of the file for errors.

    Raises:
        TargetError: it is not valid TOML, or a key is unknown, missing or wrong. The error names file, line and key.
    """
    reader = Reader(text, where)
    root = reader.table(_parse(text, where), (), ("source", "persistent", "preparation"), ("alignment", "kernel"))
    source = reader.line_of_text(root["source"], ("source",))
    alignment = _number(reader, root.get("alignment", 16), ("alignment",))
    if alignment < 1:
        reader.fail(("alignment",), "it is 0", "write 1 for none")
    rows = reader.tables(root["persistent"], ("persistent",), "there is no list of allocations")
    persistent = tuple(_allocation(reader, row, ("persistent", number), alignment) for number, row in enumerate(rows))
    kernels: dict[str, Kernel] = {}
    for number, row in enumerate(_listed(reader, root)):
        key = ("kernel", number)
        table = reader.table(row, key, ("ops",), _KERNEL, example="[[kernel]]")
        kernel = _kernel(reader, table, key, source)
        for kind in _texts(reader, table["ops"], (*key, "ops")):
            if kind in kernels:
                reader.fail((*key, "ops"), f"{kind} has an earlier rule", "remove one")
            kernels[kind] = _of(kernel, kind)
    return Rules(source, alignment, persistent, _preparation(reader, root["preparation"]), kernels)


def read_kernels(path: str, sha256: str) -> tuple[Kernel, ...]:
    """The kernels of the file `path`, as `parse_kernels` has them.

    Raises:
        TargetError: it cannot be read, or as `parse_kernels` does.
    """
    return parse_kernels(read_text(Path(path)), path, sha256)


def parse_kernels(text: str, where: str, sha256: str | None = None) -> tuple[Kernel, ...]:
    """The kernels of a file of schema SCHEMA, each for a kind or for one operator.

    Args:
        text: the content of a TOML file.
        where: the name of the file for errors.
        sha256: that of the model's file. A file for another model is refused.

    Raises:
        TargetError: as `parse_rules` does, or the file is for another model.
    """
    reader = Reader(text, where)
    known = ("source", "sha256", "kernel", "measured")
    root = reader.table(_parse(text, where), (), ("schema",), known)
    if root["schema"] != SCHEMA:
        reader.fail(("schema",), f"it is {show(root['schema'])}", f"write {SCHEMA!r}")
    stated = root.get("sha256")
    if stated is not None and sha256 is not None and stated != sha256:
        reader.fail(("sha256",), f"it is for a model with SHA-256 {show(stated)}, not {sha256}", "measure it again")
    source = reader.line_of_text(root["source"], ("source",)) if "source" in root else ""
    found = []
    for number, row in enumerate(_listed(reader, root)):
        key = ("kernel", number)
        table = reader.table(row, key, ("op",), (*_KERNEL, "subgraph", "index"), example="[[kernel]]")
        if ("subgraph" in table) != ("index" in table):
            reader.fail(key, "it has one of subgraph and index, but not both", "give both, or neither")
        kernel = _of(_kernel(reader, table, key, source), reader.line_of_text(table["op"], (*key, "op")))
        if "index" in table:
            s, index = (_number(reader, table[name], (*key, name)) for name in ("subgraph", "index"))
            kernel = _of(kernel, kernel.kind, (s, index))
        found.append(kernel)
    return tuple(found)


def _parse(text: str, where: str) -> object:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise TargetError("it is nested too deep", where=where, hint="rules have three levels") from None
    except ValueError as error:
        raise TargetError(f"it is not valid TOML: {error}", where=where, hint="correct that place") from None


def _listed(reader: Reader, root: Mapping[str, object]) -> list[object]:
    return reader.tables(root["kernel"], ("kernel",), "the list of kernels is empty") if "kernel" in root else []


def _allocation(reader: Reader, row: object, key: KeyPath, alignment: int) -> Allocation:
    table = reader.table(row, key, ("what", "per"), ("bytes", "align", "together"), example="[[persistent]]")
    per = table["per"]
    if not isinstance(per, str) or per not in tuple(Per):
        near = nearest(per, Per) if isinstance(per, str) else ""
        reader.fail((*key, "per"), f"{show(per)} is unknown", f"did you mean {near}?" if near else ", ".join(Per))
    what = reader.line_of_text(table["what"], (*key, "what"))
    sizes = _sizes(reader, table.get("bytes", []), (*key, "bytes"))
    align = _size(reader, table.get("align", alignment), (*key, "align"))
    return Allocation(what, Per(per), sizes, align, _flag(reader, table, "together", key))


def _preparation(reader: Reader, value: object) -> Preparation:
    names = ("request", "subgraph", "tensors", "buffer")
    table = reader.table(value, ("preparation",), (), (*names, "spare", "tensor"), example="[preparation]")
    sizes = {name: _size(reader, table[name], ("preparation", name)) for name in names if name in table}
    spare = _number(reader, table.get("spare", 0), ("preparation", "spare"))
    return Preparation(spare=spare, tensor=_sizes(reader, table.get("tensor", []), ("preparation", "tensor")), **sizes)


def _kernel(reader: Reader, table: Mapping[str, object], key: KeyPath, source: str) -> Kernel:
    options, persistent, prepared, scratch = (_sizes(reader, table.get(name, []), (*key, name)) for name in _BUFFERS)
    named = table.get("temporaries")
    temporaries = None if named is None else _texts(reader, named, (*key, "temporaries"))
    for number, name in enumerate(temporaries or ()):
        side = name.removeprefix("in").removeprefix("out")
        if name not in ("inputs", "outputs") and not (side.isdecimal() and side.isascii() and name != side):
            reader.fail((*key, "temporaries", number), f"{show(name)} is not a tensor", 'write "in0", "out0", "inputs"')
    return Kernel(
        kind="",
        options=options,
        align=_size(reader, table.get("align", 4), (*key, "align")),
        persistent=persistent,
        prepared=prepared,
        scratch=scratch,
        temporaries=temporaries,
        resource=_size(reader, table["resource"], (*key, "resource")) if "resource" in table else None,
        holds_outputs=_flag(reader, table, "holds_outputs", key),
        keeps=reader.line_of_text(table["keeps"], (*key, "keeps")) if "keeps" in table else "",
        source=reader.line_of_text(table["source"], (*key, "source")) if "source" in table else source,
    )


def _of(kernel: Kernel, kind: str, place: tuple[int, int] | None = None) -> Kernel:
    from dataclasses import replace

    return replace(kernel, kind=kind, place=place)


def _flag(reader: Reader, table: Mapping[str, object], name: str, key: KeyPath) -> bool:
    value = table.get(name, False)
    if not isinstance(value, bool):
        reader.fail((*key, name), f"{show(value)} is neither true nor false", "leave it out for false")
    return value


def _texts(reader: Reader, value: object, key: KeyPath) -> tuple[str, ...]:
    if not isinstance(value, list):
        reader.fail(key, f"{show(value)} is not a list", "write names in quotes, in square brackets")
    return tuple(reader.line_of_text(item, (*key, number)) for number, item in enumerate(value))


def _sizes(reader: Reader, value: object, key: KeyPath) -> tuple[Size, ...]:
    if not isinstance(value, list):
        reader.fail(key, f"{show(value)} is not a list", "write sizes in square brackets")
    return tuple(_size(reader, item, (*key, number)) for number, item in enumerate(value))


def _size(reader: Reader, value: object, key: KeyPath) -> Size:
    if not isinstance(value, int | str) or isinstance(value, bool):
        _refuse(reader, key, f"{show(value)} is not a number of bytes", 'write 28, or a formula: "2 * word"')
    try:
        parse_formula(value)
    except UsageError as error:
        _refuse(reader, key, error.what, error.hint)
    return value


def _number(reader: Reader, value: object, key: KeyPath) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 31:
        _refuse(reader, key, f"{show(value)} is not a number from 0 to 2^31", "write one")
    return value


def _refuse(reader: Reader, key: KeyPath, what: str, hint: str) -> NoReturn:
    reader.fail(key, what, hint)
