// Place or postpone: does a packing within a capacity exist?
//
// Binary branching, as in exact scheduling: a buffer sits at its lowest offset, or it does not.
//
//     |        :        |    b is *locally lowest*: no neighbour could still fit below it. It need not be the
//     |   +----:---+    |    lowest of all, so the search may work where it is tightest first.
//     |   |    b   |    |
//     | +-+--+-:---+--+ |    left:  b sits there, and its neighbours rise to its top;
//     | | p  | : q    | |    right: b is postponed: something else must take bytes of the place it is denied
//     +-+----+-:------+-+           (its *window*), so b rests on one of those that still can.
//
// Why nothing is lost: among all packings take one with the least sum of size * offset, and among those the first in
// an order of touching equals. In it no buffer can drop, so what a postponed buffer is denied is blocked by one that is
// placed later; and two that touch and live equally long may be swapped at no cost, so one order of them is enough.
//
// Beside the whole, blocks of buffers that seem to belong together are packed (merge_blocks.hpp): only a packing counts
// there.
#pragma once

#include <cstdint>

#include "packing/search_result.hpp"
#include "problem.hpp"

namespace tmpass {

// The inferences that may be switched off, to try what they are worth and that they are sound.
struct PostponeRules {
    bool window = true;    // a postponed buffer needs something in the place that it was denied
    bool exchange = true;  // of two that touch and live equally long, the larger is below
    bool first = true;     // who can be lowest in a section pushes the others up
    bool glue = true;      // blocks of buffers that seem to belong together are tried as well
};

// Looks for offsets with every top at or below `capacity`, with at most `node_limit` nodes: decisions, of which those
// in large parts cost more than one. kFound and kImpossible are proofs; a part in which sums come near 2^60 units is
// not searched. The same arguments give the same answer on every machine. Buffers that share no step, even through
// others, are searched apart. Throws Cancelled; std::length_error when the overlaps are too many to hold in memory.
SearchResult postpone(const Problem& problem, Bytes capacity, std::int64_t node_limit, std::uint64_t seed,
                      PostponeRules rules, const Interrupted& interrupted);

}  // namespace tmpass
