"""The tables of field numbers are those of the generated code of the schema."""

import inspect
import re
from types import ModuleType
from typing import Any

import pytest
from tmpass.frontends.tflite import option_schema, schema
from tmpass.frontends.tflite.calls import CALLING, Options
from tmpass.frontends.tflite.draft_file import NEW_OPTIONS
from tmpass.frontends.tflite.element_types import ELEMENT_TYPES
from tmpass.frontends.tflite.flatbuffer import FIELD_LIMIT, Field, Scalar
from tmpass.frontends.tflite.operator_names import OPERATOR_NAMES, operator_name

from tmpass.graph.dialect import New

TABLES = (
    schema.Model,
    schema.SubGraph,
    schema.Tensor,
    schema.Operator,
    schema.OperatorCode,
    schema.Buffer,
    schema.Metadata,
    schema.SignatureDef,
    schema.TensorMap,
)

OPTIONS = tuple(table for table in vars(option_schema).values() if isinstance(table, type) and "NUMBER" in vars(table))


@pytest.fixture(scope="module", params=["tflite", "ai_edge_litert.schema_py_generated"])
def generated(request: pytest.FixtureRequest) -> ModuleType:
    """A package of generated accessors; only the first is always installed."""
    return pytest.importorskip(request.param)


def numbers_of(accessors: type) -> dict[str, int]:
    """Map accessors to field numbers: each one asks for byte 4 + 2 * number of the vtable."""
    sources = {name: inspect.getsource(f) for name, f in inspect.getmembers(accessors, inspect.isfunction)}
    found = {name: re.search(r"\.Offset\((\d+)\)", source) for name, source in sources.items()}
    return {name: (int(match[1]) - 4) // 2 for name, match in found.items() if match}


def camel(name: str) -> str:
    return "".join(part[0].upper() + part[1:] for part in name.split("_"))


def enum_of(module: ModuleType, name: str) -> dict[str, int]:
    values: dict[str, Any] = vars(getattr(module, name))
    return {key: value for key, value in values.items() if isinstance(value, int)}


@pytest.mark.parametrize("table", TABLES + OPTIONS, ids=lambda table: table.__name__)
def test_fields_have_the_numbers_of_the_schema(generated: ModuleType, table: type) -> None:
    theirs = numbers_of(getattr(generated, table.__name__))
    ours = {f.name: f.number for f in vars(table).values() if isinstance(f, Field | Scalar)}
    assert ours
    if generated.__name__ == "tflite":  # It is older than these fields.
        ours = {name: number for name, number in ours.items() if not name.startswith(("external_", "debug_"))}
    elif "FIELDS" in vars(table):
        assert set(theirs.values()) == set(range(vars(table)["FIELDS"])) == set(ours.values())
    assert {name: theirs[camel(name)] for name in ours} == ours


@pytest.mark.parametrize("table", OPTIONS, ids=lambda table: table.__name__)
def test_options_have_the_numbers_of_the_union(generated: ModuleType, table: type) -> None:
    union = "BuiltinOptions2" if table.__name__.startswith("Stablehlo") else "BuiltinOptions"
    assert enum_of(generated, union)[table.__name__] == vars(table)["NUMBER"]


def test_arithmetic_has_its_activation_in_the_same_field(generated: ModuleType) -> None:
    options = option_schema.ArithmeticOptions
    for kind, number in options.NUMBERS.items():
        name = f"{kind.capitalize()}Options"
        assert enum_of(generated, "BuiltinOptions")[name] == number
        assert numbers_of(getattr(generated, name))["FusedActivationFunction"] == options.FUSED_ACTIVATION.number


@pytest.mark.parametrize("options", CALLING.values(), ids=lambda options: options.name)
def test_callees_have_the_numbers_of_the_schema(generated: ModuleType, options: Options) -> None:
    union = enum_of(generated, "BuiltinOptions2" if options.second else "BuiltinOptions")
    if options.name not in union and generated.__name__ == "tflite":
        pytest.skip("younger than this package")
    assert union[options.name] == options.number
    theirs = numbers_of(getattr(generated, options.name))
    assert [theirs[camel(field.name)] for field, _ in options.callees] == [f.number for f, _ in options.callees]


def test_every_options_table_that_names_a_subgraph_is_known() -> None:
    newest = pytest.importorskip("ai_edge_litert.schema_py_generated")
    known = {options.name for options in CALLING.values()}
    naming = set()
    for name in (*enum_of(newest, "BuiltinOptions"), *enum_of(newest, "BuiltinOptions2")):
        fields = numbers_of(getattr(newest, name)) if name != "NONE" else {}
        if any("ubgraph" in field or field == "CalledComputations" for field in fields):
            naming.add(name)
    assert naming == known


def test_operators_have_the_names_of_the_schema(generated: ModuleType) -> None:
    theirs = enum_of(generated, "BuiltinOperator")
    assert len(theirs) > 200
    assert {name: OPERATOR_NAMES.index(name) for name in theirs} == theirs


def test_operators_above_the_table_are_named_by_their_number() -> None:
    assert operator_name(0) == "ADD"
    assert operator_name(len(OPERATOR_NAMES)) == f"BUILTIN_{len(OPERATOR_NAMES)}"


def test_element_types_have_the_numbers_of_the_schema(generated: ModuleType) -> None:
    ours = {name: number for number, (name, _) in enumerate(ELEMENT_TYPES)}
    theirs = enum_of(generated, "TensorType")
    assert len(theirs) > 16
    assert {name: ours[name] for name in theirs} == theirs


@pytest.mark.parametrize(("name", "dtype"), ELEMENT_TYPES, ids=[name for name, _ in ELEMENT_TYPES])
def test_element_types_have_the_bits_in_their_name(name: str, dtype: Any) -> None:
    digits = re.search(r"\d+", name)
    expected = int(digits[0]) if digits else {"BOOL": 8}.get(name)
    assert dtype.bits == expected
    assert dtype.name == name.lower().replace("_", "")


def test_no_field_lies_behind_the_limit_of_the_reader(generated: ModuleType) -> None:
    for table in TABLES:
        assert max(numbers_of(getattr(generated, table.__name__)).values()) < FIELD_LIMIT


def sources_of(module: ModuleType) -> dict[tuple[int, int], list[str]]:
    """(number of the options, field) -> the sources of the accessors of that field."""
    found: dict[tuple[int, int], list[str]] = {}
    for name, number in enum_of(module, "BuiltinOptions").items():
        if name == "NONE":
            continue
        accessors = inspect.getmembers(getattr(module, name), inspect.isfunction)
        for _, source in ((key, inspect.getsource(f)) for key, f in accessors):
            if match := re.search(r"Offset\((\d+)\)", source):
                found.setdefault((number, (int(match[1]) - 4) // 2), []).append(source)
    return found


@pytest.mark.runtime
def test_options_that_are_vectors_or_links_are_those_of_the_schema() -> None:
    newest = pytest.importorskip("ai_edge_litert.schema_py_generated")
    widths = {"Uint8": 1, "Int8": 1, "Int32": 4, "Float32": 4, "Int64": 8}
    vectors, linked = {}, set()
    for key, sources in sources_of(newest).items():
        text = "".join(sources)
        if match := re.search(r"GetVectorAsNumpy\(flatbuffers\.number_types\.(\w+)Flags", text):
            vectors[key] = widths[match[1]]
        elif "VectorLen" in text or "_tab.String" in text or "Indirect" in text:
            linked.add(key[0])
    linked.add(3)  # two vectors, in an operator that no converter makes
    assert {key: width for key, width in vectors.items() if key[0] not in linked} == option_schema.VECTORS
    assert linked == set(option_schema.LINKED)


@pytest.mark.runtime
def test_new_operators_have_the_options_of_the_schema() -> None:
    newest = pytest.importorskip("ai_edge_litert.schema_py_generated")
    union = enum_of(newest, "BuiltinOptions")
    expected = {New.SLICE: "SliceOptions", New.PAD: "PadOptions", New.CONCAT: "ConcatenationOptions"}
    assert {kind: union[name] for kind, name in expected.items()} == NEW_OPTIONS


@pytest.mark.runtime
def test_values_of_absent_options_are_those_of_the_schema() -> None:
    newest = pytest.importorskip("ai_edge_litert.schema_py_generated")
    found = {}
    for key, sources in sources_of(newest).items():
        for source in sources:
            default = re.search(r"return (\w+)\s*$", source.strip())
            if "_tab.Get(" in source and "_tab.Vector" not in source and default:
                word = default[1]
                found[key] = int(word) if word.isdigit() else int(word == "True")
    assert {key: value for key, value in found.items() if value} == option_schema.DEFAULTS
