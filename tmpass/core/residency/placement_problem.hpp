// Buffers to divide among memories: which rows of which memory each one takes, and what it costs there.
#pragma once

#include <cstdint>
#include <vector>

#include "types.hpp"

namespace tmpass::residency {

// A buffer takes bytes in the rows [first, last). Rows are steps at which some memory could be over-full.
struct Piece {
    Index first, last;
};

// In a forbidden combination not all of the buffers may be in the memory: they have no packing there.
struct Combination {
    Index memory;
    std::vector<Index> buffers;  // rising
};

// Buffers come by rising first row; the pieces of a buffer come in the order of rows, without overlap. `bytes` and
// `cost` have a column for each memory.
struct PlacementProblem {
    Index rows = 0;
    Index memories = 0;
    std::vector<Bytes> capacity;
    Rows<Piece> pieces;
    std::vector<Bytes> bytes;        // of piece p in memory m: bytes[p * memories + m]
    std::vector<std::int64_t> cost;  // of buffer i in memory m: cost[i * memories + m]; -1: it cannot be there
    std::vector<Combination> forbidden;

    Index count() const { return static_cast<Index>(pieces.start.size()) - 1; }
    Index first_row(Index i) const { return pieces.rows[pieces.start[i]].first; }
    Bytes bytes_of(Index piece, Index memory) const { return bytes[std::size_t(piece) * memories + memory]; }
    std::int64_t cost_of(Index i, Index memory) const { return cost[std::size_t(i) * memories + memory]; }
};

struct PlacementArrays {
    std::vector<std::int64_t> capacity, starts, pieces, bytes, cost, forbidden_starts, forbidden;
};

// At most this many forbidden combinations: one bit of a state each.
inline constexpr std::size_t kMaxCombinations = 64;

// All costs together are at most this, and so are all capacities and bytes times the rows: no sum can overflow.
inline constexpr std::int64_t kMaxCosts = std::int64_t{1} << 58;

// Raises std::invalid_argument where an array is too short or a number out of range. In `forbidden`, each combination
// is a memory and then its buffers.
PlacementProblem checked_placement(Index rows, const PlacementArrays& arrays);

}  // namespace tmpass::residency
