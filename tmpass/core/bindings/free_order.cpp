// Bindings of residency/: orders with few transfers.
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <new>
#include <tuple>
#include <utility>

#include "bindings/kernel_call.hpp"
#include "residency/label_beam.hpp"
#include "residency/label_search.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace tmpass::bindings {
namespace {

using residency::FreeOrderProblem;

constexpr std::int64_t kMaxLabels = std::int64_t{1} << 30;  // they are numbered with 32 bits

residency::Chains chains_of(std::int64_t number) {
    if (number < 0 || number > 2) throw std::invalid_argument("chains must be 0, 1 or 2");
    return static_cast<residency::Chains>(number);
}

void bind_problem_of_transfers(nb::module_& m) {
    nb::class_<FreeOrderProblem>(m, "FreeOrderProblem", "Operators to order under a scratchpad that may be too small.")
        .def(
            "__init__",
            [](FreeOrderProblem* made, std::int64_t capacity, const std::tuple<Array, Array, Array, Array>& items,
               Array starts, Array readers, Array own, Array edges, Array over) {
                const auto& [size, room, kept, maker] = items;
                new (made) FreeOrderProblem(residency::checked_free_order(
                    capacity, {size, room, kept, maker, std::move(starts), std::move(readers), std::move(own),
                               std::move(edges), std::move(over)}));
            },
            "capacity"_a, "items"_a, "starts"_a, "readers"_a, "own"_a, "edges"_a = Array(), "over"_a = Array(),
            "Check and keep a problem. An item is a tensor that is on chip in several steps, or may be.\n\n"
            "Args:\n"
            "    capacity: Bytes of the scratchpad.\n"
            "    items: Four arrays. The bytes that move where an item moves; the room that it takes; 1 where the run\n"
            "        stores it behind in any case; the operator that makes it, or -1 where a copy lies behind before\n"
            "        the run. Sizes times readers and two more, and all room, are at most 2^56.\n"
            "    starts: The readers of item i are readers[starts[i] .. starts[i + 1]). A stored item has two at "
            "least.\n"
            "    readers: Operators.\n"
            "    own: Room that each operator needs in its step besides items.\n"
            "    edges: Rows of two operators: the second runs after the first, for other reasons than items.\n"
            "    over: Rows of an operator, an item that it may write over where no later one reads it, and the room\n"
            "        that it saves then. Of several items, it writes over one at most.\n\n"
            "Raises:\n"
            "    ValueError: A number is out of range, operators wait for each other in a cycle, or one of them needs\n"
            "        more than the capacity.")
        .def("__len__", &FreeOrderProblem::count, "Return the number of operators.");
}

}  // namespace

void bind_free_order(nb::module_& m) {
    bind_problem_of_transfers(m);
    m.def(
        "search_labels",
        [](const FreeOrderProblem& problem, Bytes upper, std::int64_t limit, std::int64_t sets, std::int64_t chains) {
            check_node_limit(limit);
            check_node_limit(sets);
            limit = std::min(limit, kMaxLabels);
            residency::FreeOrder found = without_gil(
                [&] { return residency::search_labels(problem, upper, limit, sets, chains_of(chains), interrupted); });
            return std::tuple(std::move(found.order), found.cost, found.bound, found.labels);
        },
        "problem"_a, "upper"_a, "limit"_a, "sets"_a = 0, "chains"_a = 1,
        "Search for the order that moves the fewest bytes off chip and back, addresses left out.\n\n"
        "Args:\n"
        "    problem: The operators.\n"
        "    upper: Only orders that cost less count, in bytes.\n"
        "    limit: Labels that may be made.\n"
        "    sets: Sets of operators that may be entered to find the least peak that is still to come.\n"
        "    chains: Which chains run at once: 0 none, 1 those that are proved to be lossless, 2 all that leave no "
        "more\n"
        "        bytes on chip.\n\n"
        "Returns:\n"
        "    The order, empty where none was found; its cost; a lower bound on the cost of every order, at most\n"
        "    `upper`; and the labels made.");
    m.def(
        "beam_labels",
        [](const FreeOrderProblem& problem, Bytes upper, std::int64_t limit,
           const std::tuple<std::int64_t, std::int64_t, bool>& score) {
            check_node_limit(limit);
            const auto [width, leaving, run_on] = score;
            if (width < 1 || width > 1 << 24) throw std::invalid_argument("the width is out of range");
            if (leaving < 0 || leaving > 64) throw std::invalid_argument("the weight of what leaves is out of range");
            const residency::BeamScore checked{static_cast<Index>(width), static_cast<Index>(leaving), run_on};
            residency::FreeOrder found = without_gil([&] {
                return residency::beam_labels(problem, upper, std::min(limit, kMaxLabels), checked, interrupted);
            });
            return std::tuple(std::move(found.order), found.cost, found.labels);
        },
        "problem"_a, "upper"_a, "limit"_a, "score"_a,
        "Look for an order that moves few bytes, by a beam, addresses left out.\n\n"
        "Args:\n"
        "    problem: The operators.\n"
        "    upper: Only orders that cost less count, in bytes.\n"
        "    limit: Labels that may be made.\n"
        "    score: How many labels of each number of operators go on; how much it counts, in sixteenths of the cost,\n"
        "        what sending away all that is on chip would cost; and whether an operator that makes all that "
        "another\n"
        "        one reads is followed by that one.\n\n"
        "Returns:\n"
        "    The order, empty where none was found; its cost; and the labels made.");
}

}  // namespace tmpass::bindings
