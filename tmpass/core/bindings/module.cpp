// The one door between Python and the kernels: a problem goes in once, as flat arrays, and is asked; numbers come out.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <atomic>
#include <tuple>
#include <vector>

#include "bindings/read_buffers.hpp"
#include "bindings/watchdog.hpp"
#include "judges/peak_step.hpp"
#include "judges/quick_check.hpp"
#include "ordering/beam_search.hpp"
#include "ordering/cut_bound.hpp"
#include "ordering/least_peak_search.hpp"
#include "ordering/order_parts.hpp"
#include "packing/always_fit.hpp"
#include "packing/first_fit.hpp"
#include "packing/hill_climb.hpp"
#include "packing/local_search.hpp"
#include "packing/minimalloc.hpp"
#include "packing/postpone.hpp"
#include "packing/repair.hpp"
#include "packing/sections.hpp"
#include "packing/telamalloc.hpp"
#include "problem_check.hpp"

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

// What another thread says to a kernel.
struct Cancel {
    std::atomic<bool> said = false;
};

Interrupted or_cancelled(const Cancel* cancel) {
    if (cancel == nullptr) return interrupted;
    return [cancel] { return cancel->said.load(std::memory_order_relaxed) || interrupted(); };
}

template <typename Kernel>
auto without_gil(Kernel kernel) {
    try {
        nb::gil_scoped_release released;
        return kernel();
    } catch (const Cancelled&) {
        if (PyErr_Occurred() == nullptr) throw;  // a RuntimeError
        throw nb::python_error();
    }
}

template <typename Kernel>
auto search_with(Bytes capacity, std::int64_t node_limit, Kernel kernel) {
    check_capacity(capacity);
    check_node_limit(node_limit);
    SearchResult result = without_gil(kernel);
    return std::tuple(static_cast<int>(result.answer), std::move(result.offsets), result.nodes);
}

std::vector<std::pair<Bytes, std::vector<Index>>> what_always_fits(const Problem& problem, Bytes capacity) {
    std::vector<Index> movable;
    for (Index b = 0; b < problem.count(); ++b)
        if (problem.movable(b) && problem.size[b] > 0) movable.push_back(b);
    std::vector<std::pair<Bytes, std::vector<Index>>> found;
    for (auto& buffers : independent_parts(problem, std::move(movable))) {
        const Part part = make_part(problem, capacity, std::move(buffers), interrupted);
        auto& [unit, removed] = found.emplace_back(part.unit, always_fit(part));
        for (Index& b : removed) b = part.origin[b];
    }
    return found;
}

void check_stretch(const OrderParts& parts, std::int64_t begin, std::int64_t end) {
    if (begin < 0 || begin >= end || end > static_cast<std::int64_t>(parts.order().size()))
        throw std::invalid_argument("no stretch of the order");
}

}  // namespace

NB_MODULE(_core, m) {
    nb::set_leak_warnings(false);  // problems that live as long as the interpreter hold theirs
    m.doc() = "Native kernels. What is out of range raises ValueError; Ctrl-C stops a kernel.";
    nb::class_<Problem>(m, "Problem", "Buffers as the kernels read them; tmpass/allocators/arrays.py has the columns.")
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
            "apart"_a = Array())
        .def_static(
            "read",
            [](nb::tuple buffers, Bytes alignment, Array barred, Array apart) {
                return read_buffers(buffers, alignment, {{}, std::move(barred), std::move(apart)});
            },
            "buffers"_a, "alignment"_a, "barred"_a = Array(), "apart"_a = Array(),
            "The same from buffers of tmpass.problem, each aligned for itself and to `alignment`.")
        .def_prop_ro(
            "has_fixed",
            [](const Problem& problem) {
                return std::ranges::any_of(problem.fixed, [](Bytes at) { return at != kMovable; });
            },
            "Whether any of them is fixed.");
    nb::enum_<Backtracking>(m, "Backtracking", "Where telamalloc goes back to from a dead end.")
        .value("CONFLICT", Backtracking::kConflict)
        .value("CHRONOLOGICAL", Backtracking::kChronological);
    nb::class_<Cancel>(m, "Cancel", "Ends a kernel that runs in another thread, which then raises RuntimeError.")
        .def(nb::init<>())
        .def("cancel", [](Cancel& cancel) { cancel.said = true; })
        .def_prop_ro("said", [](const Cancel& cancel) { return cancel.said.load(); });
    nb::class_<Watchdog>(m, "Watchdog", "Ends the process with 130 where a SIGINT stays in the pipe for too long.")
        .def(nb::init<int, int>(), "readable"_a, "patience"_a, "`patience` is in milliseconds.")
        .def("drain", &Watchdog::drain, "Takes out what is in the pipe: it was seen.")
        .def("hold", &Watchdog::hold, "on"_a, "While on, the process goes on.");
    m.def(
        "first_fit",
        [](const Problem& problem, const Array& order, bool tightest) {
            const std::vector<Index> buffers = checked_order(problem, order);
            const Fit fit = tightest ? Fit::kTightest : Fit::kLowest;
            return without_gil([&] { return first_fit(problem, buffers, fit, interrupted); });
        },
        "problem"_a, "order"_a, "tightest"_a = false,
        "Offsets of first fit in the given order, or of best fit; -2 where a memory leaves no place.");
    m.def(
        "pack",
        [](const Problem& problem, Bytes stop, bool tightest) {
            const Fit fit = tightest ? Fit::kTightest : Fit::kLowest;
            Packing found = without_gil([&] { return pack(problem, stop, fit, interrupted); });
            return std::tuple(std::move(found.offsets), found.peak, static_cast<int>(found.order));
        },
        "problem"_a, "stop"_a, "tightest"_a = false,
        "(offsets, peak, order) of first or best fit in one order after the other, until the peak is at most `stop`.\n"
        "Orders: 0 size, 1 area, 2 lifetime, 3 contention, 4 start. The peak is above 2^62 if no packing is found.");
    m.def(
        "repair",
        [](const Problem& problem, Array offsets, Bytes target, std::int64_t node_limit) {
            check_offsets(problem, offsets);
            check_node_limit(node_limit);
            Repaired found =
                without_gil([&] { return repair(problem, std::move(offsets), target, node_limit, interrupted); });
            return std::tuple(std::move(found.offsets), found.peak, found.nodes);
        },
        "problem"_a, "offsets"_a, "target"_a, "node_limit"_a,
        "(offsets, peak, nodes): a packing made lower where it is above `target`.\n"
        "Gaps are solid where it moves buffers. Raises ValueError on pairs that must be apart.");
    m.def(
        "hill_climb",
        [](const Problem& problem, const Array& order, Bytes target, std::int64_t node_limit, std::uint64_t seed) {
            const std::vector<Index> buffers = checked_order(problem, order);
            check_node_limit(node_limit);
            Climbed climbed =
                without_gil([&] { return hill_climb(problem, buffers, target, node_limit, seed, interrupted); });
            return std::pair(std::move(climbed.offsets), climbed.nodes);
        },
        "problem"_a, "order"_a, "target"_a, "node_limit"_a, "seed"_a = 1,
        "(offsets, nodes) of the lowest first fit near the order, or one not above the target; -2 as in first_fit.\n"
        "Raises ValueError also when the overlaps are too many to hold.");
    m.def(
        "local_search",
        [](const Problem& problem, const Array& offsets, Bytes target, std::int64_t node_limit, std::uint64_t seed) {
            check_offsets(problem, offsets);
            check_node_limit(node_limit);
            Improved improved =
                without_gil([&] { return local_search(problem, offsets, target, node_limit, seed, interrupted); });
            return std::pair(std::move(improved.offsets), improved.nodes);
        },
        "problem"_a, "offsets"_a, "target"_a, "node_limit"_a, "seed"_a = 1,
        "(offsets, nodes) of the lowest packing found from the given one on, or one not above the target.");
    m.def(
        "minimalloc",
        [](const Problem& problem, Bytes capacity, std::int64_t node_limit, bool canonical, bool monotonic,
           bool ordering, bool dominance, bool section, bool floor, bool hatless, bool decomposition, bool rerank,
           bool always_fit, const Cancel* cancel) {
            const MinimallocRules rules{canonical, monotonic, ordering,      dominance, section,
                                        floor,     hatless,   decomposition, rerank,    always_fit};
            return search_with(capacity, node_limit,
                               [&] { return minimalloc(problem, capacity, node_limit, rules, or_cancelled(cancel)); });
        },
        "problem"_a, "capacity"_a, "node_limit"_a, nb::kw_only(), "canonical"_a = true, "monotonic"_a = true,
        "ordering"_a = true, "dominance"_a = true, "section"_a = true, "floor"_a = true, "hatless"_a = true,
        "decomposition"_a = true, "rerank"_a = true, "always_fit"_a = true, "cancel"_a = nb::none(),
        "(answer, offsets, nodes) of MiniMalloc's search; answer is 0 found, 1 impossible, 2 budget ended.\n"
        "The switches turn its rules off, for tests; `cancel` ends it from another thread. Raises ValueError also when "
        "the overlaps are too many to "
        "hold,\n"
        "and on windows and pairs that must be apart.");
    m.def(
        "always_fit",
        [](const Problem& problem, Bytes capacity) {
            check_capacity(capacity);
            return without_gil([&] { return what_always_fits(problem, capacity); });
        },
        "problem"_a, "capacity"_a,
        "What the exact searches set aside, for tests: per independent part its unit, and the buffers in turn.");
    m.def(
        "postpone",
        [](const Problem& problem, Bytes capacity, std::int64_t node_limit, std::uint64_t seed, bool window,
           bool exchange, bool first, bool glue, const Cancel* cancel) {
            return search_with(capacity, node_limit, [&] {
                return postpone(problem, capacity, node_limit, seed, {window, exchange, first, glue},
                                or_cancelled(cancel));
            });
        },
        "problem"_a, "capacity"_a, "node_limit"_a, "seed"_a = 1, "window"_a = true, "exchange"_a = true,
        "first"_a = true, "glue"_a = true, "cancel"_a = nb::none(),
        "(answer, offsets, nodes) of place-or-postpone; answer is 0 found, 1 impossible, 2 budget ended.\n"
        "The switches turn inferences and gluing off, for tests; `cancel` ends it from another thread. Raises "
        "ValueError as minimalloc does.");
    m.def(
        "telamalloc",
        [](const Problem& problem, Bytes capacity, std::int64_t node_limit, std::uint64_t seed, Backtracking policy,
           std::uint32_t climb, const Cancel* cancel) {
            return search_with(capacity, node_limit, [&] {
                return telamalloc(problem, capacity, node_limit, seed, policy, climb, or_cancelled(cancel));
            });
        },
        "problem"_a, "capacity"_a, "node_limit"_a, "seed"_a = 1, "policy"_a = Backtracking::kConflict,
        "climb"_a = kClimb, "cancel"_a = nb::none(),
        "(answer, offsets, nodes) of TelaMalloc's search; answer is 0 found, 1 impossible, 2 budget ended.\n"
        "It knows every constraint; climb, for tests, changes no answer. Raises ValueError as minimalloc does.");
    m.def(
        "first_dead_end",
        [](const Problem& problem, Bytes capacity, const Array& order) {
            checked_order(problem, order);
            return search_with(capacity, 0, [&] { return first_dead_end(problem, capacity, order, interrupted); });
        },
        "problem"_a, "capacity"_a, "order"_a,
        "(1, offsets, nodes) where placing the first independent part in this order contradicts itself, with the\n"
        "offsets of the placements that cannot be together and -1 for all others; (0, ...) where it does not. For "
        "tests.");
    nb::class_<OrderProblem>(
        m, "OrderProblem", "Operators to order, and what they keep alive; tmpass/schedule/items.py says what goes in.")
        .def(
            "__init__",
            [](OrderProblem* made, Array edges, Array size, Array first, Array last, Array starts, Array users,
               Array scratch, Array in_place, std::int64_t beginning, bool partial) {
                new (made) OrderProblem(checked_orders({std::move(edges), std::move(size), std::move(first),
                                                        std::move(last), std::move(starts), std::move(users),
                                                        std::move(scratch), std::move(in_place), beginning, partial}));
            },
            "edges"_a, "size"_a, "first"_a, "last"_a, "starts"_a, "users"_a, "scratch"_a, "in_place"_a = Array(),
            "beginning"_a = 0, "partial"_a = false)
        .def("__len__", &OrderProblem::count);
    nb::class_<OrderParts>(m, "OrderParts", "One order of all operators, and stretches of it as problems of their own.")
        .def(
            "__init__",
            [](OrderParts* made, const OrderProblem& problem, const Array& order) {
                new (made) OrderParts(problem, checked_order(problem, order));
            },
            nb::keep_alive<1, 2>(), "problem"_a, "order"_a)
        .def_prop_ro("order", &OrderParts::order)
        .def_prop_ro("profile", &OrderParts::profile, "Bytes alive while each operator runs, in the order.")
        .def(
            "part",
            [](OrderParts& parts, std::int64_t begin, std::int64_t end) {
                check_stretch(parts, begin, end);
                return parts.part(static_cast<Index>(begin), static_cast<Index>(end));
            },
            "begin"_a, "end"_a, "The operators at these positions, numbered from 0 in the present order.")
        .def(
            "reorder",
            [](OrderParts& parts, std::int64_t begin, const Array& local) {
                const auto end = begin + static_cast<std::int64_t>(local.size());
                check_stretch(parts, begin, end);
                const OrderProblem part = parts.part(static_cast<Index>(begin), static_cast<Index>(end));
                parts.reorder(static_cast<Index>(begin), checked_order(part, local));
            },
            "begin"_a, "local"_a, "Puts the operators from `begin` on into this order of their part.");
    m.def(
        "find_cuts",
        [](const OrderProblem& problem) {
            Cuts cuts = without_gil([&] { return find_cuts(problem); });
            return std::pair(std::move(cuts.order), std::move(cuts.positions));
        },
        "problem"_a,
        "(order, positions): a topological order, and where in it every order has run the same operators.");
    m.def(
        "bound_orders",
        [](const OrderProblem& problem, const Array& during, std::int64_t limit) {
            if (static_cast<Index>(during.size()) != problem.count())
                throw std::invalid_argument("not one for each operator");
            check_node_limit(limit);
            const auto cuts = static_cast<Index>(std::min<std::int64_t>(limit, problem.count()));
            const OrderBound bound = without_gil([&] { return bound_orders(problem, during, cuts, interrupted); });
            return std::tuple(bound.bytes, bound.op, bound.solved);
        },
        "problem"_a, "during"_a, "limit"_a,
        "(bytes, operator, cuts): no order has a peak below `bytes`, which the operator's step needs.\n"
        "`during` are the bytes of each operator in some order.");
    m.def(
        "beam_order",
        [](const OrderProblem& problem, std::int64_t width, Bytes enough) {
            if (width < 1 || width > 1 << 20) throw std::invalid_argument("a width is 1 .. 2^20");
            return without_gil([&] { return beam_order(problem, static_cast<Index>(width), enough, interrupted); });
        },
        "problem"_a, "width"_a, "enough"_a, "An order by beam search; peaks up to `enough` are equally good.");
    m.def(
        "search_orders",
        [](const OrderProblem& problem, Bytes lower, Bytes upper, std::int64_t limit, bool descend, bool chains,
           bool hills, bool twins) {
            check_node_limit(limit);
            limit = std::min(limit, kMostStates);
            SearchedOrder found = without_gil([&] {
                return search_orders(problem, lower, upper, limit, {descend, chains, hills, twins}, interrupted);
            });
            return std::tuple(std::move(found.order), found.bound, found.states);
        },
        "problem"_a, "lower"_a, "upper"_a, "limit"_a, nb::kw_only(), "descend"_a = true, "chains"_a = true,
        "hills"_a = true, "twins"_a = true,
        "(order, bound, states) of the search for the least peak between `lower` and `upper`, exclusive.\n"
        "No order: there is none below `bound`. The switches turn its rules off, for tests.");
    m.def("surely_right", &surely_right, "buffers"_a, "offsets"_a, "alignment"_a, "capacity"_a,
          "Whether the offsets break no law; False also where gaps or very many pairs need a closer look.");
    m.def("fullest_step", &fullest_step, "buffers"_a, "alignment"_a,
          "The most bytes alive at one step, and the first such step; None where gaps or alignment may need more.");
    m.def(
        "contention", [](const Problem& problem) { return without_gil([&] { return contention(problem); }); },
        "problem"_a, "Per buffer, the most bytes alive at one step of its live range; gaps count as solid.");
}
