"""ONNX models with open dimensions, drawn by hypothesis: of inputs, and of what operators find in data."""

from dataclasses import dataclass, field

from hypothesis import strategies as st
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

FLOAT, INT, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
DIMS = ("batch", "a b", "n", None, -1, 2, 3)
"""Of inputs: names, one with a blank; without a name; and numbers."""


@dataclass
class Drawn:
    """A graph in the making; `vectors` are the names of float vectors that can be read."""

    names: "Names"
    vectors: list[str]
    nodes: list[NodeProto] = field(default_factory=list)
    declared: list[ValueInfoProto] = field(default_factory=list)

    def node(self, kind: str, inputs: list[str], count: int = 1, **attributes: object) -> str:
        """Add a node; returns the name of its first result."""
        made = [self.names.new() for _ in range(count)]
        domain = {"domain": "x"} if kind == "Custom" else {}
        self.nodes.append(helper.make_node(kind, inputs, made, **domain, **attributes))
        return made[0]


@dataclass
class Names:
    count: int = 0

    def new(self) -> str:
        self.count += 1
        return f"v{self.count}"


STORED = {"nil": ([1], [0]), "eight": ([1], [8]), "minus": ([1], [-1]), "one": ([], [1]), "zero": ([], [0])}

PLAIN = ("relu", "concat", "like", "expanded", "range", "chosen", "reshaped", "repeated")
DATA = ("nonzero", "compress", "unique", "topk", "cut", "boxes", "custom")
CALLS = ("if", "if by size", "loop", "loop of unknown state", "growing loop")


def step(draw, g: Drawn, kinds: tuple[str, ...], depth: int) -> str:
    """Add one operator and its inputs; return the name of the float vector that it makes."""
    x, z = draw(st.sampled_from(g.vectors)), draw(st.sampled_from(g.vectors))
    kind = draw(st.sampled_from(kinds))
    size = g.node("Shape", [x])
    scalar = g.node("Squeeze", [size, "nil"])
    match kind:
        case "relu":
            return g.node("Relu", [x])
        case "concat":
            return g.node("Concat", [x, z], axis=0)
        case "like":
            return g.node("ConstantOfShape", [size])
        case "expanded":
            return g.node("Expand", [g.node("ReduceSum", [x]), size])
        case "range":
            return g.node("Cast", [g.node("Range", ["zero", scalar, "one"])], to=FLOAT)
        case "chosen":  # an operator that the propagation of ONNX's own inference does not follow
            eight = g.node("Squeeze", ["eight", "nil"])
            chosen = g.node("Where", [g.node("Equal", [scalar, eight]), "one", scalar])
            return g.node("ConstantOfShape", [g.node("Unsqueeze", [chosen, "nil"])])
        case "reshaped":
            return g.node("Reshape", [g.node("Unsqueeze", [x, "nil"]), "minus"])
        case "repeated":
            return g.node("Tile", [x, size])
        case "nonzero":
            return g.node("Cast", [g.node("Reshape", [g.node("NonZero", [x]), "minus"])], to=FLOAT)
        case "compress":
            return g.node("Compress", [x, g.node("Cast", [x], to=BOOL)])
        case "unique":
            return g.node("Unique", [x], count=draw(st.integers(1, 2)))
        case "topk":
            return g.node("TopK", [x, "k"], count=2)
        case "cut":
            return g.node("Slice", [x, "nil", "k"])
        case "boxes":
            boxes = g.node("ConstantOfShape", [g.node("Concat", ["unit", size, "quad"], axis=0)])
            scores = g.node("ConstantOfShape", [g.node("Concat", ["unit", "unit", size], axis=0)])
            found = g.node("NonMaxSuppression", [boxes, scores])
            return g.node("Cast", [g.node("Reshape", [found, "minus"])], to=FLOAT)
        case "custom":
            made = g.node("Custom", [x])
            g.declared.append(helper.make_tensor_value_info(made, FLOAT, [draw(st.sampled_from(["m", None, 3]))]))
            return made
        case "if" | "if by size":
            by_size = g.node("Equal", [scalar, "one"])
            bodies = {
                role: body(draw, g, f"{role} {g.names.count}", [], depth)[0] for role in ("then_branch", "else_branch")
            }
            return g.node("If", ["flag" if kind == "if" else by_size], **bodies)
        case _:
            inner = g.names.new()
            graph, made = body(draw, g, f"body {g.names.count}", [inner], depth, steps=kind == "loop")
            if kind == "loop":  # whatever the rounds make is piled up, and the state stays as it is
                graph.output.add(name=inner).type.tensor_type.elem_type = FLOAT
                order = [graph.output[1], graph.output[0]]
                del graph.output[:]
                graph.output.extend(order)
                return looped(g, graph, x, piles=1)
            last = "Compress" if "unknown" in kind else "Concat"
            other = made if last == "Concat" else g.names.new()
            result = g.names.new()
            if last == "Compress":
                graph.node.append(helper.make_node("Cast", [inner], [other], to=BOOL))
            more = {"axis": 0} if last == "Concat" else {}
            graph.node.append(helper.make_node(last, [inner, other], [result], **more))
            graph.output[0].name = result
            return looped(g, graph, x, piles=0)


def looped(g: Drawn, graph, x: str, piles: int) -> str:
    """Add a Loop over the body `graph`, of which the last input is the state."""
    state = graph.input[0].name
    del graph.input[:]
    trip, going, gone = (g.names.new() for _ in range(3))
    graph.input.extend(
        helper.make_tensor_value_info(name, element, shape)
        for name, element, shape in ((trip, INT, []), (going, BOOL, []), (state, FLOAT, None))
    )
    graph.node.append(helper.make_node("Identity", [going], [gone]))
    rest = list(graph.output)
    del graph.output[:]
    graph.output.extend([helper.make_tensor_value_info(gone, BOOL, []), *rest])
    return g.node("Loop", ["rounds", "", x], count=1 + piles, body=graph)


def body(draw, g: Drawn, name: str, inputs: list[str], depth: int, *, steps: bool = True):
    """A body that reads what is around it, and its result."""
    inner = Drawn(g.names, [*g.vectors, *inputs])
    made = inner.vectors[-1]
    for _ in range(draw(st.integers(1, 2)) if steps else 0):
        made = step(draw, inner, (*PLAIN, *DATA, *(CALLS[:2] if depth < 1 else ())), depth + 1)
        inner.vectors.append(made)
    result = g.names.new()
    inner.nodes.append(helper.make_node("Neg", [made], [result]))
    given = [helper.make_tensor_value_info(n, FLOAT, None) for n in inputs]
    output = helper.make_tensor_value_info(result, FLOAT, None)
    return helper.make_graph(inner.nodes, name, given, [output], value_info=inner.declared), result


@st.composite
def open_models(draw) -> ModelProto:
    """Models whose sizes depend on open dimensions, on data, or on both."""
    count = draw(st.integers(1, 3))
    g = Drawn(Names(), [f"x{i}" for i in range(count)])
    dims = [draw(st.sampled_from(DIMS)) for _ in g.vectors]
    inputs = []
    for name, dim in zip(g.vectors, dims, strict=True):
        value = helper.make_tensor_value_info(name, FLOAT, [None if dim == -1 else dim])
        if dim == -1:
            value.type.tensor_type.shape.dim[0].dim_value = -1
        inputs.append(value)
    inputs.append(helper.make_tensor_value_info("flag", BOOL, []))
    inputs.append(helper.make_tensor_value_info("k", INT, [1]))
    for _ in range(draw(st.integers(1, 4))):
        g.vectors.append(step(draw, g, (*PLAIN, *DATA, *CALLS), 0))
    declared = draw(st.sampled_from([None, ["out"], ["n"], [None]]))
    g.nodes.append(helper.make_node("Identity", [g.vectors[-1]], ["y"]))
    stored = STORED | {"unit": ([1], [1]), "quad": ([1], [4]), "rounds": ([], [3])}
    graph = helper.make_graph(
        g.nodes,
        "g",
        inputs,
        [helper.make_tensor_value_info("y", FLOAT, declared)],
        [helper.make_tensor(name, INT, *stored[name]) for name in stored],
        value_info=g.declared,
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("x", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)
