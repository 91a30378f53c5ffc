#!/usr/bin/env bash
# The tests of the native core under the address and undefined-behaviour sanitizers; the first report fails them.
#
#     tests/sanitize.sh [pytest arguments]
#
# Runs in the environment in which `python -m pytest` runs, which it leaves as it is: the sanitized core is built and
# installed in a folder of its own. Needs GCC and its sanitizer libraries; where they are missing it says so and ends.
set -euo pipefail
cd "$(dirname "$0")/.."
for library in libasan libubsan; do
    case "$(gcc -print-file-name=$library.so 2> /dev/null || true)" in
    /*) ;;
    *) echo "not sanitized: gcc has no $library here" && exit 0 ;;
    esac
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# An environment that sees the packages of this one, but not its tmpass: .pth files are not followed twice.
python -m venv "$work/venv"
site=$("$work/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
python -c 'import sys; print("\n".join(p for p in sys.path if p.endswith("site-packages")))' > "$site/outer.pth"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --ignore-installed \
    --config-settings=build-dir="$work/build" --config-settings=cmake.define.TMPASS_SANITIZE=ON .

export PYTHONSAFEPATH=1 PYTHONPATH="$PWD/tests:$PWD/models" # not ./tmpass, which has no core
libraries=""
for library in libasan libubsan libstdc++; do libraries+=" $(gcc -print-file-name=$library.so)"; done
export LD_PRELOAD="$libraries" ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
export TMPASS_SANITIZED=1 # tests/conftest.py: nothing is judged by how long it takes
if [ $# -eq 0 ]; then
    # What asks the core. Left out: cp-sat and ilp, whose solvers are not ours and not sanitized; what is slow, save the
    # crowded problems, which ask every product of rules; and what is measured in a small stack, since frames are larger.
    set -- -n 2 -m "not slow or core" -k "not small_stack" tests/fuzz/test_{core,order}_arguments.py \
        tests/planning/ordering/test_{order_kernels,least_peak}.py tests/core tests/test_determinism.py \
        tests/fuzz/test_tflite_bytes.py tests/frontends/tflite/test_flatbuffer.py \
        tests/packing/test_{problem,bounds,collisions,conflict,quick_check}.py \
        tests/packing/learning/test_{policy,oracle,dead_ends}.py \
        tests/packing/allocators --ignore=tests/packing/allocators/test_external.py --ignore=tests/packing/allocators/test_ilp.py
fi
"$work/venv/bin/python" -c 'import tmpass._core as _core; print("sanitized:", _core.__file__)'
"$work/venv/bin/python" -m pytest -p no:cacheprovider "$@"
