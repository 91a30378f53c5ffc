"""Planning time and memory as a graph grows: a synthetic net of chained cells, written as TFLite and as ONNX.

python tests/bench/large_graph.py [operators ...]
"""

import random
import sys
import tempfile
from collections.abc import Callable
from multiprocessing import Process
from pathlib import Path

from processes import measure, tmpass_command

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "models"))

SEED = 1


def edges(operators: int) -> list[tuple[list[int], int]]:
    """(inputs, size) of each operator; operator i makes tensor i + 1, tensor 0 is the input.

    Most operators read the last tensor, many read a recent one too, and a few read one far back, as skips do.
    """
    draw = random.Random(SEED)
    net = []
    for made in range(1, operators + 1):
        inputs = [made - 1]
        if draw.random() < 0.4:
            inputs.append(max(0, made - draw.randint(2, 12)))
        if draw.random() < 0.001:
            inputs.append(max(0, made - draw.randint(100, 2000)))
        net.append((list(dict.fromkeys(inputs)), 16 * draw.randint(1, 4096)))
    return net


def tflite_bytes(operators: int) -> bytes:
    """The net with custom operators, so that no shape follows from another one."""
    from tflite_writer import Operator, Subgraph, Tensor, write_model

    net = edges(operators)
    tensors = [Tensor("input", [16]), *(Tensor(f"t{i}", [size // 4]) for i, (_, size) in enumerate(net))]
    ops = [Operator("Cell", custom=True, inputs=inputs, outputs=[i + 1]) for i, (inputs, _) in enumerate(net)]
    return write_model([Subgraph(tensors, ops, [0], [operators])])


def onnx_bytes(operators: int) -> bytes:
    """The net with the shapes of all tensors stated."""
    from onnx import TensorProto, helper

    net = edges(operators)
    nodes = [
        helper.make_node("Cell", [f"t{i}" for i in inputs], [f"t{made}"], domain="test")
        for made, (inputs, _) in enumerate(net, 1)
    ]
    infos = [helper.make_tensor_value_info("t0", TensorProto.FLOAT, [16])]
    infos += [
        helper.make_tensor_value_info(f"t{made}", TensorProto.FLOAT, [size // 4])
        for made, (_, size) in enumerate(net, 1)
    ]
    graph = helper.make_graph(nodes, "net", infos[:1], infos[-1:], value_info=infos[1:-1])
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("test", 1)]
    model: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()
    return model


def write_model_file(path: Path, write: Callable[[int], bytes], count: int) -> None:
    """Write the file in a process of its own, since memory that this one ever held counts for its children."""
    path.write_bytes(write(count))


def main(counts: list[int]) -> None:
    """Print a line for each size and format."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix, write in (("tflite", tflite_bytes), ("onnx", onnx_bytes)):
            for count in counts:
                path = Path(folder) / f"net{count}.{suffix}"
                writer = Process(target=write_model_file, args=(path, write, count))
                writer.start()
                writer.join()
                timing = measure(tmpass_command("plan", str(path), "-t", "litert-cpu"), runs=3)
                print(f"{suffix:6} {count:>7} operators  {timing}", flush=True)


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [12_500, 25_000, 50_000, 100_000])
