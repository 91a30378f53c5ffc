"""For random nodes, ONNX Runtime makes the shapes that the frontend computes."""

from collections import Counter
from random import Random

import onnxruntime
import pytest
from support.onnx_drawn import MICROSOFTS, Node
from support.onnx_drawn_standard import STANDARD
from support.onnx_nodes import feeds_of, model_of
from tmpass.frontends.onnx.convert import convert

from tmpass.base.errors import ModelError

onnxruntime.set_default_logger_severity(4)


def made(model) -> list[tuple[int, ...]] | str:
    """The output shapes in ONNX Runtime; or why it does not run the model."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    try:
        data = model.SerializeToString()
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        return [value.shape for value in session.run(None, feeds_of(model))]
    except Exception as error:
        return str(error)


def computed(model) -> list[tuple | None] | str:
    """The shapes that the frontend computes; or why it refuses the model."""
    try:
        main = convert(model.SerializeToString(), {}).subgraphs[0]
    except ModelError as error:
        return str(error)
    return [main.tensors[t].shape for t in main.outputs]


def compare(draw, seeds) -> tuple[Counter, list[str]]:
    """How many nodes compare how, by kind; and a line for each that is wrong."""
    counts, wrong = Counter(), []
    for seed in seeds:
        node: Node = draw[seed % len(draw)](Random(seed))
        model = model_of(node.kind, node.inputs, node.outputs, node.attributes, node.domain, node.opset)
        ours, theirs = computed(model), made(model)
        if isinstance(theirs, str):
            how = "not run"
        elif isinstance(ours, str):
            how = "wrong"
        elif any(shape is None or any(not isinstance(dim, int) for dim in shape) for shape in ours):
            how = "unknown"
        else:
            how = "same" if ours == theirs else "wrong"
        counts[node.kind, how] += 1
        if how == "wrong":
            wrong.append(f"seed {seed}: {node} makes {ours}, in ONNX Runtime {theirs}")
    return counts, wrong


CHUNK = 300


@pytest.mark.parametrize("start", range(0, 4 * CHUNK, CHUNK))
@pytest.mark.parametrize("draw", [MICROSOFTS, STANDARD], ids=["microsoft", "standard"])
def test_drawn_nodes_make_the_shapes_that_are_computed(draw, start):
    counts, wrong = compare(draw, range(start, start + CHUNK))
    assert not wrong, "\n".join(wrong)
    assert sum(n for (_, how), n in counts.items() if how == "same") > 0.7 * CHUNK


if __name__ == "__main__":  # FIRST LAST: as many as wanted, with a count
    import sys

    total: Counter = Counter()
    for which in (MICROSOFTS, STANDARD):
        found, faults = compare(which, range(int(sys.argv[1]), int(sys.argv[2])))
        total += found
        print(*faults, sep="\n", end="\n" * bool(faults))
    for (kind, how), count in sorted(total.items()):
        print(f"{kind:32} {how:8} {count}")
