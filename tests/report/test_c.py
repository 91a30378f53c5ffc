"""A plan as a C header: compiled as firmware would, with every warning an error."""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, chain, graph_of

from tmpass.api.plan import plan
from tmpass.base.errors import UsageError
from tmpass.graph.model import TensorKind
from tmpass.loading.load import Model
from tmpass.plans.model_info import ModelInfo
from tmpass.report.formats.c import emit
from tmpass.targets import Memory, Target, load_target
from tmpass.targets.scratch.rule import ScratchRule

STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
LANGUAGES = {"c": ["cc", "-std=c11"], "c++": ["c++", "-std=c++11"]}


def planned(graph, file="net.tflite", **options):
    return plan(Model(ModelInfo(file, "test", "0" * 64), graph), **options)


def named(*names):
    """A chain of tensors of 32 bytes with these names."""
    made = chain(*[32] * len(names))
    body = made.subgraphs[0]
    tensors = tuple(replace(t, name=name) for t, name in zip(body.tensors, names, strict=True))
    return replace(made, subgraphs=(replace(body, tensors=tensors),))


def macros(text):
    return dict(re.findall(r"^#define (\w+) (\d+)u\b", text, re.MULTILINE))


def compiled(text, language, main="int main(void) { return 0; }", *options):
    """What the compiler says of a program that includes the header twice, and what the program does."""
    compiler, standard = LANGUAGES[language]
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}")
    source = f"{text}\n{text}\n#include <stddef.h>\n#include <stdio.h>\n{main}\n"
    words = [compiler, standard, *STRICT, *options, f"-x{language}", "-fsyntax-only", "-"]
    return subprocess.run(words, input=source, capture_output=True, text=True, timeout=60, check=False)


def test_sizes_offsets_and_alignments():
    text = emit(planned(named("image", "hidden", "scores"), share="none", alignment=16))
    assert '#define NET_MODEL_SHA256 "' + "0" * 64 + '"' in text
    assert macros(text) == {
        "NET_SCRATCHPAD_BYTES": "64",
        "NET_SCRATCHPAD_ALIGNMENT": "16",
        "NET_SCRATCHPAD_CONSTANTS": "0",
        "NET_SCRATCHPAD_RUNTIME": "0",
        "NET_SCRATCHPAD_NEEDED": "64",
        "NET_SCRATCHPAD_RESERVE": "0",
        "NET_SCRATCHPAD_CAPACITY": str(8 << 20),
        "NET_IMAGE_OFFSET": "32",
        "NET_IMAGE_BYTES": "32",
        "NET_IMAGE_ALIGNMENT": "16",
        "NET_HIDDEN_OFFSET": "0",
        "NET_HIDDEN_BYTES": "32",
        "NET_HIDDEN_ALIGNMENT": "16",
        "NET_SCORES_OFFSET": "32",
        "NET_SCORES_BYTES": "32",
        "NET_SCORES_ALIGNMENT": "16",
        "NET_TRANSFERS_COUNT": "0",
    }


def test_a_tensor_inside_another_buffer_has_the_alignment_of_its_place():
    sketch = Sketch()
    x = sketch.input(24)
    sketch.outputs = [sketch.concat(sketch.op([x], 24), sketch.op([x], 8))]
    text = emit(planned(graph_of(sketch), alignment=16))
    found = macros(text)
    places = {name: (int(found[f"NET_{name}_OFFSET"]), int(found[f"NET_{name}_ALIGNMENT"])) for name in ("T1", "T2")}
    assert all(offset % alignment == 0 for offset, alignment in places.values())
    assert [alignment for _, alignment in places.values()] in ([16, 8], [16, 16])


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_compiles_and_firmware_can_use_it(language):
    firmware = """
    NET_ALIGNAS(NET_SCRATCHPAD_ALIGNMENT) static unsigned char arena[NET_SCRATCHPAD_BYTES];
    #if NET_TRANSFERS_COUNT
    #error "no buffer leaves"
    #endif
    int main(void) { return arena[NET_HIDDEN_OFFSET + NET_HIDDEN_BYTES - 1]; }
    """
    done = compiled(emit(planned(named("image", "hidden", "scores"))), language, firmware)
    assert (done.returncode, done.stderr) == (0, "")


def test_scratch_has_the_number_of_its_buffer():
    text = emit(planned(chain(8, 8, 8), scratch=[ScratchRule("OP", 100)]))
    assert {name for name in macros(text) if "SCRATCH_" in name and name.endswith("BYTES")} == {
        "NET_SCRATCH_3_BYTES",
        "NET_SCRATCH_4_BYTES",
    }
    assert "/* scratch of step 1 */\n#define NET_SCRATCH_4_OFFSET" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plan_that_does_not_fit_does_not_compile(language):
    text = emit(planned(named("a", "b", "c"), budget=50))
    assert "the plan does not fit the memory" in compiled(text, language).stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_firmware_can_set_the_actual_capacity(language):
    text = emit(planned(named("a", "b", "c"), share="none", alignment=1))
    assert compiled(text, language, "int main(void) { return 0; }", "-DNET_SCRATCHPAD_CAPACITY=64").returncode == 0
    less = compiled(text, language, "int main(void) { return 0; }", "-DNET_SCRATCHPAD_CAPACITY=63")
    assert "the plan does not fit the memory" in less.stderr


def board(**flash):
    """A board with two memories for buffers, one of them with a reserve, and one for constants only."""
    return Target(
        "board",
        "three memories",
        "assumed",
        (
            Memory("SRAM 1", 4096, 16, ("activations", "inputs_outputs"), reserve=1000),
            Memory("dtcm", 256, 8, ("variables",)),
            Memory("flash", **{"capacity": 400, "alignment": 4, **flash}, holds=("weights",)),
        ),
    )


def with_state_and_weights():
    sketch = Sketch()
    x = sketch.input(100)
    state, weights = sketch.tensor(40, TensorKind.VARIABLE), sketch.tensor(300, TensorKind.CONSTANT)
    sketch.outputs = [sketch.op([x, state, weights], 100)]
    return graph_of(sketch)


def test_each_memory_has_what_is_needed_of_it():
    found = macros(emit(planned(with_state_and_weights(), target=board())))
    assert {name: size for name, size in found.items() if not name.startswith("NET_T")} == {
        "NET_SRAM_1_BYTES": "212",
        "NET_SRAM_1_ALIGNMENT": "16",
        "NET_SRAM_1_CONSTANTS": "0",
        "NET_SRAM_1_RUNTIME": "0",
        "NET_SRAM_1_NEEDED": "212",
        "NET_SRAM_1_RESERVE": "1000",
        "NET_SRAM_1_CAPACITY": "4096",
        "NET_DTCM_BYTES": "40",
        "NET_DTCM_ALIGNMENT": "8",
        "NET_DTCM_CONSTANTS": "0",
        "NET_DTCM_RUNTIME": "0",
        "NET_DTCM_NEEDED": "40",
        "NET_DTCM_RESERVE": "0",
        "NET_DTCM_CAPACITY": "256",
        "NET_FLASH_CONSTANTS": "300",
        "NET_FLASH_RUNTIME": "0",
        "NET_FLASH_NEEDED": "300",
        "NET_FLASH_RESERVE": "0",
        "NET_FLASH_CAPACITY": "400",
    }


def test_copies_of_constants_count_in_the_memory_where_they_are():
    made = planned(with_state_and_weights(), target="pixel6-tpu")
    found = macros(emit(made))
    scratchpad = made.memories[0]
    assert scratchpad.loaded >= 300
    assert int(found["NET_SCRATCHPAD_BYTES"]) == scratchpad.peak
    assert int(found["NET_SCRATCHPAD_CONSTANTS"]) == scratchpad.loaded
    assert int(found["NET_SCRATCHPAD_NEEDED"]) == scratchpad.needed
    assert int(found["NET_DRAM_CONSTANTS"]) == made.memories[1].constants == 320
    assert "NET_DRAM_BYTES" not in found


@pytest.mark.parametrize(("capacity", "fits"), [(5000, True), (300, False)])
def test_a_memory_for_variables_in_the_tail_is_checked_for_its_constants(capacity, fits):
    """The array of the variables is left out, as they are in the tail of the arena, and nothing else."""
    memories = (
        Memory("sram", None, 16, ("activations", "inputs_outputs")),
        Memory("dtcm", capacity, 16, ("variables", "weights")),
    )
    made = planned(
        with_state_and_weights(), target=replace(load_target("tflm-nrf52840"), name="own", memories=memories)
    )
    text = emit(made)
    found = {name: int(size) for name, size in macros(text).items() if name.startswith("NET_DTCM")}
    dtcm = made.memories[1]
    assert found == {
        "NET_DTCM_CONSTANTS": dtcm.constants,
        "NET_DTCM_RUNTIME": dtcm.overhead,
        "NET_DTCM_NEEDED": dtcm.needed,
        "NET_DTCM_RESERVE": 0,
        "NET_DTCM_CAPACITY": capacity,
    }
    assert dtcm.constants >= 300
    assert "memory dtcm: the runtime places variables in the tail" in text
    assert (compiled(text, "c").returncode == 0) is fits
    assert macros(text)["NET_T0_BYTES"] == "100"
    assert "NET_T1_OFFSET" not in text


EMPTY = "int main(void) { return 0; }"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("option", "fits"),
    [
        ("NET_SRAM_1_CAPACITY=1212", True),
        ("NET_SRAM_1_CAPACITY=1211", False),
        ("NET_SRAM_1_CAPACITY=100", False),
        ("NET_SRAM_1_RESERVE=3884", True),
        ("NET_SRAM_1_RESERVE=3885", False),
        ("NET_SRAM_1_RESERVE=0xffffffffu", False),
        ("NET_FLASH_CAPACITY=300", True),
        ("NET_FLASH_CAPACITY=299", False),
        ("NET_FLASH_RESERVE=101", False),
    ],
)
def test_a_capacity_has_room_for_constants_and_reserve_as_well(language, option, fits):
    text = emit(planned(with_state_and_weights(), target=board()))
    done = compiled(text, language, EMPTY, f"-D{option}")
    assert (done.returncode == 0) is fits, done.stderr
    assert ("the plan does not fit the memory" in done.stderr) is not fits


@pytest.mark.parametrize("language", LANGUAGES)
def test_constants_above_the_capacity_do_not_compile(language):
    text = emit(planned(with_state_and_weights(), target=board(capacity=299)))
    assert "the plan does not fit the memory" in compiled(text, language).stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_example_in_the_comment_compiles(language):
    text = emit(planned(with_state_and_weights(), target=board()))
    lines = re.findall(r"^ \*   (.*)$", text, re.MULTILINE)
    sections = [line for line in lines if line.startswith("#define")]
    arrays = "\n".join(line for line in lines if line not in sections)
    assert len(sections) == 2
    main = f"{arrays}\nint main(void) {{ return sram_1[NET_T0_OFFSET] + dtcm[NET_T1_OFFSET]; }}"
    for before in ("", "\n".join(sections)):
        done = compiled(f"{before}\n{text}", language, main)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_number_does_not_compile(language):
    text = emit(planned(named("a", "b", "c"), share="none", alignment=16))
    assert "outside of the arena" in compiled(text.replace("NET_A_BYTES 32u", "NET_A_BYTES 33u"), language).stderr
    assert "not aligned" in compiled(text.replace("NET_A_OFFSET 32u", "NET_A_OFFSET 31u"), language).stderr


ODD = ["scratchpad", "a/b", "a.b", "A_B", "a_b_t1", "", "", "1", "é", "*/ #error", "??/\n#error", "\\", "/*", "x" * 300]


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_that_c_does_not_have(language):
    text = emit(planned(named(*ODD), "3 d*/net.onnx", share="none"))
    found = macros(text)
    assert len(found) == 3 * len(ODD) + 8
    assert all(re.fullmatch("MODEL_3_D_NET_[A-Z0-9_]+", name) for name in found)
    done = compiled(text, language)
    assert (done.returncode, done.stderr) == (0, "")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=6), min_size=1, max_size=8), st.text(min_size=1, max_size=6))
@example(names=["", "T0", "T0"], file="0")  # the number of the first is the name of the others
def test_macros_of_tensors_are_distinct_for_any_names(names, file):
    text = emit(planned(named(*names), file))
    defined = re.findall(r"^ *#define (\w+)", text, re.MULTILINE)
    assert len(set(defined)) == len(defined) - 2  # the assertion and the alignment are defined once for each language
    assert all(name.isascii() and not name[0].isdigit() and name[0] != "_" for name in defined)
    assert text.count("*/") == text.count("/*")


@pytest.mark.parametrize("form", ["c", "tflm-planner"])
def test_an_alignment_that_c_does_not_have_is_refused(form):
    """A plan from elsewhere may have any, but `alignas(24)` does not compile."""
    made = planned(chain(32, 32), target="tflm")
    made = replace(made, memories=tuple(replace(memory, alignment=24) for memory in made.memories))
    with pytest.raises(UsageError, match=r"net.tflite: the alignment of '\w+' is 24 B, and C has powers of two only"):
        made.emit(form)
