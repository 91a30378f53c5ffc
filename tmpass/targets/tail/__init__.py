"""The tail: bytes of an arena that a runtime keeps for itself, beside the tensors that a plan places.

    tflm.toml, or the file of another runtime ──> Rules ─┐
    graph ───────────────────────────────────────────────┴─ predict ──> RuntimeBytes: rows, total, arena(head)

The rules are data: what the runtime takes from the end of the arena, in its order, and what each kernel takes. An
operator without a rule is named as unknown, and its bytes are not guessed.
"""

from tmpass.targets.tail.of_target import runtime_bytes
from tmpass.targets.tail.predict import Row, RuntimeBytes, predict
from tmpass.targets.tail.read import load_rules, parse_kernels, parse_rules, read_kernels
from tmpass.targets.tail.rules import Allocation, Kernel, Preparation, Rules

__all__ = [
    "Allocation",
    "Kernel",
    "Preparation",
    "Row",
    "Rules",
    "RuntimeBytes",
    "load_rules",
    "parse_kernels",
    "parse_rules",
    "predict",
    "read_kernels",
    "runtime_bytes",
]
