// The one door between Python and the kernels: a problem goes in once, as flat arrays, and is asked; numbers come out.
#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <tuple>
#include <vector>

#include "check.hpp"
#include "first_fit.hpp"
#include "postpone.hpp"
#include "search.hpp"
#include "sections.hpp"
#include "telamalloc.hpp"

namespace nb = nanobind;
using namespace tmpass;
using namespace nb::literals;

namespace {

using Array = std::vector<std::int64_t>;

// Ctrl-C reaches a running kernel here: Python's handler runs, and its exception is raised on return.
bool interrupted() {
    nb::gil_scoped_acquire held;
    return PyErr_CheckSignals() != 0;
}

template <typename Kernel>
auto without_gil(Kernel kernel) {
    try {
        nb::gil_scoped_release released;
        return kernel();
    } catch (const Cancelled&) {
        throw nb::python_error();
    }
}

template <typename Kernel>
auto search_with(Bytes capacity, Kernel kernel) {
    if (capacity < 0 || capacity > kMaxBytes) throw nb::value_error("capacity is out of range");
    SearchResult result = without_gil(kernel);
    return std::tuple(static_cast<int>(result.answer), std::move(result.offsets), result.nodes);
}

}  // namespace

NB_MODULE(_core, m) {
    m.doc() = "Native kernels. What is out of range raises ValueError; Ctrl-C stops a kernel.";
    nb::class_<Problem>(m, "Problem",
                        "Buffers as the kernels read them; tmpass/allocators/arrays.py says what goes in.")
        .def(
            "__init__",
            [](Problem* made, Array lower, Array upper, Array size, Array alignment, Array fixed, Array gaps,
               Array barred, Array apart) {
                Problem problem{std::move(lower),
                                std::move(upper),
                                std::move(size),
                                std::move(alignment),
                                std::move(fixed),
                                {},
                                {},
                                {}};
                new (made) Problem(checked(std::move(problem), {std::move(gaps), std::move(barred), std::move(apart)}));
            },
            "lower"_a, "upper"_a, "size"_a, "alignment"_a, "fixed"_a, "gaps"_a = Array(), "barred"_a = Array(),
            "apart"_a = Array());
    nb::enum_<Backtracking>(m, "Backtracking", "Where telamalloc goes back to from a dead end.")
        .value("CONFLICT", Backtracking::kConflict)
        .value("CHRONOLOGICAL", Backtracking::kChronological);
    m.def(
        "first_fit",
        [](const Problem& problem, const Array& order, bool tightest) {
            check_order(problem, order);
            const Fit fit = tightest ? Fit::kTightest : Fit::kLowest;
            return without_gil([&] { return first_fit(problem, order, fit, interrupted); });
        },
        "problem"_a, "order"_a, "tightest"_a = false,
        "Offsets of first fit in the given order, or of best fit; -2 where a memory leaves no place.");
    m.def(
        "search",
        [](const Problem& problem, Bytes capacity, std::int64_t node_limit) {
            return search_with(capacity, [&] { return search(problem, capacity, node_limit, interrupted); });
        },
        "problem"_a, "capacity"_a, "node_limit"_a,
        "(answer, offsets, nodes) of the canonical search; answer is 0 found, 1 impossible, 2 budget ended.\n"
        "Raises ValueError also when the overlaps are too many to hold.");
    m.def(
        "postpone",
        [](const Problem& problem, Bytes capacity, std::int64_t node_limit, std::uint64_t seed, bool window,
           bool exchange, bool first) {
            return search_with(capacity, [&] {
                return postpone(problem, capacity, node_limit, seed, {window, exchange, first}, interrupted);
            });
        },
        "problem"_a, "capacity"_a, "node_limit"_a, "seed"_a = 1, "window"_a = true, "exchange"_a = true,
        "first"_a = true,
        "(answer, offsets, nodes) of place-or-postpone; answer is 0 found, 1 impossible, 2 budget ended.\n"
        "The last three switch inferences off, for tests. Raises ValueError as search does.");
    m.def(
        "telamalloc",
        [](const Problem& problem, Bytes capacity, std::int64_t node_limit, std::uint64_t seed, Backtracking policy,
           std::uint32_t climb) {
            return search_with(
                capacity, [&] { return telamalloc(problem, capacity, node_limit, seed, policy, climb, interrupted); });
        },
        "problem"_a, "capacity"_a, "node_limit"_a, "seed"_a = 1, "policy"_a = Backtracking::kConflict,
        "climb"_a = kClimb,
        "(answer, offsets, nodes) of TelaMalloc's search; answer is 0 found, 1 impossible, 2 budget ended.\n"
        "It knows every constraint; climb, for tests, changes no answer. Raises ValueError as search does.");
    m.def(
        "first_dead_end",
        [](const Problem& problem, Bytes capacity, const Array& order) {
            check_order(problem, order);
            return search_with(capacity, [&] { return first_dead_end(problem, capacity, order, interrupted); });
        },
        "problem"_a, "capacity"_a, "order"_a,
        "(1, offsets, nodes) where placing the first independent part in this order contradicts itself, with the\n"
        "offsets of the placements that cannot be together and -1 for all others; (0, ...) where it does not. For "
        "tests.");
    m.def(
        "contention", [](const Problem& problem) { return without_gil([&] { return contention(problem); }); },
        "problem"_a, "Per buffer, the most bytes alive at one step of its live range; gaps count as solid.");
}
