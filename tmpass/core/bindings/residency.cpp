// Bindings of residency/.
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <new>
#include <tuple>
#include <utility>

#include "bindings/kernel_call.hpp"
#include "residency/absence_search.hpp"
#include "residency/placement_search.hpp"
#include "residency/regret_table.hpp"
#include "residency/subset_sums.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace tmpass::bindings {
namespace {

using residency::SubsetSums;

void bind_subset_sums(nb::module_& m) {
    nb::class_<SubsetSums>(m, "SubsetSums", "The sums of bytes that one option from each group can make.")
        .def(
            "__init__",
            [](SubsetSums* made, const Array& starts, Array options, std::int64_t capacity) {
                residency::OptionGroups groups = residency::checked_groups(starts, std::move(options));
                without_gil([&] { return new (made) SubsetSums(std::move(groups), capacity, interrupted); });
            },
            "starts"_a, "options"_a, "capacity"_a,
            "Find all sums up to `capacity` bytes.\n\n"
            "Args:\n"
            "    starts: The options of group g are options[starts[g] .. starts[g + 1]); no group is empty.\n"
            "    options: In bytes.\n"
            "    capacity: In bytes. Divided by the greatest common divisor of the options it is at most 2^33.")
        .def(
            "largest", [](const SubsetSums& sums, std::int64_t limit) { return sums.largest(limit); }, "limit"_a,
            "Return the largest sum that is at most `limit` bytes and the capacity, or -1 where there is none.")
        .def(
            "choose", [](const SubsetSums& sums, std::int64_t sum) { return sums.choose(sum); }, "total"_a,
            "Return for each group the number of an option, so that together they make `total` bytes.");
}

void bind_least_loss(nb::module_& m) {
    m.def(
        "least_loss",
        [](const std::tuple<Array, Array, Array>& groups, std::int64_t capacity, std::int64_t price,
           std::int64_t most) {
            const auto& [starts, options, regrets] = groups;
            residency::OptionGroups checked = residency::checked_groups(starts, options);
            residency::LeastLoss found = without_gil(
                [&] { return residency::least_loss(std::move(checked), regrets, capacity, price, most, interrupted); });
            return std::tuple(found.loss, std::move(found.options));
        },
        "groups"_a, "capacity"_a, "price"_a, "most"_a,
        "Choose one option of each group with the least regrets and the fewest unused bytes.\n\n"
        "Args:\n"
        "    groups: Three arrays. Starts: the options of group g are starts[g] .. starts[g + 1]; the bytes of each\n"
        "        option; and its regret, at least 0.\n"
        "    capacity: In bytes.\n"
        "    price: Of an unused byte.\n"
        "    most: Choices with more regrets are left out.\n\n"
        "Returns:\n"
        "    The sum of regrets and of the price of unused bytes, -1 where nothing fits; and for each group the\n"
        "    number of an option.");
}

void bind_search_absences(nb::module_& m) {
    m.def(
        "search_absences",
        [](const std::tuple<Array, Array, Array>& steps, const std::tuple<Array, Array>& forbidden,
           std::int64_t limit) {
            check_node_limit(limit);
            const auto& [excess, absences, spills] = steps;
            const auto& [forbidden_starts, combinations] = forbidden;
            const residency::AbsenceArrays arrays{excess, absences, spills, forbidden_starts, combinations};
            residency::AbsenceResult found = without_gil(
                [&] { return residency::search_absences(residency::absence_problem(arrays), limit, interrupted); });
            return std::tuple(found.found, std::move(found.absent), found.cost, found.bound, found.states);
        },
        "steps"_a, "forbidden"_a, "limit"_a,
        "Choose the steps that buffers spend off chip between two uses, so that copies cost the least.\n\n"
        "Args:\n"
        "    steps: Three arrays. The bytes of each step beyond the capacity where no buffer is ever absent; five\n"
        "        numbers for each absence, by rising first step: its steps [first, last), the bytes that it frees,\n"
        "        the cost of the fetch, and its version, or -1 where it needs no spill; and the cost of the spill of\n"
        "        each version. Costs together, and bytes times rows, are at most 2^58.\n"
        "    forbidden: Starts and members of combinations: absences of which at least one has to be taken.\n"
        "    limit: States that may be made; the first search, which proves little, is always finished.\n\n"
        "Returns:\n"
        "    Whether there is a choice that leaves no step too full; the numbers of the absences that are taken;\n"
        "    their cost; a lower bound on the cost; and the states made.");
}

}  // namespace

void bind_residency(nb::module_& m) {
    bind_subset_sums(m);
    bind_least_loss(m);
    bind_search_absences(m);
    m.def(
        "search_placements",
        [](std::int64_t rows, const std::tuple<Array, Array, Array, Array, Array>& buffers,
           const std::tuple<Array, Array>& forbidden, std::int64_t limit) {
            check_node_limit(limit);
            if (rows < 0 || rows > 1 << 28) throw std::invalid_argument("the number of rows is out of range");
            const auto& [capacity, starts, pieces, bytes, cost] = buffers;
            const auto& [forbidden_starts, combinations] = forbidden;
            const residency::PlacementProblem problem = residency::checked_placement(
                static_cast<Index>(rows), {capacity, starts, pieces, bytes, cost, forbidden_starts, combinations});
            residency::PlacementResult found =
                without_gil([&] { return residency::search_placements(problem, limit, interrupted); });
            return std::tuple(found.found, std::move(found.memory), found.cost, found.bound, found.complete,
                              found.states);
        },
        "rows"_a, "buffers"_a, "forbidden"_a, "limit"_a,
        "Search for the cheapest division of buffers among memories.\n\n"
        "Args:\n"
        "    rows: The number of steps at which some memory could be over-full.\n"
        "    buffers: Five arrays. The capacity of each memory in bytes; starts: buffer i has the pieces\n"
        "        starts[i] .. starts[i + 1]; pieces: two rows each, [first, last), in order; the bytes of each piece\n"
        "        in each memory; the cost of each buffer in each memory, or -1 where it cannot be there. Buffers\n"
        "        come by rising first row. Costs together, and bytes times rows, are at most 2^58.\n"
        "    forbidden: Starts and rows of at most 64 combinations: a memory and buffers that are not all in it.\n"
        "    limit: States that may be made; the first search, which proves little, is always finished.\n\n"
        "Returns:\n"
        "    Whether there is a placement; the memory of each buffer; the cost; a lower bound on the cost; whether "
        "the\n"
        "    search ended, so that this is the cheapest placement or there is none; and the states made.");
}

}  // namespace tmpass::bindings
