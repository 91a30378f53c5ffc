"""Models with more outputs: the tensors at the cuts of a split."""

from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module

from tmpass.graph.draft import compact, unchanged
from tmpass.graph.model import TensorKind
from tmpass.loading.load import load_to_plan

tflite = import_module("tmpass.frontends.tflite")


def common_tensors(original: bytes, split: bytes) -> list[str]:
    """The names of the tensors that both models compute, in the order of the split model."""
    before, after = (load_to_plan(data, {}).graph.subgraphs[0] for data in (original, split))
    known = {t.name for t in before.tensors if t.kind is TensorKind.ACTIVATION}
    ends = {after.tensors[t].name for t in (*after.inputs, *after.outputs)}
    made = [after.tensors[t].name for op in after.ops for t in op.outputs]
    return [name for name in dict.fromkeys(made) if name in known and name not in ends]


def with_outputs(data: bytes, names: Iterable[str]) -> bytes:
    """The model with these tensors as outputs, behind its own."""
    graph = load_to_plan(data, {}).graph
    main = graph.subgraphs[0]
    index = {tensor.name: t for t, tensor in enumerate(main.tensors)}
    draft = unchanged(main)
    more = replace(draft, outputs=(*draft.outputs, *(index[name] for name in names)))
    return tflite.write_draft(data, graph, compact(more), None)
