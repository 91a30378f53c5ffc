"""tmpass as a pass of onnx_ir, the intermediate representation of ONNX compilers.

import onnx_ir as ir
from tmpass.integrations.onnx_ir import PlanMemory

ir.passes.Sequential(..., PlanMemory("tflm", bind={"batch": 1}))(model)
plan = tmpass.parse_plan(model.metadata_props["tmpass.plan"])
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import onnx_ir as ir

from tmpass.api.plan import plan
from tmpass.api.planned_model import operator_orders, tensor_offsets
from tmpass.loading import load as loading
from tmpass.plans.transfers import refuse_transfers

if TYPE_CHECKING:
    from tmpass.plans.plan import Plan

_METADATA_IR = 10
_PLAN, _OFFSET = "tmpass.plan", "tmpass.offset"

_LARGE = 1 << 16
"""Constants above this number of bytes are not serialised for planning. Shapes are smaller."""


class PlanMemory(ir.passes.InPlacePass):
    """A pass that plans a model, puts its nodes in the planned order, and writes offsets into the metadata.

    The result is that of `tmpass plan -o planned.onnx`.

    Requires: shapes that follow from the model or from the option `bind`.
    Ensures: placed nodes and values have `tmpass.offset`; the model has `tmpass.plan`, a plan for its nodes in their
    new order, and IR version 10 or later; its results are unchanged. The SHA-256 in the plan is that of the model
    without its weights, which are not read.
    """

    def __init__(self, target: Any = None, **options: Any) -> None:
        """Take the arguments of tmpass.plan; its errors are raised when the pass runs."""
        super().__init__()
        self.target, self.options = target, options

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Plan `model` in place; it counts as modified where its plan or its order changes."""
        known = model.metadata_props.get(_PLAN)
        moved = self._plan(model)
        if moved:
            self._plan(model)  # the plan must be for the nodes in their new order
        return ir.passes.PassResult(model, modified=moved or model.metadata_props[_PLAN] != known)

    def _plan(self, model: ir.Model) -> bool:
        """Put a plan into `model`, and return whether nodes moved."""
        data = _without_plan(ir.to_proto(_light(model)).SerializeToString(deterministic=True))
        bindings = self.options.get("bind") or {}
        loaded = loading.load(data, bindings=bindings)
        made = plan(loaded, self.target, **self.options)
        refuse_transfers(made, "a model of onnx_ir")
        find_layouts = import_module("tmpass.frontends.onnx.planned.find_layouts").find_layouts
        layouts = find_layouts(data, bindings, operator_orders(made, loaded.graph), tensor_offsets(made, loaded.graph))
        graphs = list(_graphs(model.graph, layouts))
        for graph, layout in graphs:
            _apply(graph, layout)
        model.ir_version = max(model.ir_version, _METADATA_IR)
        model.metadata_props[_PLAN] = _text(made)
        return any(layout.order for _, layout in graphs)


def _light(model: ir.Model) -> ir.Model:
    """A copy with large constants as external tensors: planning needs only their types."""
    light = model.clone()
    for graph in light.graphs():
        for value in graph.initializers.values():
            tensor = value.const_value
            if tensor is not None and tensor.nbytes > _LARGE:
                value.const_value = ir.ExternalTensor(
                    "elsewhere",
                    0,
                    tensor.nbytes,
                    tensor.dtype,
                    shape=ir.Shape(tensor.shape.numpy()),
                    name=value.name or "",
                )
    return light


def _without_plan(data: bytes) -> bytes:
    found: bytes | None = import_module("tmpass.frontends.onnx").strip(data)
    return data if found is None else found


def _graphs(graph: ir.Graph, layouts: Mapping[int, Any]) -> Iterator[tuple[ir.Graph, Any]]:
    """Each graph with its layout, numbered as in a file: a graph before the graphs inside it."""
    numbers = iter(range(len(layouts)))

    def walk(graph: ir.Graph) -> Iterator[tuple[ir.Graph, Any]]:
        layout = layouts.get(next(numbers, -1))
        if layout is None:
            return
        yield graph, layout
        for index, node in enumerate(graph):
            for attribute in node.attributes.values() if index in layout.inside else ():
                if attribute.type == ir.AttributeType.GRAPH:
                    yield from walk(attribute.as_graph())
                elif attribute.type == ir.AttributeType.GRAPHS:
                    for inner in attribute.as_graphs():
                        yield from walk(inner)

    return walk(graph)


def _apply(graph: ir.Graph, layout: Any) -> None:
    nodes = list(graph)
    for value in (*graph.inputs, *(output for node in nodes for output in node.outputs)):
        value.metadata_props.pop(_OFFSET, None)
        if value.name in layout.offsets:
            value.metadata_props[_OFFSET] = str(layout.offsets[value.name])
    for index, node in enumerate(nodes):
        node.metadata_props.pop(_OFFSET, None)
        if index in layout.made:
            node.metadata_props[_OFFSET] = " ".join("-" if p < 0 else str(p) for p in layout.made[index])
    for value in [value for value in graph.inputs if value.name in layout.demoted]:
        graph.inputs.remove(value)
    if layout.order:
        graph.remove(nodes)
        graph.extend(nodes[index] for index in layout.order)


def _text(plan: "Plan") -> str:
    return replace(plan, model=replace(plan.model, file="<memory>.onnx")).to_json()
