// Bindings of ordering/.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <new>
#include <tuple>
#include <utility>

#include "bindings/kernel_call.hpp"
#include "ordering/beam_search.hpp"
#include "ordering/cut_bound.hpp"
#include "ordering/least_peak_search.hpp"
#include "ordering/order_parts.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace tmpass::bindings {
namespace {

using ordering::OrderParts;
using ordering::OrderProblem;
using ordering::OrderRules;

void check_positions(const OrderParts& parts, std::int64_t begin, std::int64_t end) {
    if (begin < 0 || begin >= end || end > static_cast<std::int64_t>(parts.order().size()))
        throw std::invalid_argument("begin and end must be a range of positions in the order, not empty");
}

void bind_order_problem(nb::module_& m) {
    nb::class_<OrderProblem>(m, "OrderProblem", "Operators to order, and the bytes that an order keeps alive.")
        .def(
            "__init__",
            [](OrderProblem* made, Array edges, Array size, Array first, Array last, Array starts, Array users,
               Array scratch, Array in_place, std::int64_t beginning, bool partial) {
                new (made) OrderProblem(ordering::checked_order_problem(
                    {std::move(edges), std::move(size), std::move(first), std::move(last), std::move(starts),
                     std::move(users), std::move(scratch), std::move(in_place), beginning, partial}));
            },
            "edges"_a, "size"_a, "first"_a, "last"_a, "starts"_a, "users"_a, "scratch"_a, "in_place"_a = Array(),
            "beginning"_a = 0, "partial"_a = false,
            "Check and keep a problem. An item is an amount of bytes, alive from its first to its last user.\n\n"
            "Args:\n"
            "    edges: Rows of two operators: the second runs after the first.\n"
            "    size: Bytes of each item. All bytes of a problem together are below 2^62.\n"
            "    first: For each item, 1 where it is alive before the first operator.\n"
            "    last: For each item, 1 where it is alive after the last operator.\n"
            "    starts: The users of item i are users[starts[i] .. starts[i + 1]).\n"
            "    users: Operators.\n"
            "    scratch: Bytes that each operator needs in its own step.\n"
            "    in_place: Rows of operator, bytes, how many items, those items: where all of them end with the\n"
            "        operator, that many bytes fewer are alive in its step.\n"
            "    beginning: Bytes more in the first step, whichever operator it is.\n"
            "    partial: Of in-place items, those that end count although others do not.\n\n"
            "Raises:\n"
            "    ValueError: A number is out of range, an item has no user, or operators wait for each other in a "
            "cycle.")
        .def("__len__", &OrderProblem::count, "Return the number of operators.");
    m.def(
        "find_cuts",
        [](const OrderProblem& problem) {
            ordering::Cuts cuts = without_gil([&] { return ordering::find_cuts(problem); });
            return std::pair(std::move(cuts.order), std::move(cuts.positions));
        },
        "problem"_a,
        "Return a topological order, and the positions in it at which every order has run the same operators.\n\n"
        "The operators between two such positions can be ordered on their own.");
}

void bind_order_parts(nb::module_& m) {
    nb::class_<OrderParts>(m, "OrderParts", "One order of all operators, and ranges of it as problems of their own.")
        .def(
            "__init__",
            [](OrderParts* made, const OrderProblem& problem, const Array& order) {
                new (made) OrderParts(problem, ordering::checked_order(problem, order));
            },
            nb::keep_alive<1, 2>(), "problem"_a, "order"_a, "Keep a topological order of all operators of `problem`.")
        .def_prop_ro("order", &OrderParts::order, "The operators in the present order.")
        .def_prop_ro("profile", &OrderParts::profile, "Bytes alive while each operator runs, in the present order.")
        .def(
            "part",
            [](OrderParts& parts, std::int64_t begin, std::int64_t end) {
                check_positions(parts, begin, end);
                return parts.part(static_cast<Index>(begin), static_cast<Index>(end));
            },
            "begin"_a, "end"_a,
            "Return the operators at positions [begin, end) as a problem, numbered from 0 in the present order.")
        .def(
            "reorder",
            [](OrderParts& parts, std::int64_t begin, const Array& local) {
                const auto end = begin + static_cast<std::int64_t>(local.size());
                check_positions(parts, begin, end);
                const OrderProblem part = parts.part(static_cast<Index>(begin), static_cast<Index>(end));
                parts.reorder(static_cast<Index>(begin), ordering::checked_order(part, local));
            },
            "begin"_a, "local"_a,
            "Put the operators from position `begin` on into the order `local`, which has their numbers in the part.");
}

void bind_bound_and_beam(nb::module_& m) {
    m.def(
        "bound_orders",
        [](const OrderProblem& problem, const Array& during, std::int64_t limit) {
            if (static_cast<Index>(during.size()) != problem.count())
                throw std::invalid_argument("during must have one number for each operator");
            check_node_limit(limit);
            const auto cuts = static_cast<Index>(std::min<std::int64_t>(limit, problem.count()));
            const ordering::OrderBound bound =
                without_gil([&] { return ordering::bound_orders(problem, during, cuts, interrupted); });
            return std::tuple(bound.bytes, bound.op, bound.solved);
        },
        "problem"_a, "during"_a, "limit"_a,
        "Return a lower bound on the peak of every order, by minimum cuts.\n\n"
        "Args:\n"
        "    problem: The operators.\n"
        "    during: Bytes alive while each operator runs, by its number, in some order.\n"
        "    limit: Minimum cuts that may be computed.\n\n"
        "Returns:\n"
        "    The bound in bytes, the operator whose step needs it in every order, and the cuts computed.");
    m.def(
        "beam_order",
        [](const OrderProblem& problem, std::int64_t width, Bytes enough) {
            if (width < 1 || width > 1 << 20) throw std::invalid_argument("the width of a beam must be 1 .. 2^20");
            return without_gil(
                [&] { return ordering::beam_order(problem, static_cast<Index>(width), enough, interrupted); });
        },
        "problem"_a, "width"_a, "enough"_a,
        "Return an order found by beam search.\n\n"
        "Args:\n"
        "    problem: The operators.\n"
        "    width: Sets of each size that are followed, 1 .. 2^20.\n"
        "    enough: Peaks up to this many bytes are equally good.");
}

void bind_least_peak_search(nb::module_& m) {
    RulesClass<OrderRules>(m, "OrderRules", "Rules of search_orders; all are on unless switched off.")
        .rule("descend", &OrderRules::descend, "A step that leaves no more bytes alive is taken at once.")
        .rule("chains", &OrderRules::chains, "So is a chain of steps that leaves no more bytes alive.")
        .rule("hills", &OrderRules::hills, "Of parallel chains, only the one with the best hill and valley goes on.")
        .rule("twins", &OrderRules::twins, "Sets that differ only in which of equal components ran are the same.");
    m.def(
        "search_orders",
        [](const OrderProblem& problem, Bytes lower, Bytes upper, std::int64_t limit, const OrderRules& rules) {
            check_node_limit(limit);
            limit = std::min(limit, ordering::kMaxStates);
            ordering::SearchedOrder found =
                without_gil([&] { return ordering::search_orders(problem, lower, upper, limit, rules, interrupted); });
            return std::tuple(std::move(found.order), found.bound, found.states);
        },
        "problem"_a, "lower"_a, "upper"_a, "limit"_a, "rules"_a = OrderRules(),
        "Search for an order with the least peak.\n\n"
        "Args:\n"
        "    problem: The operators.\n"
        "    lower: A proved lower bound on the peak, in bytes.\n"
        "    upper: The peak in bytes that the order must be below.\n"
        "    limit: Sets of operators that may be entered.\n"
        "    rules: Switches of the rules, for tests. No rule changes a proof.\n\n"
        "Returns:\n"
        "    The order, empty where none was found; a lower bound on every peak, in bytes; and the sets entered. An\n"
        "    order that was found has the least peak.");
}

}  // namespace

void bind_ordering(nb::module_& m) {
    bind_order_problem(m);
    bind_order_parts(m);
    bind_bound_and_beam(m);
    bind_least_peak_search(m);
}

}  // namespace tmpass::bindings
