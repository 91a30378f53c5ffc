"""All real models on eight targets: the same rows with any number of processes, on Dask and on Ray; no work twice."""

import os

import pytest
from support.shared import SHARED

import tmpass
from tmpass.fleets.clusters import cluster_executor
from tmpass.fleets.fleet import Means

pytestmark = pytest.mark.skipif(
    not SHARED.exists() and os.environ.get("TMPASS_REQUIRE_SHARED") != "1",
    reason="the models are not beside the project",
)

TARGETS = (
    "pixel6-tpu",
    "tflm",
    "tflm-nrf52840",
    "litert-cpu",
    "ethos-u55",
    "ethos-u65",
    "coral-edgetpu",
    "hexagon-vtcm",
)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The rows of a run with two processes, and the store that keeps them."""
    store = tmp_path_factory.mktemp("fleet") / "rows.db"
    found = tmpass.fleet(SHARED / "models", TARGETS, means=Means(jobs=2, store=store))
    return found, store


def lines(found):
    return [row.to_json() for row in found.rows]


@pytest.mark.slow
def test_one_process_gives_the_same_rows_and_a_second_run_plans_nothing(stored):
    found, store = stored
    models = [path for path in (SHARED / "models").rglob("*") if path.suffix in (".onnx", ".tflite")]
    assert (found.planned, len(found.rows)) == (len(found.rows), len(models) * len(TARGETS))
    codes = [row.code for row in found.rows]
    assert set(codes) <= {0, 1, 3, 4}
    assert codes.count(0) > 600
    alone = tmpass.fleet(SHARED / "models", TARGETS, means=Means(jobs=1))
    assert lines(alone) == lines(found)
    again = tmpass.fleet(SHARED / "models", TARGETS, means=Means(jobs=2, store=store))
    assert (again.planned, lines(again)) == (0, lines(found))


@pytest.mark.slow
def test_a_row_is_the_plan_of_its_model(stored):
    found, _ = stored
    for row in found.rows[3::97]:
        if not row.error:
            made = tmpass.plan(row.model, row.target)
            assert (row.fits, row.status) == (made.fits, made.status)
            assert [memory.needed for memory in row.memories] == [memory.needed for memory in made.memories]


@pytest.mark.nightly
@pytest.mark.parametrize(("cluster", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_a_cluster_gives_the_same_rows(stored, cluster, package):
    pytest.importorskip(package, reason=f"{cluster} is not installed")
    found, _ = stored
    means = Means(executor=cluster_executor(cluster, 2), jobs=2)
    assert lines(tmpass.fleet(SHARED / "models", TARGETS, means=means)) == lines(found)
