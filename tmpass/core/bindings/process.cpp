// Bindings of what concerns the whole process: cancelling kernels, and the watchdog for Ctrl-C.
#include "bindings/kernel_call.hpp"
#include "bindings/watchdog.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace tmpass::bindings {

void bind_process(nb::module_& m) {
    nb::class_<Cancel>(m, "Cancel", "Ends a kernel that runs in another thread; the kernel then raises RuntimeError.")
        .def(nb::init<>())
        .def(
            "cancel", [](Cancel& cancel) { cancel.requested = true; }, "Ask the kernel to end.")
        .def_prop_ro(
            "said", [](const Cancel& cancel) { return cancel.requested.load(); }, "Whether cancel() was called.");
    nb::class_<Watchdog>(m, "Watchdog", "Ends the process with exit code 130 where a SIGINT is not handled in time.")
        .def(nb::init<int, int>(), "readable"_a, "patience"_a,
             "Start the thread that watches.\n\n"
             "Args:\n"
             "    readable: File descriptor of the pipe that signal.set_wakeup_fd() writes to; it does not block.\n"
             "    patience: Milliseconds that a SIGINT may stay in the pipe.")
        .def("drain", &Watchdog::drain, "Empty the pipe: its signals were handled.")
        .def("hold", &Watchdog::hold, "on"_a, "Suspend the watchdog while `on` is true.");
}

}  // namespace tmpass::bindings
