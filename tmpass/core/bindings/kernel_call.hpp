// How a kernel is called from Python: without the lock of the interpreter, and so that Ctrl-C and other threads end it.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <atomic>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "types.hpp"

namespace tmpass::bindings {

using Array = std::vector<std::int64_t>;
using BufferTuple = nanobind::typed<nanobind::tuple, nanobind::object, nanobind::ellipsis>;
using OffsetTuple = nanobind::typed<nanobind::tuple, int, nanobind::ellipsis>;

// Ctrl-C reaches a running kernel here: Python's handler runs, and its exception is raised on return.
inline bool interrupted() {
    nanobind::gil_scoped_acquire held;
    return PyErr_CheckSignals() != 0;
}

// Set by another thread to end a kernel.
struct Cancel {
    std::atomic<bool> requested = false;
};

// `cancel` may be null.
inline Interrupted interrupted_or(const Cancel* cancel) {
    if (cancel == nullptr) return interrupted;
    return [cancel] { return cancel->requested.load(std::memory_order_relaxed) || interrupted(); };
}

// Runs `kernel` without the lock. Where it was cancelled, raises what Ctrl-C raised, or else a RuntimeError.
template <typename Kernel>
auto without_gil(Kernel kernel) {
    try {
        nanobind::gil_scoped_release released;
        return kernel();
    } catch (const Cancelled&) {
        if (PyErr_Occurred() == nullptr) throw;
        throw nanobind::python_error();
    }
}

inline void check_node_limit(std::int64_t node_limit) {
    if (node_limit < 0) throw std::invalid_argument("the limit of nodes is negative");
}

// The class of a search's rules: a struct of switches, which the constructor takes by their names.
template <typename Rules>
class RulesClass {
  public:
    RulesClass(nanobind::module_& m, const char* name, const char* doc) : class_(m, name, doc) {
        class_.def(
            "__init__",
            [](nanobind::pointer_and_handle<Rules> made, const nanobind::kwargs& switches) {
                new (made.p) Rules();
                nanobind::inst_mark_ready(made.h);
                for (const auto& [switch_name, on] : switches) {
                    if (!nanobind::hasattr(made.h, switch_name))
                        throw nanobind::type_error(
                            ("no such rule: " + nanobind::cast<std::string>(switch_name)).c_str());
                    nanobind::setattr(made.h, switch_name, on);
                }
            },
            nanobind::sig("def __init__(self, **switches: bool) -> None"));
    }

    RulesClass& rule(const char* name, bool Rules::* member, const char* doc) {
        class_.def_rw(name, member, doc);
        return *this;
    }

  private:
    nanobind::class_<Rules> class_;
};

// One per file of bindings.
void bind_process(nanobind::module_& m);
void bind_problem(nanobind::module_& m);
void bind_heuristics(nanobind::module_& m);
void bind_exact_searches(nanobind::module_& m);
void bind_ordering(nanobind::module_& m);
void bind_residency(nanobind::module_& m);
void bind_free_order(nanobind::module_& m);
void bind_flatbuffer(nanobind::module_& m);
void bind_judges(nanobind::module_& m);

}  // namespace tmpass::bindings
