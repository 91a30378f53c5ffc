"""`tmpass learn`, and `tmpass allocate --policy`."""

import random

import pytest
from support.families import guillotine
from support.policies import ALWAYS, drawn_policy

from tmpass.packing.learning.policy import parse_policy, policy_text


def csv(problem):
    rows = [f"{b.id},{b.lower},{b.upper},{b.size}\n" for b in problem.buffers]
    return "id,lower,upper,size\n" + "".join(rows)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "problems"
    made.mkdir()
    for seed in (2, 9, 10):
        (made / f"{seed}.csv").write_text(csv(guillotine(seed, 150, dropped=0.1)))
    (made / "readme.txt").write_text("not a problem")
    return made


@pytest.mark.slow
def test_the_same_file_twice_which_allocate_reads(run, folder, tmp_path):
    pytest.importorskip("ydf", reason="learning needs the package ydf")
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    done = run("learn", folder, "--capacity", 1024, "-o", one)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("learned from ")
    assert done.out.endswith(" dead ends of 3 problems\n")
    assert run("learn", folder, "--capacity", 1024, "-o", two).code == 0
    assert one.read_bytes() == two.read_bytes()
    told = dict(parse_policy(one.read_text(), "one").provenance)
    assert told["command"] == "tmpass learn DIRECTORY --alignment 1 --seed 1 --capacity 1024"
    assert run("learn", folder, "--capacity", 1024, "-o", two, "--seed", 2).code == 0
    assert one.read_bytes() != two.read_bytes()
    asked = ("allocate", folder / "9.csv", "--capacity", 1024, "--allocator", "telamalloc")
    assert "telamalloc" in run(*asked, "--policy", one).out


def test_allocate_reads_a_policy(run, folder, tmp_path):
    asked = ("allocate", folder / "9.csv", "--capacity", 1024, "--nodes", 50_000, "--allocator", "telamalloc")
    plain, nodes = run(*asked), set()
    assert plain.code == 0
    for number in range(4):
        policy = tmp_path / "policy.json"
        policy.write_text(policy_text(ALWAYS if number == 0 else drawn_policy(random.Random(number))))
        done = run(*asked, "--policy", policy)
        assert done.code == 0
        nodes.add(done.out)
    assert nodes != {plain.out}


def test_a_file_that_is_not_a_policy(fails, folder, tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text("{}")
    line = fails(2, "allocate", folder / "9.csv", "--policy", bad)
    assert line.startswith(f"{bad}: it has no ")
    assert "cannot read it" in fails(2, "allocate", folder / "9.csv", "--policy", tmp_path / "none.json")


def test_an_allocator_without_a_policy(fails, folder, tmp_path):
    policy = tmp_path / "policy.json"
    policy.write_text(policy_text(ALWAYS))
    line = fails(2, "allocate", folder / "9.csv", "--allocator", "minimalloc", "--policy", policy)
    assert line == "allocator minimalloc takes no policy; choose telamalloc or auto"


def test_errors_of_learn(fails, folder, tmp_path):
    pytest.importorskip("ydf", reason="learning needs the package ydf")
    out = tmp_path / "out.json"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "cannot read it" in fails(2, "learn", tmp_path / "none", "-o", out)
    assert "no file that ends in .csv" in fails(2, "learn", empty, "-o", out)
    assert "is a problem" in fails(2, "learn", folder, "-o", folder / "9.csv")
    assert "missing option" in fails(2, "learn", folder)
    (folder / "4.csv").write_text("id,lower\n")
    assert "4.csv" in fails(2, "learn", folder, "-o", out)
    assert not out.exists()


def test_problems_that_are_too_easy(run, tmp_path):
    pytest.importorskip("ydf", reason="learning needs the package ydf")
    (tmp_path / "easy.csv").write_text(csv(guillotine(1, 10)))
    done = run("learn", tmp_path, "-o", tmp_path / "out.json")
    assert (done.code, done.out) == (2, "")
    assert "too few to learn from; give more problems" in done.err
