"""Damage to inputs: of bytes, of text by its tokens, of JSON and protobufs by their parts."""

import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

EXTREMES = (0, 1, 2, 3, 4, 7, 8, 255, 256, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFC, 0xFFFFFFFF)
NUMBERS = (*EXTREMES, -1, -2, 2**31, 2**62, 2**63 - 1, 2**63, 2**64, 10**30, 0.5, -0.0, 1e308)
NAMES = (
    "",
    " ",
    "\n",
    "\0",
    "\x1b[2J",
    "\x9b31m",
    "\u202e",
    "\u2028",
    "\ud800",
    "\ufeff",
    "'",
    '"',
    "\\",
    ",",
    "*/",
    "??/",
    "</script>",
    "]]>",
    "=1+1",
    "é😀",
    "a" * 300,
    "../x",
    "%s{0}$x",
)
"""Names that would end, or change, what they stand in."""

_TOKEN = re.compile(rb'[0-9]+|"(?:[^"\\\n]|\\.)*"|[A-Za-z_]+|\s+|.', re.DOTALL)

Mutator = Callable[[random.Random, bytes], bytes]


def mutate(rng: random.Random, seeds: Sequence[bytes], ways: Sequence[Mutator]) -> bytes:
    """One of `seeds` after one to some changes of the `ways`."""
    data = rng.choice(seeds)
    if rng.random() < 0.03:
        other = rng.choice(seeds)
        data = data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]
    for _ in range(1 + min(int(rng.expovariate(1.2)), 7)):
        data = rng.choice(ways)(rng, data)
    return data


def _place(rng: random.Random, data: bytes) -> tuple[int, int]:
    """The begin and the end of a piece, most often a short one."""
    begin = rng.randrange(len(data) + 1)
    return begin, min(len(data), begin + int(rng.expovariate(0.1)))


def change_bytes(rng: random.Random, data: bytes) -> bytes:
    """Flip, set, remove, repeat, insert, move or cut bytes."""
    begin, end = _place(rng, data)
    match rng.randrange(8):
        case 0 if data:
            at = rng.randrange(len(data))
            return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
        case 1 if data:
            at = rng.randrange(len(data))
            return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        case 2:
            return data[:begin] + data[end:]
        case 3:
            return data[:end] + data[begin:end] * rng.choice((1, 1, 2, 20)) + data[end:]
        case 4:
            return data[:begin] + rng.randbytes(rng.randrange(1, 9)) + data[begin:]
        case 5:
            piece = data[begin:end]
            at = rng.randrange(len(data) + 1)
            return data[:at] + piece + data[at + len(piece) :]
        case 6 if rng.random() < 0.2:
            return data[: rng.randrange(len(data) + 1)]
        case _:
            return data[:begin] + bytes(end - begin) + data[end:]


def change_words(rng: random.Random, data: bytes) -> bytes:
    """Set an aligned number of 4 bytes to an extreme, to another one in the file, or move it a little."""
    if len(data) < 4:
        return data
    at = 4 * rng.randrange(len(data) // 4)
    old = int.from_bytes(data[at : at + 4], "little")
    other = 4 * rng.randrange(len(data) // 4)
    match rng.randrange(3):
        case 0:
            new = rng.choice(EXTREMES)
        case 1:
            new = int.from_bytes(data[other : other + 4], "little") + (other - at if rng.random() < 0.5 else 0)
        case _:
            new = old + rng.randrange(-8, 9)
    return data[:at] + (new % 2**32).to_bytes(4, "little") + data[at + 4 :]


def change_tokens(rng: random.Random, data: bytes) -> bytes:
    """Replace, remove, repeat or swap numbers, words, texts and marks."""
    tokens = _TOKEN.findall(data)
    if not tokens:
        return rng.choice(NAMES).encode(errors="surrogatepass")
    at, other = rng.randrange(len(tokens)), rng.randrange(len(tokens))
    match rng.randrange(6):
        case 0 | 1:
            numbers = [i for i, token in enumerate(tokens) if token[:1].isdigit()]
            at = rng.choice(numbers) if numbers else at
            tokens[at] = str(rng.choice(NUMBERS)).encode()
        case 2:
            name = rng.choice(NAMES)
            tokens[at] = (json.dumps(name) if rng.random() < 0.7 else name).encode(errors="surrogatepass")
        case 3:
            del tokens[at : at + rng.randrange(1, 4)]
        case 4:
            tokens[at:at] = tokens[other : other + rng.randrange(1, 12)]
        case _:
            tokens[at], tokens[other] = tokens[other], tokens[at]
    return b"".join(tokens)


def change_json(rng: random.Random, data: bytes) -> bytes:
    """Change one value of a JSON text, or the keys or items around it."""
    try:
        root = json.loads(data)
    except (ValueError, RecursionError):
        return change_tokens(rng, data)
    holder = [root]
    inside: Any = holder
    while True:
        keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        key = rng.choice(keys)
        if not isinstance(inside[key], dict | list) or not inside[key] or rng.random() < 0.15:
            break
        inside = inside[key]
    match rng.randrange(6):
        case 0:
            inside[key] = rng.choice(NUMBERS)
        case 1:
            inside[key] = rng.choice(NAMES)
        case 2 if isinstance(inside[key], int) and not isinstance(inside[key], bool):
            inside[key] += rng.randrange(-3, 4)
        case 3 if inside is not holder:
            del inside[key]
        case 4 if isinstance(inside, list):
            inside.insert(rng.randrange(len(inside) + 1), inside[key])
        case 4 if isinstance(inside, dict):
            inside[rng.choice(NAMES)] = inside[key]
        case _:
            inside[key] = rng.choice((None, True, False, [], {}, [inside[key]], inside[rng.choice(keys)]))
    return json.dumps(holder[0], ensure_ascii=rng.random() < 0.5).encode(errors="surrogatepass")


def change_onnx(rng: random.Random, data: bytes) -> bytes:
    """Change one field of a model's protobuf: its value, its presence, its order, or how often it is there."""
    import onnx
    from google.protobuf.message import DecodeError

    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        return change_bytes(rng, data)
    message: Any = model
    while True:
        present = [field for field, _ in message.ListFields()]
        field = rng.choice(present if present and rng.random() < 0.9 else list(message.DESCRIPTOR.fields))
        value = getattr(message, field.name)
        repeated = field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED
        if field.message_type is None or rng.random() < 0.1:
            break
        if repeated and not len(value):
            value.add()
        message = rng.choice(value) if repeated else value
    if repeated:
        _change_list(rng, field, value)
    elif field.message_type is not None or rng.random() < 0.15:
        message.ClearField(field.name)
    else:
        _set(message, field, _scalar(rng, field, value))
    try:
        return bytes(model.SerializeToString())
    except Exception:  # a text that protobuf cannot encode
        return data


def _change_list(rng: random.Random, field: Any, value: Any) -> None:
    """Remove, repeat, reorder or change items of a repeated field."""
    items = list(value)
    at = rng.randrange(len(items)) if items else 0
    choice = rng.randrange(4)
    if items and choice == 0:
        del value[at]
    elif items and choice == 1:
        value.extend([items[at]])
    elif items and choice == 2:
        rng.shuffle(items)
        del value[:]
        value.extend(items)
    elif field.message_type is not None:
        value.add()
    else:
        new = _scalar(rng, field, items[at] if items else None)
        try:
            if items:
                value[at] = new
            else:
                value.append(new)
        except (TypeError, ValueError):
            pass


def _scalar(rng: random.Random, field: Any, old: Any) -> Any:
    """A value for a field of that type."""
    if field.cpp_type == field.CPPTYPE_STRING:
        text = field.type != field.TYPE_BYTES
        chosen = rng.choice((*NAMES, "x", "y", "w", str(old)))
        if text:
            return chosen.encode(errors="replace").decode()
        return chosen.encode(errors="surrogatepass")
    if field.cpp_type in (field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE):
        return rng.choice((0.0, -1.0, 1e30, float("inf"), float("nan"), 0.5))
    if field.cpp_type == field.CPPTYPE_BOOL:
        return not old
    if isinstance(old, int) and rng.random() < 0.4:
        return old + rng.randrange(-3, 4)
    return rng.choice((0, 1, 2, 3, 5, 7, 13, 17, -1, -2, 2**31 - 1, 2**62, 2**63 - 1, -(2**63)))


def _set(message: Any, field: Any, value: Any) -> None:
    try:
        setattr(message, field.name, value)
    except (TypeError, ValueError):  # too large for the field, or no value of an enumeration
        message.ClearField(field.name)
