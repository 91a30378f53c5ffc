"""The test models of the onnx package with their inputs and outputs, and what tmpass makes of each."""

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from tmpass.frontends.onnx.execution import engine  # noqa: F401  # once, and not in the child of each model

import tmpass
from tmpass.api.execute import execute
from tmpass.api.verify import verify
from tmpass.base.errors import TmpassError, UnknownSizeError

ROUNDS = 6
"""How often the hint of an error may be followed until a plan is there."""


OLDER = (25, 23, 21, 19, 17, 13)
"""Operator sets that are tried where ONNX Runtime does not run a model as it is."""


@dataclass(frozen=True)
class Case:
    """A model, a name for it, and sets of inputs and outputs as Python and numpy have them."""

    name: str
    model: onnx.ModelProto
    sets: tuple[tuple[tuple[object, ...], tuple[object, ...]], ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a case: `kind` is one of those in KINDS."""

    kind: str
    reason: str = ""
    notes: tuple[str, ...] = ()


KINDS = {
    "verified": "planned, verified, executed on the inputs of the test, and on drawn ones where it takes these",
    "not executed": "planned and verified; executing it is refused",
    "refused": "ONNX Runtime runs it, tmpass does not plan it",
    "not run": "ONNX Runtime does not run it",
    "false alarm": "verify or verify --execute says that a right plan is wrong",
    "stumbled": "an exception that is not an error for people",
}


def cases() -> Iterator[Case]:
    """All of them: those that the package makes in Python, and those that it has as files."""
    yield from _made()
    yield from _stored()


def _made() -> Iterator[Case]:
    from onnx.backend.test.loader import load_node_model_tests

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = load_node_model_tests()
    for case in sorted(made, key=lambda case: case.name):
        if case.model is not None:
            sets = tuple((tuple(map(_value, i)), tuple(map(_value, o))) for i, o in case.data_sets or ())
            yield Case(f"node/{case.name}", case.model, sets)


def _stored() -> Iterator[Case]:
    data = Path(os.path.dirname(onnx.__file__), "backend", "test", "data")
    for path in sorted(data.glob("*/*/model.onnx")):
        model = onnx.load(path)
        sets = tuple(_read_set(folder, model) for folder in sorted(path.parent.glob("test_data_set_*")))
        yield Case(f"{path.parent.parent.name}/{path.parent.name}", model, sets)
    for path in sorted(data.glob("light/*.onnx")):
        yield Case(f"light/{path.stem}", onnx.load(path), ())


def _read_set(folder: Path, model: onnx.ModelProto) -> tuple[tuple[object, ...], tuple[object, ...]]:
    def values(stem: str, infos) -> tuple[object, ...]:
        count = len(list(folder.glob(f"{stem}_*.pb")))
        return tuple(_parse((folder / f"{stem}_{i}.pb").read_bytes(), infos[i].type) for i in range(count))

    return values("input", model.graph.input), values("output", model.graph.output)


def _parse(data: bytes, declared: onnx.TypeProto) -> object:
    kind = declared.WhichOneof("value")
    if kind == "sequence_type":
        return numpy_helper.to_list(onnx.SequenceProto.FromString(data))
    if kind == "optional_type":
        return numpy_helper.to_optional(onnx.OptionalProto.FromString(data))
    return numpy_helper.to_array(onnx.TensorProto.FromString(data))


def _value(value: object) -> object:
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    if isinstance(value, list):
        return [_value(part) for part in value]
    return np.asarray(value) if isinstance(value, np.generic) else value


def judge(case: Case) -> Outcome:
    """What becomes of a case on its first set of inputs."""
    given, wanted = case.sets[0] if case.sets else ((), ())
    names = [info.name for info in case.model.graph.input]
    inputs = dict(zip(names, given, strict=False))
    faults = []
    for model in _versions(case.model):
        data = model.SerializeToString()
        fault = _run(data, inputs if case.sets else None)
        if not fault:
            break
        faults.append(fault)
    else:
        return Outcome("not run", faults[0])
    try:
        return _judge(data, model, inputs, dict(zip((o.name for o in case.model.graph.output), wanted, strict=False)))
    except TmpassError as error:
        return Outcome("refused", str(error))
    except Exception as error:
        return Outcome("stumbled", f"{type(error).__name__}: {error}")


def _versions(model: onnx.ModelProto) -> Iterator[onnx.ModelProto]:
    """The model, and the same nodes in older operator sets: ONNX Runtime is slower to have the newest."""
    yield model
    newest = next((opset.version for opset in model.opset_import if not opset.domain), 0)
    for version in OLDER:
        if version < newest:
            copy = onnx.ModelProto()
            copy.CopyFrom(model)
            for opset in copy.opset_import:
                if not opset.domain:
                    opset.version = version
            yield copy


def _judge(data: bytes, model: onnx.ModelProto, inputs: dict[str, object], outputs: dict[str, object]) -> Outcome:
    known = _known(model, {**inputs, **outputs})
    bind: dict[str, int] = {}
    for _ in range(ROUNDS):
        try:
            plan = tmpass.plan(data, bind=bind)
            break
        except UnknownSizeError as error:
            known = {**_inside(model, [symbol.rpartition(":")[0] for symbol in error.symbols], inputs), **known}
            more = {symbol: known[symbol] for symbol in error.symbols if symbol in known and symbol not in bind}
            if not more:
                raise
            bind |= more
    violations = verify(plan, data)
    if violations:
        return Outcome("false alarm", f"verify: {violations[0].message}")
    stored = {tensor.name for tensor in model.graph.initializer}
    try:
        given = {name: value for name, value in inputs.items() if name not in stored}
        done = execute(plan, data, inputs=given, max_bytes="4GiB")
    except TmpassError as error:
        return Outcome("not executed", str(error))
    if done.violations:
        return Outcome("false alarm", f"{done.violations[0].kind}: {done.violations[0].message}")
    try:
        drawn = execute(plan, data, max_bytes="4GiB")
    except TmpassError as error:  # inputs that mean something, such as a shape
        return Outcome("verified", notes=(*done.notes, f"drawn inputs: {error}"))
    if drawn.violations:
        return Outcome("false alarm", f"drawn inputs: {drawn.violations[0].kind}: {drawn.violations[0].message}")
    return Outcome("verified", notes=(*done.notes, *(f"drawn inputs: {note}" for note in drawn.notes)))


def _known(model: onnx.ModelProto, values: dict[str, object]) -> dict[str, int]:
    """The open dimensions of inputs and outputs by the names that a hint has for them; of a sequence the largest."""
    found: dict[str, int] = {}
    for info in (*model.graph.input, *model.graph.output):
        value, declared = values.get(info.name), info.type
        if declared.HasField("sequence_type"):
            declared = declared.sequence_type.elem_type
        for part in value if isinstance(value, list) else [value]:
            for axis, size in enumerate(getattr(part, "shape", ())):
                names = [f"{info.name}:{axis}"]
                if axis < len(declared.tensor_type.shape.dim):
                    names.append(declared.tensor_type.shape.dim[axis].dim_param)
                for name in filter(None, names):
                    found[name] = max(size, found.get(name, 0) if isinstance(value, list) else 0)
    return found


def _run(data: bytes, inputs: dict[str, object] | None) -> str:
    """Why ONNX Runtime does not run a model, "" if it does; without inputs it is only loaded."""
    try:
        session = open_session(data)
        if inputs is not None:
            run_session(session, inputs)
    except Exception as error:
        return str(error).strip().partition("\n")[0]
    return ""


def open_session(data: bytes):
    """A session of ONNX Runtime on one thread that changes nothing about the model."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def run_session(session, inputs: dict[str, object]) -> dict[str, tuple[int, ...] | None]:
    """Run a model; the shapes of its outputs, None for what is not a tensor."""
    outputs = session.get_outputs()
    dense = [o.name for o in outputs if o.type.startswith("tensor")]
    if all(isinstance(value, np.ndarray) and value.dtype.kind not in "OSU" for value in inputs.values()):
        feeds = {name: _feed(value) for name, value in inputs.items()}
        if len(dense) == len(outputs):  # numpy has no types for some of what comes out
            made = session.run_with_ort_values(dense, feeds)
            return {name: tuple(value.shape()) for name, value in zip(dense, made, strict=True)}
    made = session.run(None, inputs)
    return {o.name: getattr(value, "shape", None) for o, value in zip(outputs, made, strict=True)}


def _feed(value: np.ndarray) -> object:
    """A tensor as ONNX Runtime takes it, also where numpy has no such type."""
    import onnxruntime

    element = onnx.helper.np_dtype_to_tensor_dtype(value.dtype)
    if value.dtype.isbuiltin == 1:
        return onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(value))
    stored = np.frombuffer(numpy_helper.from_array(value).raw_data, np.uint8)
    if value.dtype.itemsize == 2:
        bits = stored.view(np.uint16)
    else:  # several elements may share a byte: the length is asked for, the rest is not read
        bits = np.concatenate([stored, np.zeros(value.size - stored.size, np.uint8)])
    return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(bits.reshape(value.shape), element)


def _inside(model: onnx.ModelProto, names: list[str], inputs: dict[str, object]) -> dict[str, int]:
    """The dimensions of tensors inside the main graph, as ONNX Runtime makes them."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    made = {name for node in copy.graph.node for name in node.output}
    del copy.graph.output[:]
    copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in dict.fromkeys(names) if name in made)
    if not copy.graph.output:
        return {}
    try:
        shapes = run_session(open_session(copy.SerializeToString()), inputs)
    except Exception:
        return {}
    return {f"{name}:{axis}": size for name, shape in shapes.items() for axis, size in enumerate(shape or ())}
