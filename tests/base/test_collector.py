"""The pause of the collector of cycles."""

import gc
from contextlib import suppress

import pytest

from tmpass.base import collector
from tmpass.base.collector import paused


@pytest.fixture(params=[True, False], autouse=True)
def collects(request):
    """Whether the collector is on, as the test begins and ends."""
    before = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if before else gc.disable)()


def test_the_collector_is_off_inside_and_as_before_behind(collects):
    with paused():
        assert not gc.isenabled()
        with paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled() == collects


def test_an_error_leaves_the_collector_as_before(collects):
    with pytest.raises(ValueError, match="wrong"), paused():
        raise ValueError("wrong")
    assert gc.isenabled() == collects


def test_ctrl_c_right_behind_the_switch_leaves_the_collector_as_before(collects, monkeypatch):
    def interrupted():
        switch()
        raise KeyboardInterrupt

    switch = gc.disable
    monkeypatch.setattr(collector.gc, "disable", interrupted)
    with suppress(KeyboardInterrupt), paused():
        pass
    assert gc.isenabled() == collects
