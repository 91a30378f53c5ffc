"""Target profiles: the memories of a device, what its runtime allows, and the source of each of these facts.

A profile is TOML. Each fact is in a table with its source, or the word `assumed`:

    name = "example"
    summary = "An accelerator with one scratchpad"
    standing = "assumed"
    runtime = "tflm"                                              # optional, where its rules are known
    int8 = { value = "native", source = "data sheet" }            # optional; or "float": what DQ -> operator -> Q takes
    word = { value = 4, source = "data sheet" }                   # optional; the bytes of a pointer, 4 or 8
    macs_per_second = { value = 4e12, source = "data sheet" }     # optional; of all operators
    prefetch = { value = true, source = "data sheet" }            # copies overlap with operators; false by default
    kernels = { value = ["CONV_2D"], source = "our port" }         # run in any type, whatever is known of the runtime

    [[memory]]
    name = "scratchpad"
    capacity = { value = "8MiB", source = "data sheet" }          # or "unlimited"
    alignment = { value = 64, source = "assumed" }
    bandwidth = { value = "51.2 GB/s", source = "data sheet" }    # optional, and so is the rest but `holds`
    write_bandwidth = { value = "20 GB/s", source = "data sheet" }
    reserve = { value = "32KiB", source = "the program's stack and static data" }
    compute = { value = true, source = "data sheet" }             # operators use it directly; the default
    chunk = { value = "16KiB", source = "data sheet" }            # constants are streamed out of it in such pieces
    survives = { value = true, source = "data sheet" }            # keeps its content between inferences; the default
    holds = ["activations", "variables", "inputs_outputs"]

    [sharing]                                                     # optional, and so is each of its keys
    views = { value = "every", source = "data sheet" }            # "every", "none", or kinds of operators
    in_place = { value = ["ADD", { op = "MAX_POOL_2D", input = 0 }], source = "measured" }
    parts = { value = "none", source = "assumed" }

    [[scratch]]                                                   # optional: a buffer that a kernel needs for its step
    op = "SVDF"
    bytes = { value = "4 * out0.elements", source = "measured" }  # a number, or a formula on shapes

The first memory that holds activations is the scratchpad, for which plans are made. In a profile with a table
`sharing`, what the table does not list is not allowed. Without the table, the kernels of the runtime decide
(`runtimes/`); views are allowed where no runtime is named.
"""

from tmpass.base.choices import Int8
from tmpass.targets.load import MAX_FILE, load_target, target_names
from tmpass.targets.memory import USES, USES_OF, WRITTEN, Memory, Use
from tmpass.targets.not_run import find_not_run
from tmpass.targets.parse import parse_target
from tmpass.targets.runtime import RUNTIMES, Runtime
from tmpass.targets.sharing import CUSTOM, EVERY, Over, Sharing
from tmpass.targets.target import Target

__all__ = [
    "CUSTOM",
    "EVERY",
    "MAX_FILE",
    "RUNTIMES",
    "USES",
    "USES_OF",
    "WRITTEN",
    "Int8",
    "Memory",
    "Over",
    "Runtime",
    "Sharing",
    "Target",
    "Use",
    "find_not_run",
    "load_target",
    "parse_target",
    "target_names",
]
