// The module tmpass._core: a problem goes in once, as flat arrays, and is asked; numbers come out.
#include "bindings/kernel_call.hpp"

NB_MODULE(_core, m) {
    using namespace tmpass::bindings;
    nanobind::set_leak_warnings(false);  // problems that live as long as the interpreter keep theirs
    m.doc() =
        "Native kernels of tmpass.\n\n"
        "Sizes, offsets and capacities are in bytes, steps are indices into a schedule, live ranges are half-open.\n"
        "Every kernel raises ValueError for an argument out of range and stops on Ctrl-C. The same arguments give the\n"
        "same answer on every machine; budgets count work, in nodes, and not time.";
    bind_process(m);
    bind_problem(m);
    bind_heuristics(m);
    bind_exact_searches(m);
    bind_ordering(m);
    bind_residency(m);
    bind_free_order(m);
    bind_judges(m);
    bind_flatbuffer(m);
}
