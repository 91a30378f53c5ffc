"""`verify --execute` on models that never end or take all memory: one line, a documented exit code, nothing left."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from onnx import parser

from tmpass.execution.child_process import POSSIBLE

pytest.importorskip("onnxruntime")

HEAD = '<ir_version: 8, opset_import: ["": 17]>'
ROUNDS = 10**12

IN_STEPS = f"""g (float[4] x) => (float[4] y) <int64 n = {{{ROUNDS}}}, bool c = {{1}}> {{
    y = Loop(n, c, x) <body = l (int64 i, bool j, float[4] a) => (bool k, float[4] z) {{ k = Identity(j) z = Relu(a) }}>
}}"""
NESTED = """g (float[4] x) => (float[4] y) <int64 n = {1000}, bool c = {1}> {
    y = Loop(n, c, x) <body = l (int64 i, bool j, float[4] a) => (bool k, float[4] z) { k = Identity(j)
        z = Loop(n, c, a) <body = m (int64 o, bool p, float[4] d) => (bool q, float[4] r) {
            q = Identity(p) r = Relu(d) }>
    }>
}"""
IN_ONE_NODE = f"""g (float[4] x) => (float[4] y) <int64 zero = {{0}}, int64 n = {{{ROUNDS}}}, bool c = {{1}}> {{
    s = SequenceConstruct(x)
    r = SequenceMap(s) <body = b (float[4] e) => (float[4] o) {{
        o = Loop(n, c, e) <body = l (int64 i, bool j, float[4] a) => (bool k, float[4] z) {{
            k = Identity(j) z = Relu(a) }}>
    }}>
    y = SequenceAt(r, zero)
}}"""
"""A loop that ONNX Runtime runs by itself, inside one node."""

LARGE = {
    "a constant": """g (float[4] x) => (float[4] y) <int64[1] n = {536870912}> {
        z = ConstantOfShape(n) r = ReduceSum(z) y = Add(x, r) }""",
    "behind constants": """g (float[4] x) => (float[4] y) <int64[2] n = {65536, 65536}, float w = {1}> {
        z = Expand(w, n) t = ReduceSum<keepdims = 0>(z) y = Add(x, t) }""",
    "an activation": """g (float[4] x) => (float[1] y) <int64[2] n = {400000000, 4}> {
        z = Expand(x, n) r = ReduceMax<keepdims = 0>(z) y = Reshape(r, o) }""".replace(
        "{400000000, 4}", "{400000000, 4}, int64[1] o = {1}"
    ),
    "an input": "g (float[400000000] x) => (float[400000000] y) { y = Neg(x) }",
}


@pytest.fixture
def planned(run, tmp_path):
    """Writes a model and its plan; their paths."""

    def write(text, *options):
        path, plan = tmp_path / "net.onnx", tmp_path / "plan.json"
        path.write_bytes(parser.parse_model(HEAD + text).SerializeToString())
        done = run("plan", path, "--allow-unplanned", *options, "-o", plan)
        assert done.code in (0, 1), done.err
        return plan, path

    return write


def test_rounds_of_a_loop_are_counted(fails, planned):
    plan, path = planned(IN_STEPS)
    assert fails(4, "verify", "--execute", "--execute-trips", "50", plan, path) == (
        f"{path}: step 0 (Loop 'y'): the loops have not ended after 50 iterations; "
        "raise --execute-trips, or give smaller inputs with --inputs"
    )


def test_rounds_of_nested_loops_are_counted_together(fails, planned):
    assert "step 2 (Loop 'z'): the loops have not ended after 50 iterations" in fails(
        4, "verify", "--execute", "--execute-trips", "50", *planned(NESTED)
    )


def test_by_default_it_ends(fails, planned):
    assert "the loops have not ended after 5000 iterations" in fails(4, "verify", "--execute", *planned(IN_STEPS))


@pytest.mark.skipif(not POSSIBLE, reason="the time is kept by a parent")
def test_time_inside_one_node(fails, planned):
    plan, path = planned(IN_ONE_NODE)
    said = f"{path}: executing it has not ended within 2 seconds; raise --execute-seconds"
    assert fails(4, "verify", "--execute", "--execute-seconds", "2", plan, path) == said


@pytest.mark.parametrize("io", ["arena", "external"])
@pytest.mark.parametrize("kind", LARGE)
def test_memory(planned, kind, io):
    plan, path = planned(LARGE[kind], "--io", io)
    script = """
import resource, sys
from click.testing import CliRunner
from tmpass.cli import commands
done = CliRunner().invoke(commands, ["verify", "--execute", *sys.argv[1:]])
print(done.exit_code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, done.stderr, end="")
"""
    done = subprocess.run([sys.executable, "-c", script, plan, path], capture_output=True, text=True, timeout=300)
    code, megabytes, said = done.stdout.split(" ", 2)
    assert (code, said.count("\n")) == ("4", 1), done
    assert said.endswith("; raise --execute-bytes\n")
    assert int(megabytes) < 1000


@pytest.mark.skipif(not POSSIBLE, reason="native code hears no Ctrl-C")
@pytest.mark.parametrize("text", [IN_STEPS, IN_ONE_NODE], ids=["in steps", "in one node"])
def test_control_c(planned, text):
    plan, path = planned(text)
    words = [sys.executable, "-m", "tmpass", "verify", "--execute", "--execute-trips", "100000000", plan, path]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    began = time.monotonic()
    while time.monotonic() - began < 60 and not (busy := [c for c in children.read_text().split() if _worked(c) > 1.5]):
        time.sleep(0.05)
    assert busy, "the run did not begin"
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - asked < 5  # 0.2 s where no other test runs
    assert (process.returncode, out, err.strip()) == (130, "", "tmpass: interrupted")
    while any(map(_lives, busy)) and time.monotonic() - asked < 5:
        time.sleep(0.01)
    assert not any(map(_lives, busy))


def _lives(pid):
    """Whether a process runs: one that ended stays in the list until its new parent asks for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _worked(pid):
    """Seconds of processor time that a process has taken: more than its imports do, and it computes."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / 100
