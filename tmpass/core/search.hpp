// Canonical depth-first search: does a packing within a capacity exist?
#pragma once

#include "problem.hpp"
#include "search_result.hpp"

namespace tmpass {

// Looks for offsets with every top at or below `capacity`, trying at most `node_limit` placements. kFound
// and kImpossible are proofs. A part of more than 1500 buffers is not searched: its budget has ended. Buffers that
// share no step, even through others, are searched apart. Throws Cancelled; std::length_error when the overlaps are too
// many to hold in memory.
SearchResult search(const Problem& problem, Bytes capacity, std::int64_t node_limit, const Interrupted& interrupted);

}  // namespace tmpass
