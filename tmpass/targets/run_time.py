"""The time of a run, estimated: what the kernels of a runtime take for the elements and operations of an operator.

An estimate compares two models with the same kernels. It says little of another processor's seconds.
"""

from collections.abc import Mapping

from tmpass.base.record import record


@record
class KernelTime:
    """The time of one kernel, in picoseconds.

    Fields:
        element: for each element of its result.
        tap: for each place of a window that lies inside the input, and each element of the result.
        mac: for each multiply-accumulate operation at these places.
    """

    element: int
    tap: int = 0
    mac: int = 0


@record
class RunTime:
    """The times of a runtime's kernels.

    Fields:
        operator: picoseconds for each operator, whatever it does.
        kernels: by kind of operator.
        other: of the kinds that are not listed.
    """

    operator: int
    kernels: Mapping[str, KernelTime]
    other: KernelTime

    def of(self, kind: str, elements: int, taps: int, macs: int) -> int:
        """The picoseconds of one operator."""
        kernel = self.kernels.get(kind, self.other)
        return self.operator + elements * kernel.element + taps * kernel.tap + macs * kernel.mac


TFLM_TIMES = RunTime(
    operator=50_000,
    kernels={
        "CONV_2D": KernelTime(7_200, 3_300, 630),
        "DEPTHWISE_CONV_2D": KernelTime(12_600, 1_580),
        "FULLY_CONNECTED": KernelTime(7_000, 0, 610),
        "AVERAGE_POOL_2D": KernelTime(3_500, 550),
        "MAX_POOL_2D": KernelTime(3_500, 550),
        "PAD": KernelTime(1_100),
        "SLICE": KernelTime(350),
        "CONCATENATION": KernelTime(200),
        "RELU": KernelTime(3_400),
        "RELU6": KernelTime(550),
    },
    other=KernelTime(8_100),
)
"""The reference kernels of TensorFlow Lite Micro for int8, by `python tests/bench/split_costs.py` with tflite-micro
0.dev20261023182759 on an x86-64 host. Reference kernels leave out the places of a window outside the input, so taps
are those inside.
"""
