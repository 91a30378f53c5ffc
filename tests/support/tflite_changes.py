"""Changes of single values in a TFLite file: bytes of constants, and whole numbers of options."""

import random

import tflite


def changed(data: bytes, rng: random.Random) -> bytes:
    """The file with one byte of a constant, or one byte of the options of an operator, changed."""
    model = tflite.Model.GetRootAsModel(data, 0)
    made = bytearray(data)
    if rng.random() < 0.6:
        places = []
        for number in range(model.BuffersLength()):
            buffer = model.Buffers(number)
            if buffer.DataLength():
                start = buffer._tab.Vector(buffer._tab.Offset(4))
                places.append((start, buffer.DataLength()))
        start, length = rng.choice(places)
        at = start + rng.randrange(length)
        made[at] = (made[at] + rng.randint(1, 255)) % 256
        return bytes(made)
    graph = model.Subgraphs(0)
    op = graph.Operators(rng.randrange(graph.OperatorsLength()))
    table = op.BuiltinOptions()
    if table is None:
        return bytes(made)
    offsets = [at for field in range(8) if (at := table.Offset(4 + 2 * field))]
    if offsets:
        at = table.Pos + rng.choice(offsets)
        made[at] = (made[at] + 1) % 4
    return bytes(made)
