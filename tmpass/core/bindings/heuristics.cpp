// Bindings of the kernels of packing/ that prove nothing: first fit, and what improves a packing.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <tuple>
#include <utility>

#include "bindings/kernel_call.hpp"
#include "packing/aligned_stack.hpp"
#include "packing/first_fit.hpp"
#include "packing/hill_climb.hpp"
#include "packing/join_rectangles.hpp"
#include "packing/local_search.hpp"
#include "packing/narrowest_first.hpp"
#include "packing/problem_check.hpp"
#include "packing/repair.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace tmpass::bindings {
namespace {

using packing::Fit;
using packing::Problem;

void bind_first_fit(nb::module_& m) {
    m.def(
        "first_fit",
        [](const Problem& problem, const Array& order, bool tightest, Bytes ceiling) {
            const std::vector<Index> buffers = packing::checked_order(problem, order);
            const Fit fit = tightest ? Fit::kTightest : Fit::kLowest;
            return without_gil([&] { return packing::first_fit(problem, buffers, fit, ceiling, interrupted); });
        },
        "problem"_a, "order"_a, "tightest"_a = false, "ceiling"_a = packing::kNoCeiling,
        "Return the offsets of first fit, or of best fit, in a given order.\n\n"
        "Args:\n"
        "    problem: The buffers.\n"
        "    order: A permutation of the buffers.\n"
        "    tightest: Best fit: the smallest free stretch that is large enough, not the lowest.\n"
        "    ceiling: Bytes. As soon as the top of a movable buffer is above, the answer is empty.\n\n"
        "Returns:\n"
        "    One offset per buffer; -2 where the forbidden offsets leave no place.");
    m.def(
        "pack",
        [](const Problem& problem, Bytes stop, bool tightest) {
            const Fit fit = tightest ? Fit::kTightest : Fit::kLowest;
            packing::Packing found = without_gil([&] { return packing::pack(problem, stop, fit, interrupted); });
            return std::tuple(std::move(found.offsets), found.peak, static_cast<int>(found.order));
        },
        "problem"_a, "stop"_a, "tightest"_a = false,
        "Return the lowest packing of first or best fit in several orders.\n\n"
        "Args:\n"
        "    problem: The buffers.\n"
        "    stop: A peak in bytes at which no further order is tried.\n"
        "    tightest: Best fit, as for first_fit.\n\n"
        "Returns:\n"
        "    The offsets, the peak, and the order: 0 size, 1 area, 2 lifetime, 3 contention, 4 start, 5 as given,\n"
        "    6 overlaps. The peak is above 2^62 where no packing was found.");
    m.def(
        "pack_further",
        [](const Problem& problem, Bytes stop, Bytes below, std::uint32_t begin, std::uint32_t end) {
            packing::Packing found =
                without_gil([&] { return packing::pack_further(problem, stop, below, begin, end, interrupted); });
            return std::tuple(std::move(found.offsets), static_cast<int>(found.order));
        },
        "problem"_a, "stop"_a, "below"_a, "begin"_a = 0, "end"_a = UINT32_MAX,
        "Return the lowest packing of first fit in the orders that pack leaves out where buffers are many.\n\n"
        "Args:\n"
        "    problem: The buffers.\n"
        "    stop: A peak in bytes at which no further order is tried.\n"
        "    below: A peak in bytes. An order ends as soon as it is not below.\n"
        "    begin: How many of these orders are left out.\n"
        "    end: The number of orders up to which they are tried.\n\n"
        "Returns:\n"
        "    The offsets, nothing where no order is below, and the order as for pack.");
}

void bind_repair(nb::module_& m) {
    m.def(
        "repair",
        [](const Problem& problem, Array offsets, Bytes target, std::int64_t node_limit) {
            packing::check_offsets(problem, offsets);
            check_node_limit(node_limit);
            packing::Repaired found = without_gil(
                [&] { return packing::repair(problem, std::move(offsets), target, node_limit, interrupted); });
            return std::tuple(std::move(found.offsets), found.peak, found.nodes);
        },
        "problem"_a, "offsets"_a, "target"_a, "node_limit"_a,
        "Return a packing made lower where it is above a target.\n\n"
        "Gaps count as solid among the buffers that are moved together.\n\n"
        "Args:\n"
        "    problem: The buffers.\n"
        "    offsets: A packing of them.\n"
        "    target: The peak in bytes to reach.\n"
        "    node_limit: About how many nodes to spend.\n\n"
        "Returns:\n"
        "    The offsets, the peak in bytes, and the nodes spent.\n\n"
        "Raises:\n"
        "    ValueError: Also where the problem has pairs that must be apart.");
}

// Runs a kernel that lowers a packing.
template <auto kernel>
std::pair<Array, std::int64_t> improve_with(const Problem& problem, const Array& offsets, Bytes target,
                                            std::int64_t node_limit, std::uint64_t seed) {
    packing::check_offsets(problem, offsets);
    check_node_limit(node_limit);
    packing::Improvement found =
        without_gil([&] { return kernel(problem, offsets, target, node_limit, seed, interrupted); });
    return {std::move(found.offsets), found.nodes};
}

void bind_improvements(nb::module_& m) {
    m.def(
        "hill_climb",
        [](const Problem& problem, const Array& order, Bytes target, std::int64_t node_limit, std::uint64_t seed) {
            const std::vector<Index> buffers = packing::checked_order(problem, order);
            check_node_limit(node_limit);
            packing::Improvement found = without_gil(
                [&] { return packing::hill_climb(problem, buffers, target, node_limit, seed, interrupted); });
            return std::pair(std::move(found.offsets), found.nodes);
        },
        "problem"_a, "order"_a, "target"_a, "node_limit"_a, "seed"_a = 1,
        "Return the lowest packing of first fit in orders near a given one.\n\n"
        "Args:\n"
        "    problem: The buffers.\n"
        "    order: A permutation of the buffers to begin with.\n"
        "    target: A peak in bytes at which the search ends.\n"
        "    node_limit: Moves that may be tried; a move that places many buffers anew costs more than one.\n"
        "    seed: Of the random choices.\n\n"
        "Returns:\n"
        "    The offsets, -2 as for first_fit, and the nodes spent.\n\n"
        "Raises:\n"
        "    ValueError: Also where the overlapping pairs are too many to hold in memory.");
    m.def("local_search", improve_with<packing::local_search>, "problem"_a, "offsets"_a, "target"_a, "node_limit"_a,
          "seed"_a = 1,
          "Return the lowest packing found by large neighbourhood search from a given one on.\n\n"
          "Args:\n"
          "    problem: The buffers.\n"
          "    offsets: A packing of them.\n"
          "    target: A peak in bytes at which the search ends.\n"
          "    node_limit: About how many nodes to spend.\n"
          "    seed: Of the random choices.\n\n"
          "Returns:\n"
          "    The offsets and the nodes spent.");
    m.def(
        "aligned_stack",
        [](const Problem& problem) {
            return without_gil([&] { return packing::aligned_stack(problem, interrupted); });
        },
        "problem"_a,
        "Return all buffers one above another, in an order that wastes few bytes on alignment.\n\n"
        "Args:\n"
        "    problem: The buffers.\n\n"
        "Returns:\n"
        "    The offsets; none where two buffers with bytes share no step, where the alignments have a common "
        "multiple\n"
        "    of more than 4096 bytes only, or where the problem has other constraints.");
    m.def(
        "join_rectangles",
        [](const Problem& problem, Bytes stop) {
            return without_gil([&] { return packing::join_rectangles(problem, stop, interrupted); });
        },
        "problem"_a, "stop"_a,
        "Return a packing of rectangles, into which the buffers are joined where they fit without a hole.\n\n"
        "Args:\n"
        "    problem: The buffers.\n"
        "    stop: A peak in bytes at which no further order of the rectangles is tried.\n\n"
        "Returns:\n"
        "    The offsets; none where more than a quarter as many rectangles as buffers is left, or where the problem\n"
        "    has constraints beside alignments that divide all sizes.");
    m.def("narrowest_first", improve_with<packing::narrowest_first>, "problem"_a, "offsets"_a, "target"_a,
          "node_limit"_a, "seed"_a = 1,
          "Return the lowest packing of several greedy ones that grow where there is least choice, or a given one.\n\n"
          "Args:\n"
          "    problem: The buffers.\n"
          "    offsets: A packing of them.\n"
          "    target: A peak in bytes at which the search ends.\n"
          "    node_limit: About how many nodes to spend.\n"
          "    seed: Of the random choices.\n\n"
          "Returns:\n"
          "    The offsets and the nodes spent.");
}

}  // namespace

void bind_heuristics(nb::module_& m) {
    bind_first_fit(m);
    bind_repair(m);
    bind_improvements(m);
}

}  // namespace tmpass::bindings
