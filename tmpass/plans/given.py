"""Arguments of functions that take a plan."""

from pathlib import Path

from tmpass.base.errors import UsageError, brief
from tmpass.plans.plan import Plan

HINT = 'give a Plan; that of a file is tmpass.parse_plan(pathlib.Path("plan.json").read_text())'


def check_given(**plans: object) -> None:
    """Check that each of `plans`, arguments by name, is a Plan: a path is the likeliest mistake.

    Raises:
        UsageError: one is not.
    """
    for name, value in plans.items():
        if not isinstance(value, Plan):
            raise UsageError(f"{name} is {brief(value)}, not a Plan", hint=HINT)


def is_path(text: object) -> bool:
    """Whether `text`, given as the text of a plan, is the path of a file."""
    if isinstance(text, Path):
        return True
    return isinstance(text, str) and text.endswith((".json", ".tflite", ".onnx")) and "\n" not in text
