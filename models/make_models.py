"""Makes every model and problem of this folder; the same bytes on each run and machine.

    python models/make_models.py            write them
    python models/make_models.py --check    exit with 1 if a file is not what would be written

Plans never depend on the values of weights, which come from seeds.
"""

import argparse
import sys
from pathlib import Path

from attention import attention_onnx, attention_tflite
from branchy import branchy_onnx, branchy_tflite
from control_flow import control_flow_onnx, control_flow_tflite
from states import states_tflite
from tricky_fit import pinned, scattered, tight, unreachable

FOLDER = Path(__file__).resolve().parent
_MADE = ("*.tflite", "*.onnx", "problems/*.csv")


def make() -> dict[str, bytes]:
    """Return the bytes of every file by its path in this folder."""
    models = {
        "attention.onnx": attention_onnx(),
        "attention.tflite": attention_tflite(),
        "branchy.onnx": branchy_onnx(),
        "branchy.tflite": branchy_tflite(),
        "control_flow.onnx": control_flow_onnx(),
        "control_flow.tflite": control_flow_tflite(),
        "states.tflite": states_tflite(),
    }
    # The seeds, from 0 to 399, on which first fit ended farthest above what search reaches.
    problems = {
        "pinned": pinned(),
        "scattered": scattered(seed=266, buffers=24, steps=16, longest=8, largest=8),
        "tight": tight(seed=66, buffers=24, steps=16, height=16),
        "unreachable": unreachable(),
    }
    return models | {f"problems/{name}.csv": text.encode() for name, text in problems.items()}


def differences(made: dict[str, bytes], folder: Path = FOLDER) -> list[str]:
    """Return a line for each file of `folder` that is missing, not as `made`, or not made at all."""
    present = {path.relative_to(folder).as_posix(): path for pattern in _MADE for path in folder.glob(pattern)}
    lines = [f"{name}: is missing" for name in made if name not in present]
    lines += [f"{name}: differs" for name in made if name in present and present[name].read_bytes() != made[name]]
    lines += [f"{name}: is not made here" for name in present if name not in made]
    return sorted(lines)


def main(arguments: list[str] | None = None, folder: Path = FOLDER) -> int:
    """Write the files to `folder`, or check them; return the exit code."""
    parser = argparse.ArgumentParser(description="Make the models and problems of this folder.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file differs")
    check = parser.parse_args(arguments).check
    made = make()
    if check:
        lines = differences(made, folder)
        for line in lines:
            print(line, file=sys.stderr)
        return 1 if lines else 0
    for name, data in made.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
