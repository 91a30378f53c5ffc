"""The pause of the collector of cycles."""

import gc
from contextlib import suppress
from threading import Thread

import pytest

from tmpass.base import collector
from tmpass.base.collector import paused


@pytest.fixture(params=[(700, 10, 10), (0, 10, 10)], autouse=True)
def thresholds(request):
    """The thresholds of the collector, as the test begins and ends."""
    before, on = gc.get_threshold(), gc.isenabled()
    gc.set_threshold(*request.param)
    yield request.param
    gc.set_threshold(*before)
    (gc.enable if on else gc.disable)()


def cycles():
    """Make many cycles; how often the collector ran meanwhile."""
    runs = []
    gc.callbacks.append(lambda phase, _: runs.append(phase))
    for _ in range(3000):
        row: list[object] = []
        row.append(row)
    gc.callbacks.pop()
    return len(runs)


def test_the_collector_does_not_run_inside_and_as_before_behind(thresholds):
    with paused():
        assert cycles() == 0
        with paused():
            assert cycles() == 0
        assert cycles() == 0
    assert gc.get_threshold()[0] == thresholds[0]
    assert bool(cycles()) == bool(thresholds[0])


@pytest.mark.parametrize("on", [True, False])
def test_what_another_thread_switches_meanwhile_stays_so(thresholds, on):
    with paused():
        switched = Thread(target=gc.enable if on else gc.disable)
        switched.start()
        switched.join()
    assert (gc.isenabled(), gc.get_threshold()[0]) == (on, thresholds[0])


def test_thresholds_that_another_thread_sets_meanwhile_stay():
    with paused():
        gc.set_threshold(50, 5, 5)
    assert gc.get_threshold()[0] == 50


def test_an_error_leaves_the_collector_as_before(thresholds):
    with pytest.raises(ValueError, match="wrong"), paused():
        raise ValueError("wrong")
    assert gc.get_threshold()[0] == thresholds[0]


def test_ctrl_c_right_behind_the_switch_leaves_the_collector_as_before(thresholds, monkeypatch):
    def interrupted(*numbers):
        switch(*numbers)
        monkeypatch.undo()
        raise KeyboardInterrupt

    switch = gc.set_threshold
    monkeypatch.setattr(collector.gc, "set_threshold", interrupted)
    with suppress(KeyboardInterrupt), paused():
        pass
    assert gc.get_threshold()[0] == thresholds[0]
