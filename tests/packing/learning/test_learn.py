"""Learning: native scores are those of ydf, the same policy each time, and errors that say what to do."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.families import guillotine

from tmpass.base.errors import UsageError
from tmpass.base.packages import install_command
from tmpass.packing.learning.examples import collect
from tmpass.packing.learning.learn import learn
from tmpass.packing.learning.policy import Policy, parse_policy, policy_text
from tmpass.packing.learning.train import columns, from_model, train_model
from tmpass.packing.problem import Problem


def hard(*seeds):
    return {str(seed): guillotine(seed, 150, dropped=0.1) for seed in seeds}


@pytest.fixture
def ydf():
    return pytest.importorskip("ydf", reason="learning needs the package ydf")


@pytest.mark.slow
@pytest.mark.usefixtures("ydf")
def test_native_scores_are_those_of_ydf():
    examples = collect([(problem, problem.capacity) for problem in hard(2, 9, 10).values()], 1)
    model = train_model(examples, 1)
    trees, base = from_model(model)
    native = parse_policy(policy_text(Policy(trees, base, 0.0)), "file").native()
    scores = np.array([native.score(row) for row in examples.rows])
    assert 1 / (1 + np.exp(-scores)) == pytest.approx(model.predict(columns(examples.rows)), abs=1e-5)
    assert scores.std() > 0.5, "the trees tell placements apart"
    wrong = np.array(examples.wrong)
    assert scores[wrong].mean() > scores[~wrong].mean() + 0.5


@pytest.mark.slow
def test_the_same_policy_whatever_the_hash_seed(ydf):
    code = """
from packing.learning.test_learn import hard
from tmpass.packing.learning.learn import learn
from tmpass.packing.learning.policy import policy_text
print(policy_text(learn(hard(2, 10), seed=5).policy))
"""
    found = []
    for seed in ("0", "1"):
        paths = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
        found.append(done.stdout)
    assert found[0] == found[1]
    policy = parse_policy(found[0], "standard output")
    assert policy.trees
    assert dict(policy.provenance).items() >= {"seed": 5, "problems": 2, "ydf": ydf.__version__}.items()


@pytest.mark.usefixtures("ydf")
def test_too_few_dead_ends_are_an_error():
    with pytest.raises(UsageError, match=r"telamalloc met 0 dead ends .* in 1 problems.*; give more problems"):
        learn({"easy": guillotine(1, 10)})


@pytest.mark.usefixtures("ydf")
def test_a_problem_without_a_known_packing_is_left_out():
    tight = replace(guillotine(1, 20), capacity=100)
    calls = []
    with pytest.raises(UsageError, match="in 1 problems"):
        learn({"none": Problem(()), "tight": tight, "easy": guillotine(2, 10)}, done=lambda: calls.append(1))
    assert len(calls) == 3


def test_without_ydf_the_error_has_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "ydf", None)
    with pytest.raises(UsageError) as error:
        learn(hard(2))
    assert str(error.value).startswith("learning a policy needs ydf: ")
    assert error.value.hint == install_command("learn")
    assert "pip install 'ydf>=" in error.value.hint
