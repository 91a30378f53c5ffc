"""The text of a profile, for tests to change."""

from tmpass.targets import Target, parse_target

PROFILE = """\
# A comment, and a string that looks like keys: '''
name = "mine"
summary = "two memories"
standing = "assumed"

[[memory]]
name = "near"
capacity = { value = "8MiB", source = "data sheet" }
alignment = { value = 64, source = "assumed" }
holds = ["activations", "variables"]

[[memory]]
name = "far"
holds = ["weights", "activations"]
bandwidth = { value = "51.2 GB/s", source = "assumed, as for others" }
[memory.capacity]
value = "unlimited"
source = "off chip"
[memory.alignment]
value = 1
source = "data sheet"
"""

BOARD = """\
name = "mine"
summary = "a board"
standing = "data sheet"
runtime = "tflm"

[[memory]]
name = "arena"
capacity = { value = "128KiB", source = "data sheet" }
alignment = { value = 16, source = "runtime" }
holds = ["activations", "variables", "inputs_outputs"]
"""


def parse(text: str) -> Target:
    return parse_target(text, "mine.toml")
