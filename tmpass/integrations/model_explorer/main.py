"""The extension for Model Explorer: live bytes and offsets over the operators of the model that is shown.

Model Explorer imports the module `main` of the package in `--extensions`, and finds the class by its base.
"""

from typing import Any

from model_explorer import NodeDataProvider, NodeDataProviderMetadata, NodeDataProviderResult
from model_explorer.config_editor import TextInputConfigEditor
from model_explorer.node_data_builder import GradientItem, GraphNodeData, NodeDataResult
from model_explorer.node_data_provider import GetConfigEditorsResult

from tmpass.api.plan import plan
from tmpass.base.errors import TmpassError
from tmpass.graph.binding import parse_bindings
from tmpass.graph.model import Graph
from tmpass.loading import load as loading
from tmpass.plans.peak_step import deciding_arena
from tmpass.plans.plan import Plan
from tmpass.plans.tensor_places import tensor_places
from tmpass.report.formats.model_explorer import GRADIENT, live_by_step


class PlanProvider(NodeDataProvider):
    """Two sets of node data: the live bytes of each operator, and the offset of its first output."""

    metadata = NodeDataProviderMetadata(
        id="tmpass",
        name="Memory plan",
        description="Live bytes and offsets, as tmpass plans them",
        icon="memory",
    )

    def get_config_editors(self, provider_id: str) -> GetConfigEditorsResult:
        """The fields of the dialog."""
        del provider_id
        return GetConfigEditorsResult(
            [
                TextInputConfigEditor(id="target", label="Target", defaultValue="pixel6-tpu"),
                TextInputConfigEditor(id="bind", label="Dimensions, such as batch=1", defaultValue=""),
            ]
        )

    def run(
        self, provider_id: str, model_path: str, graph_id: str, config_values: dict[str, Any], graph: Any
    ) -> NodeDataProviderResult:
        """The node data of one graph, or the error of planning."""
        del provider_id, graph
        try:
            bindings = parse_bindings(str(config_values.get("bind") or "").split())
            model = loading.load(model_path, bindings=bindings)
            made = plan(model, config_values.get("target") or "pixel6-tpu", bind=bindings)
        except TmpassError as error:
            return NodeDataProviderResult(error=str(error))
        return NodeDataProviderResult(result=node_data(made, model.graph, graph_id))


def node_data(plan: Plan, graph: Graph, graph_id: str) -> list[GraphNodeData]:
    """Live bytes and offsets of the operators in one subgraph, which `graph_id` names as Model Explorer does."""
    names = [subgraph.name for subgraph in graph.subgraphs]
    shown = names.index(graph_id) if graph_id in names else 0
    memory = deciding_arena(plan)
    alive = live_by_step(plan, memory)
    offsets = {t.key: t.offset for t in plan.tensors}
    offsets |= {key: places[0].offset for key, places in tensor_places(plan).items()}
    live: dict[str, NodeDataResult] = {}
    places: dict[str, NodeDataResult] = {}
    for step in plan.schedule:
        if step.subgraph != shown:
            continue
        node = str(step.op) if plan.model.format == "tflite" else step.name
        live[node] = NodeDataResult(max(alive[step.step], live[node].value if node in live else 0))
        outputs = graph.subgraphs[shown].ops[step.op].outputs
        offset = next((offsets[shown, t] for t in outputs if offsets.get((shown, t)) is not None), None)
        if offset is not None:
            places[node] = NodeDataResult(offset)
    gradient = [GradientItem(stop=item["stop"], bgColor=item["bgColor"]) for item in GRADIENT]
    return [
        GraphNodeData(live, name=f"live bytes in {memory.name}", gradient=gradient),
        GraphNodeData(places, name="offset", gradient=gradient),
    ]
