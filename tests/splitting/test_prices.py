"""Prices of drafts: the places of windows inside an input, and the time of a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.onnx_split_models import onnx_bottleneck
from support.split_bottleneck import bottleneck

import tmpass
from tmpass.base.errors import UsageError
from tmpass.graph.layer import Padding, Window
from tmpass.loading.carrier import open_carrier
from tmpass.splitting.along import Along
from tmpass.splitting.make_draft import make_draft
from tmpass.splitting.open_net import open_net
from tmpass.splitting.prices import Prices, count_taps
from tmpass.splitting.stage import Stage
from tmpass.targets import load_target
from tmpass.targets.run_time import TFLM_TIMES, KernelTime, RunTime


@given(st.integers(1, 12), st.integers(1, 5), st.integers(1, 3), st.integers(1, 3))
def test_taps_are_the_places_inside_a_padded_row(length, size, stride, dilation):
    window = Window(size, stride, dilation)
    count, before = window.same(length)
    row = [False] * before + [True] * length + [False] * (size * dilation + stride)
    inside = sum(row[number * stride + place * dilation] for number in range(count) for place in range(size))
    assert count_taps(window, Padding.SAME, length, count) == inside
    assert count_taps(window, Padding.VALID, length, count) == count * size


def test_a_run_is_the_sum_of_its_kernels():
    side, wide = 8, 6
    net = open_net(open_carrier(bottleneck(side, wide)), load_target("tflm")).net
    elements, half = side * side * wide, (side // 2) ** 2
    rows = 3 * (side // 2) - 1  # a window of stride 2 reaches over one end
    expected = (
        TFLM_TIMES.of("CONV_2D", elements, elements, 4 * elements)
        + TFLM_TIMES.of("DEPTHWISE_CONV_2D", half * wide, rows * rows * wide, rows * rows * wide)
        + TFLM_TIMES.of("CONV_2D", half * 4, half * 4, half * 4 * wide)
    )
    assert Prices(net, load_target("tflm")).time == expected


def test_a_draft_takes_the_time_of_what_is_computed_twice_and_added():
    net = open_net(open_carrier(bottleneck(8, 6)), load_target("tflm")).net
    prices = Prices(net, load_target("tflm"))
    draft = make_draft(net, [Stage(0, 1, Along.ROWS, (0, 2, 4))])
    assert draft is not None
    more = prices.time_of(draft.tensors, draft.ops) - prices.time
    assert more > len(draft.ops) - 3 > 0
    channels = make_draft(net, [Stage(0, 1, Along.CHANNELS, (0, 3, 6))])
    assert channels is not None
    # The same windows, once each: three operators more, and a CONCATENATION of the result.
    copied = 4 * 4 * 6 * TFLM_TIMES.kernels["CONCATENATION"].element
    assert prices.time_of(channels.tensors, channels.ops) - prices.time == 3 * TFLM_TIMES.operator + copied


def test_kinds_without_a_rule_take_the_time_of_others():
    times = RunTime(5, {"ADD": KernelTime(2, 3, 7)}, KernelTime(11))
    assert times.of("ADD", 10, 4, 1) == 5 + 20 + 12 + 7
    assert times.of("MUL", 10, 4, 1) == 5 + 110


def test_times_of_other_runtimes_are_not_known():
    target = load_target("pixel6-tpu")
    assert Prices(open_net(open_carrier(onnx_bottleneck()), target).net, target).time == 0
    assert tmpass.split(onnx_bottleneck(), "pixel6-tpu", budget="48KiB").slowdown is None
    with pytest.raises(UsageError, match="max_slowdown is given, but the times of the kernels of pixel6-tpu"):
        tmpass.split(onnx_bottleneck(), "pixel6-tpu", max_slowdown=0.05)
