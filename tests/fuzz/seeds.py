"""Small inputs to begin with; between them they use every part of each format that is read."""

import json
from functools import cache
from pathlib import Path

from tflite_writer import Operator, Signature, Subgraph, Tensor, options, write_model

MODELS = Path(__file__).parent.parent.parent / "models"


@cache
def tflite_models() -> list[bytes]:
    """TFLite files of a few hundred bytes, and those of the project below 8 KiB."""
    x, y, w = Tensor("x", [1, 4]), Tensor("y", [1, 4]), Tensor("w", [1, 4], data=bytes(16))
    add = Operator("ADD", [0, 1], [2], options("AddOptions", fused_activation_function=0))
    plain = write_model(
        [Subgraph([x, w, y], [add], [0], [2])],
        signatures=[Signature("serving", 0, [("in", 0)], [("out", 2)])],
        metadata={"min_runtime_version": b"1.5.0"},
    )
    body = Subgraph([x, y], [Operator("ABS", [0], [1])], [0], [1], name="body")
    chosen = [Tensor("c", [1], "BOOL"), x, y]
    table = options("IfOptions", then_subgraph_index=1, else_subgraph_index=2)
    branch = write_model([Subgraph(chosen, [Operator("IF", [0, 1], [2], table)], [0, 1], [2]), body, body])
    cases = options("StablehloCaseOptions", branch_subgraph_indices=[1, 1])
    odd = [
        Tensor("v", [-1, 4], is_variable=True, shape_signature=[-1, 4], has_rank=True),
        Tensor("w", [16], "INT8", data=bytes(16), appended=True),
        Tensor(None, None, "RESOURCE"),
        Tensor("out", [], external_buffer=0),
    ]
    operators = [
        Operator("op", [0, 1, -1], [3], intermediates=[2], custom=True),
        Operator("STABLEHLO_CASE", [3], [], cases),
    ]
    odd_one = write_model([Subgraph(odd, operators, [], [3]), Subgraph([])])
    join = options("ConcatenationOptions", axis=0, fused_activation_function=0)
    moving = [Tensor(f"t{i}", shape, "UINT8") for i, shape in enumerate([[2, 8], [2, 8], [2, 8], [4, 8], [32]])]
    shape = Tensor("s", [1], "INT32", data=(32).to_bytes(4, "little"))
    moves = [
        Operator("TANH", [0], [1]),
        Operator("RELU", [1], [2]),
        Operator("CONCATENATION", [1, 2], [3], join),
        Operator("RESHAPE", [3, 5], [4], options("ReshapeOptions", new_shape=[32])),
    ]
    whole = write_model([Subgraph([*moving, shape], moves, [0], [4])])
    cond = Subgraph([x, Tensor("c", [1], "BOOL")], [Operator("OP", [0], [1], custom=True)], [0], [1], name="cond")
    loop = options("WhileOptions", cond_subgraph_index=1, body_subgraph_index=2)
    again = write_model([Subgraph([x, y], [Operator("WHILE", [0], [1], loop)], [0], [1]), cond, body])
    written = [plain, branch, odd_one, _ruled(), whole, again]
    return [*written, *(data for path in sorted(MODELS.glob("*.tflite")) if len(data := path.read_bytes()) < 8192)]


def _ruled() -> bytes:
    """Operators whose shapes follow from options of both unions, and from what a variable is assigned."""
    tensors = [
        Tensor("x", [1, 4, 2], shape_signature=[-1, 4, 2]),
        Tensor("zero", [], data=bytes(4), has_rank=True),
        *(Tensor(f"t{i}", [1, 1, 1], shape_signature=[-1, -1, -1]) for i in range(3)),
        Tensor("v", None, "RESOURCE"),
        Tensor("r", []),
    ]
    pads = {"edge_padding_low": [0, 1, 0], "edge_padding_high": [0, 0, 1], "interior_padding": [0, 1, 0]}
    ends = {"start_indices": [0, 1, 0], "limit_indices": [1, 5, 2], "strides": [1, 2, 1]}
    operators = [
        Operator("STABLEHLO_PAD", [0, 1], [2], options("StablehloPadOptions", **pads)),
        Operator("STABLEHLO_TRANSPOSE", [2], [3], options("StablehloTransposeOptions", permutation=[2, 0, 1])),
        Operator("STABLEHLO_SLICE", [2], [4], options("StablehloSliceOptions", **ends)),
        Operator("VAR_HANDLE", [], [5], options("VarHandleOptions", container="", shared_name="v")),
        Operator("ASSIGN_VARIABLE", [5, 3]),
        Operator("READ_VARIABLE", [5], [6]),
    ]
    return write_model([Subgraph(tensors, operators, [0], [4, 6])])


@cache
def onnx_models() -> list[bytes]:
    """ONNX files of a few hundred bytes: control flow, functions, moves, and what shapes are worked out from."""
    from onnx import TensorProto, helper, parser

    head = '<ir_version: 8, opset_import: ["": 17, "loc": 1]>'
    texts = (
        """g (float[N, 4] x, bool c) => (float[N, 4] z, s)
        <float[4] w = {1, 2, 3, 4}, int64[2] t = {-1, 4}, int64 m = {3}>
        {
            a = Add(x, w)
            k = Constant <value = float[4] {1, 2, 3, 4}> ()
            r = Reshape(a, t)
            f = loc.f (r)
            y = If (c) <then_branch = tb () => (float[N, 4] p) { p = Mul(f, k) },
                        else_branch = eb () => (float[N, 4] q) { q = Neg(r) }>
            z, s = Loop (m, "", y) <body = b (int64 i, bool g, float[N, 4] l) =>
                (bool h, float[N, 4] o, float[N, 4] u) { h = Identity(g) o = Relu(l) u = Add(o, a) }>
        }
        <domain: "loc", opset_import: ["": 17]> f (v) => (n) { n = Tanh(v) }""",
        """g (float[N, 3, 8, 8] x) => (y) <int64[4] p = {0, 0, 1, 1}, float[4] k = {1, 1, 2.6, 0.7}>
        {
            a = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, w)
            b = MaxPool <kernel_shape = [2, 2]> (a)
            c, d = Split <axis = 1> (b)
            e = Concat <axis = 1> (d, c)
            s = Shape(e)
            f = Transpose <perm = [0, 2, 3, 1]> (e)
            h = Slice(f, p, s)
            u = Resize <mode = "nearest"> (e, , k)
            m = MaxPool <kernel_shape = [1, 2], strides = [2, 2], ceil_mode = 1> (u)
            y = Flatten(f)
        }""",
        """g (float[N, 2] x) => (y, v, i, q)
        <int64[1] k = {2}, float[2, 3] w = {1, 2, 3, 4, 5, 6}, int8[1] z = {0}, float[1] o = {0.5}>
        {
            a = MatMul(x, w)
            b = Softmax(a)
            v, i = TopK(x, k)
            e = Einsum <equation = "ij,jk->ik"> (x, w)
            q = QuantizeLinear(e, o, z)
            r = DequantizeLinear(q, o, z)
            y = Add(b, r)
        }""",
        """g (seq(float[2]) s, float[N, 2] x, float[2] a) => (t, u, n)
        {
            t, u = Scan <num_scan_inputs = 1, body = b (float[2] p, float[2] r) => (float[2] o, float[2] w)
                { o = Add(p, r) w = Relu(o) }> (a, x)
            l = SequenceInsert(s, a)
            n = SequenceLength(l)
        }""",
    )
    models = [parser.parse_model(head + text) for text in texts]
    weights = helper.make_tensor("w", TensorProto.FLOAT, [4, 3, 3, 3], bytes(4 * 4 * 3 * 3 * 3), raw=True)
    models[1].graph.initializer.append(weights)
    return [model.SerializeToString() for model in models]


@cache
def plans() -> list[bytes]:
    """Plans of the small TFLite models, with scratch, bindings, several memories, and one that does not fit."""
    import tmpass
    from tmpass.base.errors import TmpassError
    from tmpass.targets.scratch.rule import ScratchRule

    made = []
    for number, data in enumerate(tflite_models()[:5]):
        for target, more in (
            ("pixel6-tpu", {}),
            ("pixel6-tpu", {"budget": 320, "alignment": 4}),
            ("tflm", {"scratch": [ScratchRule("TANH", "2 * in0.bytes", source="s"), ScratchRule("", 64, 0, 0)]}),
            ("minimalloc", {"budget": 16, "share_io": True, "io": "external" if number % 2 else "arena"}),
        ):
            try:
                made.append(tmpass.plan(data, target, **more).to_json().encode())
            except TmpassError:
                continue  # a model with open dimensions
    assert len(made) > 8
    return made


@cache
def problems() -> list[bytes]:
    """CSV files with every column, with and without a header."""
    full = """id,lower,upper,size,alignment,hint,gaps,offset,memory,share,apart
a,0,3,64,16,-1,,,,,
"b,c",1,9,128,32,64,3-5 6-8@0:64,,,,a
d,2,4,64,,,,0,sram,,
e,0,9,32,,,,,sram dram,,d
f,4,9,64,,,,,,a,
"""
    plain = "buffer,start,end,size\n" + "".join(f"b{i},{i},{i + 3},{16 + i % 5 * 8}\n" for i in range(12))
    return [
        full.encode(),
        plain.encode(),
        b"0,0,2,8\n1,1,3,8\n2,2,4,16\n",
        "\ufeffid,lower,upper,size\r\nx,0,1,4\r\n".encode(),
        *(path.read_bytes() for path in sorted((MODELS / "problems").glob("*.csv")) if path.stat().st_size < 2000),
    ]


@cache
def profiles() -> list[bytes]:
    """Target profiles: three that come with tmpass, and one that uses every key."""
    from tmpass.targets import load

    folder = load._PROFILES
    full = """name = "example"
summary = "An accelerator with two memories"
standing = "assumed"
runtime = "tflm"
[[memory]]
name = "scratchpad"
capacity = { value = "8MiB", source = "data sheet" }
alignment = { value = 64, source = "assumed" }
bandwidth = { value = "51.2 GB/s", source = "data sheet" }
holds = ["activations", "inputs_outputs"]
[[memory]]
name = "dram"
capacity = { value = "unlimited", source = "data sheet" }
alignment = { value = 16, source = "assumed" }
holds = ["variables", "activations", "inputs_outputs"]
[sharing]
views = { value = "every", source = "data sheet" }
in_place = { value = ["ADD", "MUL"], source = "measured" }
parts = { value = "none", source = "assumed" }
[[scratch]]
op = "ADD"
bytes = { value = "4 * out0.elements", source = "measured" }
"""
    return [full.encode(), *((folder / f"{name}.toml").read_bytes() for name in ("pixel6-tpu", "tflm", "minimalloc"))]


@cache
def scratch_files() -> list[bytes]:
    """Scratch files by kind and by operator, with numbers, lists and formulas."""
    head = '{"schema": "tmpass.scratch/1", '
    rows = (
        '[{"kind": "ADD", "bytes": [512, 256]}, {"subgraph": 0, "op": 0, "bytes": "in0.bytes"}]',
        '[{"kind": "ADD", "bytes": "2 * max(in0.bytes, out0[1]) // 3 - 1", "source": "s"}]',
        '[], "sha256": "' + "0" * 64 + '"',
    )
    return [f'{head}"scratch": {row}}}'.encode() for row in rows]


@cache
def transfer_graphs() -> list[bytes]:
    """Graphs of operators and tensors as `tmpass spill` reads them."""
    tensors = [{"name": f"t{at}", "size": 100 * at + 100, "kind": kind} for at, kind in enumerate(("input", "param"))]
    tensors += [{"name": f"a{at}", "size": 200, "kind": "act"} for at in range(4)]
    reads = ([0, 1], [2], [3, 0], [2, 4, 1])
    ops = [{"kind": "op", "ins": ins, "outs": [at + 2]} for at, ins in enumerate(reads)]
    drawn = json.dumps({"tensors": tensors, "ops": ops, "outputs": [5, 2]}).encode()
    return [drawn, (MODELS.parent / "docs" / "examples" / "skip.json").read_bytes()]
