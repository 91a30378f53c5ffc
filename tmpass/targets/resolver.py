"""The kernels that a program registers in the resolver of TensorFlow Lite Micro, `tflite::MicroMutableOpResolver`."""

from collections.abc import Mapping

from tmpass.graph.model import Graph
from tmpass.targets.runtime import Runtime
from tmpass.targets.sharing import CUSTOM

_NAMES: Mapping[str, str] = {
    "BATCH_MATMUL": "BatchMatMul",
    "CUMSUM": "CumSum",
    "PADV2": "PadV2",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTM",
    "custom:CIRCULAR_BUFFER": "CircularBuffer",
    "custom:TFLM_DECODE": "Decode",
    "custom:TFLite_Detection_PostProcess": "DetectionPostprocess",
    "custom:ethos-u": "EthosU",
}
"""Kind -> the name of its function behind "Add", where the parts of the kind do not give it."""

_SIGNAL = "custom:Signal"


def registered_kinds(graph: Graph) -> tuple[str, ...]:
    """The kinds of all operators of `graph`, sorted; custom ones have a prefix. A runtime looks for all of them.

    Complexity: linear in the operators.
    """
    found = {(op.kind, op.custom) for subgraph in graph.subgraphs for op in subgraph.ops}
    return tuple(sorted(f"{CUSTOM * custom}{kind}" for kind, custom in found))


def registration(kind: str, runtime: Runtime) -> str:
    """The call that registers the kernel of `kind`, such as `AddConv2D()`; empty where the resolver has none for it.

    Args:
        kind: as `registered_kinds` has it.
        runtime: whose kernels are registered.

    Source: micro_mutable_op_resolver.h of tflite-micro.
    """
    name = kind.removeprefix(CUSTOM)
    if kind in _NAMES:
        return f"Add{_NAMES[kind]}()"
    if kind.startswith(CUSTOM):
        known = kind.startswith(_SIGNAL) and name in runtime.custom_kernels
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f"Add{kind.removeprefix(_SIGNAL)}()" if known else f'AddCustom("{escaped}", registration)'
    if runtime.kernels is None or kind not in runtime.kernels():
        return ""
    return f"Add{''.join(part.upper() if part[0].isdigit() else part.capitalize() for part in kind.split('_'))}()"
