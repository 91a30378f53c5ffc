// Place or postpone: does a packing within a capacity exist?
#pragma once

#include <cstdint>

#include "problem.hpp"
#include "search_result.hpp"

namespace tmpass {

// The inferences that may be switched off, to try what they are worth and that they are sound.
struct PostponeRules {
    bool window = true;    // a postponed buffer needs something in the place that it was denied
    bool exchange = true;  // of two that touch and live equally long, the larger is below
    bool first = true;     // who can be lowest in a section pushes the others up
};

// Looks for offsets with every top at or below `capacity`, with at most `node_limit` nodes: decisions, of which those
// in large parts cost more than one. kFound and kImpossible are proofs. The same arguments give the same answer on
// every machine. Buffers that share no step, even through others, are searched apart. Throws Cancelled;
// std::length_error when the overlaps are too many to hold in memory.
SearchResult postpone(const Problem& problem, Bytes capacity, std::int64_t node_limit, std::uint64_t seed,
                      PostponeRules rules, const Interrupted& interrupted);

}  // namespace tmpass
