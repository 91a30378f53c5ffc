#include "residency/placement_problem.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace tmpass::residency {
namespace {

void require(bool holds, const char* law) {
    if (!holds) throw std::invalid_argument(law);
}

void check_starts(const std::vector<std::int64_t>& starts, std::size_t end, std::int64_t least) {
    require(!starts.empty() && starts.front() == 0 && starts.back() == static_cast<std::int64_t>(end),
            "starts must begin with 0 and end with the number of rows");
    for (std::size_t i = 1; i < starts.size(); ++i)
        require(starts[i] - starts[i - 1] >= least, "starts must rise; no buffer is without a piece");
}

void read_pieces(PlacementProblem& made, const PlacementArrays& arrays) {
    require(arrays.pieces.size() % 2 == 0 && arrays.pieces.size() < (std::size_t{1} << 30), "a piece is two rows");
    check_starts(arrays.starts, arrays.pieces.size() / 2, 1);
    made.pieces.start.assign(arrays.starts.begin(), arrays.starts.end());
    for (std::size_t p = 0; p < arrays.pieces.size() / 2; ++p) {
        const std::int64_t first = arrays.pieces[2 * p], last = arrays.pieces[2 * p + 1];
        require(0 <= first && first < last && last <= made.rows, "a piece is not within the rows");
        made.pieces.rows.push_back({static_cast<Index>(first), static_cast<Index>(last)});
    }
    for (Index i = 0; i < made.count(); ++i) {
        require(i == 0 || made.first_row(i - 1) <= made.first_row(i), "buffers must come by rising first row");
        const auto own = made.pieces.of(i);
        for (std::size_t p = 1; p < own.size(); ++p)
            require(own[p - 1].last <= own[p].first, "pieces of a buffer must be in order, without overlap");
    }
}

void read_numbers(PlacementProblem& made, const PlacementArrays& arrays) {
    const std::size_t memories = made.memories;
    require(arrays.bytes.size() == made.pieces.rows.size() * memories, "bytes must have a column for each memory");
    require(arrays.cost.size() == static_cast<std::size_t>(made.count()) * memories,
            "cost must have a column for each memory");
    const Bytes most_bytes = kMaxCosts / std::max<Index>(made.rows, 1);
    Bytes total = 0;
    const auto add = [&](Bytes bytes) {
        require(bytes >= 0 && bytes <= most_bytes - total, "capacities and bytes times the rows are above 2^58");
        total += bytes;
    };
    std::ranges::for_each(arrays.capacity, add);
    std::ranges::for_each(arrays.bytes, add);
    std::int64_t costs = 0;
    for (Index i = 0; i < made.count(); ++i) {
        const auto* own = arrays.cost.data() + std::size_t(i) * memories;
        require(*std::min_element(own, own + memories) >= -1, "a cost is below -1");
        const std::int64_t most = *std::max_element(own, own + memories);
        require(most >= 0, "a buffer can be in no memory");
        require(most <= kMaxCosts - costs, "the costs are above 2^58");
        costs += most;
    }
    made.capacity = arrays.capacity;
    made.bytes = arrays.bytes;
    made.cost = arrays.cost;
}

void read_forbidden(PlacementProblem& made, const PlacementArrays& arrays) {
    check_starts(arrays.forbidden_starts, arrays.forbidden.size(), 2);
    require(arrays.forbidden_starts.size() - 1 <= kMaxCombinations, "there are more than 64 forbidden combinations");
    for (std::size_t c = 0; c + 1 < arrays.forbidden_starts.size(); ++c) {
        const auto begin = arrays.forbidden.begin() + arrays.forbidden_starts[c];
        const auto end = arrays.forbidden.begin() + arrays.forbidden_starts[c + 1];
        require(0 <= *begin && *begin < made.memories, "a combination names no memory");
        for (auto at = begin + 1; at < end; ++at) {
            require(0 <= *at && *at < made.count(), "a combination names no buffer");
            require(at == begin + 1 || at[-1] < *at, "the buffers of a combination must rise");
        }
        made.forbidden.push_back({static_cast<Index>(*begin), {begin + 1, end}});
    }
}

}  // namespace

PlacementProblem checked_placement(Index rows, const PlacementArrays& arrays) {
    PlacementProblem made;
    require(rows >= 0 && rows <= (Index{1} << 28), "the number of rows is out of range");
    require(!arrays.capacity.empty() && arrays.capacity.size() <= 64, "there must be 1 .. 64 memories");
    made.rows = rows;
    made.memories = static_cast<Index>(arrays.capacity.size());
    read_pieces(made, arrays);
    read_numbers(made, arrays);
    read_forbidden(made, arrays);
    return made;
}

}  // namespace tmpass::residency
