"""`tmpass spill`: what it prints, writes and refuses, and its exit codes."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tmpass.api import spill as api
from tmpass.base.errors import UsageError
from tmpass.planning.residency.transfers import find_transfers
from tmpass.planning.residency.transfers.problem import Episode
from tmpass.planning.residency.transfers.problem_json import read_transfer_problem

EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "examples" / "skip.json"
GRAPH = json.loads(EXAMPLE.read_text())


@pytest.fixture
def graph(tmp_path):
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(GRAPH))
    return path


def test_the_answer_comes_first(run, graph):
    done = run("spill", graph, "--capacity", 600)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "off-chip bytes  400 B, besides the compulsory ones\n"
        "lower bound     400 B over all orders (reached)\n"
        "status          optimal\n"
        "compulsory      150 B loaded, 100 B stored\n"
        "transfers       1 spill, 1 fetch, 1 tensor\n"
        "scratchpad      peak 600 B of 600 B\n"
        "order           as given\n"
        "method          free-order\n"
        "\n"
        "tensor  bytes  out beside step  back at step  by operator\n"
        "skip      200                2             4  4 (Add)\n"
    )


def test_a_plan_is_written_with_the_numbers_of_the_file(run, graph, tmp_path):
    done = run("spill", graph, "--capacity", "600B", "--alignment", 4, "--order", "given", "-o", tmp_path / "plan.json")
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert (done.code, plan["cost"], plan["order"]) == (0, 400, [0, 1, 2, 3, 4])
    assert plan["schema"] == "tmpass.spill/1"
    assert {"capacity", "order", "episodes", "cost", "lower_bound", "status"} <= set(plan)
    assert {row[0] for row in plan["episodes"]} == set(range(7))
    assert "in the given order (reached)" in done.out


def test_the_plan_on_standard_output_leaves_the_summary_to_standard_error(run, graph):
    done = run("spill", graph, "--capacity", 600, "-o", "-")
    assert json.loads(done.out)["status"] == "optimal"
    assert done.err.startswith("off-chip bytes  400 B")
    assert done.err.endswith("4 (Add)\n")
    figures = run("spill", graph, "--capacity", 600, "--json", "-o", "-")
    assert figures.out == done.out
    assert json.loads(figures.err)["cost"] == 400


def test_the_least_scratchpad_is_found_for_a_number_of_moved_bytes(run, graph, tmp_path):
    done = run("spill", graph, "--least-scratchpad", "--cost", 400, "-o", tmp_path / "plan.json")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(
        "least capacity  600 B to move at most 400 B; the least over all orders\noff-chip bytes  400 B"
    )
    assert json.loads((tmp_path / "plan.json").read_text())["capacity"] == 600
    done = run("spill", graph, "--least-scratchpad", "--order", "given", "--json")
    found = json.loads(done.out)
    assert found["least_scratchpad"] == {"capacity": 800, "lower_bound": 800, "cost": 0, "status": "optimal"}
    assert (found["capacity"], found["cost"]) == (800, 0)


def test_json_has_the_figures(run, graph):
    done = run("spill", graph, "--capacity", 600, "--json")
    figures = json.loads(done.out)
    assert (figures["cost"], figures["lower_bound"], figures["compulsory"]) == (400, 400, {"loads": 150, "stores": 100})
    assert (figures["spills"], figures["fetches"], figures["reordered"]) == (1, 1, False)
    assert (figures["order"], figures["order_option"]) == ([0, 1, 2, 3, 4], "free")


def test_an_empty_graph_has_an_empty_plan(run, tmp_path):
    (tmp_path / "graph.json").write_text('{"tensors": [], "ops": [], "outputs": []}')
    words = "spill", tmp_path / "graph.json", "--capacity", 10, "--json"
    done = run(*words, "-o", tmp_path / "plan.json")
    figures, plan = json.loads(done.out), json.loads((tmp_path / "plan.json").read_text())
    assert (done.code, figures["status"], figures["cost"], figures["largest_operator"]) == (0, "optimal", 0, None)
    assert (plan["order"], plan["episodes"], plan["cost"], plan["status"]) == ([], [], 0, "optimal")


@pytest.mark.parametrize("words", [("show",), ("verify", "models/branchy.tflite"), ("diff", "x.json")])
def test_other_commands_know_a_plan_of_spills(run, fails, graph, tmp_path, words):
    run("spill", graph, "--capacity", 600, "-o", tmp_path / "plan.json")
    command, *more = words
    assert "plan.json: it is a plan of tmpass spill" in fails(2, command, tmp_path / "plan.json", *more)


def test_without_parameters_less_is_loaded(run, graph):
    assert "100 B loaded" in run("spill", graph, "--capacity", 600, "--parameters", "no").out


@pytest.mark.parametrize("residency", ["belady", "belady-online", "greedy", "greedy-online", "cosma", "cosma-parts"])
@pytest.mark.parametrize("order", ["given", "free"])
def test_every_method_makes_a_plan_that_is_right(run, graph, residency, order):
    done = run("spill", graph, "--capacity", 800, "--order", order, "--residency", residency)
    assert (done.code, done.err) == (0, "")
    assert f"method          {residency}" in done.out


def test_an_operator_that_is_too_large_is_named_with_what_is_missing(run, graph, tmp_path):
    done = run("spill", graph, "--capacity", 590, "-o", tmp_path / "plan.json")
    assert done.code == 1
    assert done.out == (
        "infeasible: operator 2 (ReLU) needs 600 B at once, 10 B more than the capacity 590 B\n"
        "operator 2 (ReLU): b 300 B, a 300 B\n"
    )
    assert done.err.startswith("tmpass: nothing is written to ")
    assert not (tmp_path / "plan.json").exists()
    figures = json.loads(run("spill", graph, "--capacity", 590, "--json").out)
    assert (figures["cost"], figures["order"]) == (None, [])
    assert api.spill(graph, capacity=590).cost is None


def test_a_method_that_finds_nothing_is_not_a_proof(run, graph, monkeypatch):
    monkeypatch.setattr("tmpass.planning.residency.transfers.baseline.replace_online", lambda *_: None)
    words = "spill", graph, "--capacity", 600, "--residency", "belady-online"
    done = run(*words)
    assert done.code == 4
    assert done.out == "unknown: belady-online found no plan within 600 B; lower bound 0 B; try --residency auto\n"
    assert json.loads(run(*words, "--json").out)["cost"] is None


def test_an_input_is_never_overwritten(fails, graph):
    before = graph.read_text()
    assert "graph.json is the graph itself" in fails(2, "spill", graph, "--capacity", 600, "-o", graph)
    assert graph.read_text() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--capacity", "x"], "--capacity 'x' is not a size"),
        ([], "the capacity is missing; give --capacity SIZE, or --least-scratchpad"),
        (["--least-scratchpad", "--capacity", 600], "--least-scratchpad finds the capacity; leave out --capacity"),
        (["--least-scratchpad", "--residency", "belady"], "--least-scratchpad needs the exact method"),
        (["--capacity", 600, "--cost", 5], "--cost has no effect without --least-scratchpad"),
        (["--capacity", 600, "--residency", "lru"], "the method of residency 'lru' is unknown; choose one of auto, "),
        (["--capacity", 600, "--order", "best"], "--order 'best' is unknown; choose one of given, free"),
        (["--capacity", 600, "--alignment", 0], "--alignment 0 is not in 1 .. 2^31; write 1 or more"),
        (["--capacity", 600, "--nodes", -1], "--nodes -1 is not in 0 .. 2^40; write 0 or more"),
    ],
)
def test_wrong_usage_is_one_line(fails, graph, words, message):
    assert fails(2, "spill", graph, *words).startswith(message)


def test_a_file_that_is_not_a_graph_is_one_line(fails, tmp_path):
    path = tmp_path / "no.json"
    assert "cannot read it" in fails(2, "spill", path, "--capacity", 1)
    path.write_text('{"tensors": 1}')
    assert fails(2, "spill", path, "--capacity", 1).endswith("no.json: tensors: 1 is not a list; write [...]")


def test_names_cannot_control_the_terminal(run, tmp_path):
    tensors = [{"name": "a\x1b[2J", "size": 10, "kind": "act"}]
    path = tmp_path / "g.json"
    path.write_text(
        json.dumps({"tensors": tensors, "ops": [{"kind": "\x1b]", "ins": [], "outs": [0]}], "outputs": [0]})
    )
    assert "\\x1b[2J" in run("spill", path, "--capacity", 5).out


def test_a_plan_that_breaks_a_law_is_never_shown(fails, graph, tmp_path, monkeypatch):
    right = find_transfers.find_transfers

    def wrong(*words, **how):
        plan = right(*words, **how)
        rows = [Episode(one.tensor, one.first, one.last, 0) for one in plan.episodes]
        return type(plan)(plan.order, tuple(rows), plan.cost, plan.lower_bound, plan.status, plan.method)

    monkeypatch.setattr(find_transfers, "find_transfers", wrong)
    line = fails(5, "spill", graph, "--capacity", 600, "-o", tmp_path / "plan.json")
    assert line.startswith("method free-order broke a law: ")
    assert not (tmp_path / "plan.json").exists()


def test_a_problem_in_memory_is_checked_as_a_file_is(graph):
    problem = read_transfer_problem(graph.read_text(), "g", capacity=600)
    assert api.spill(problem).cost == api.spill(graph, capacity="600B").cost == 400
    for wrong, how in (
        (replace(problem, capacity=-1), {}),
        (replace(problem, operators=problem.operators[::-1]), {}),
        (replace(problem, outputs=(9,)), {}),
        (problem, {"capacity": 3}),
        (problem, {"order": "best"}),
        (problem, {"residency": "lru"}),
        (problem, {"nodes": -1}),
        (graph, {}),
    ):
        with pytest.raises(UsageError):
            api.spill(wrong, **how)


def interrupted(tmp_path, *more):
    """The exit code and messages of a search without end in a dense graph, after Ctrl-C."""
    rng = random.Random(5)
    count = 120
    tensors = [{"name": str(at), "size": rng.randint(50, 90), "kind": "act"} for at in range(count)]
    ops = [{"kind": "op", "ins": rng.sample(range(at), min(at, 3)), "outs": [at]} for at in range(count)]
    (tmp_path / "graph.json").write_text(json.dumps({"tensors": tensors, "ops": ops, "outputs": [count - 1]}))
    size = [] if "--least-scratchpad" in more else ["--capacity", 600]
    words = ["spill", tmp_path / "graph.json", *size, "-o", tmp_path / "plan.json", "--nodes", 2**40, *more]
    asked = [sys.executable, "-m", "tmpass", *map(str, words)]
    running = subprocess.Popen(asked, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while seconds_of(running.pid) < 2 and time.monotonic() < until:
        time.sleep(0.1)
    assert running.poll() is None
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    return running.returncode, said


def seconds_of(process):
    """The processor's seconds that a process has had, with which its search has begun; where unknown, a guess."""
    stat = Path(f"/proc/{process}/stat")
    if not stat.exists():
        time.sleep(3)
        return 3
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(
    "more",
    [(), ("--order", "given"), ("--residency", "cosma"), ("--residency", "cosma-parts"), ("--least-scratchpad",)],
    ids=" ".join,
)
def test_ctrl_c_ends_the_search_and_writes_the_best_plan(tmp_path, more):
    assert interrupted(tmp_path, *more) == (130, "tmpass: interrupted: the answer is the best so far\n")
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert plan["status"] == ("optimal" if "--least-scratchpad" in more else "feasible")  # nothing is moved there
    assert sorted(plan["order"]) == list(range(120))
