// Place or postpone: does a packing within a capacity exist?
//
// Binary branching, as in exact scheduling: a buffer sits at its lowest offset, or it does not.
//
//     |        :        |    b is *locally lowest*: no neighbour could still fit below it. It need not be the
//     |   +----:---+    |    lowest of all, so the search may work where it is tightest first.
//     |   |    b   |    |
//     | +-+--+-:---+--+ |    left:  b sits there, and its neighbours rise to its top;
//     | | p  | : q    | |    right: b is postponed: something else must take bytes of the place that b is refused
//     +-+----+-:------+-+           (its *window*), so b rests on one of those that still can.
//
// Why nothing is lost: among all packings take one with the least sum of size * offset, and among those the first in
// an order of touching equals. In it no buffer can drop, so the place that a postponed buffer is refused is blocked by
// one that is placed later. Two buffers that touch and live equally long may be swapped at no cost, so one order of
// them is enough.
//
// Nothing of this needs two neighbours to keep apart by their sizes. With windows in gaps, or a byte between two that
// must be apart, neighbours have forbidden differences of offsets, in several ranges perhaps (outlines.hpp):
//
//     | +-----+       |    a was placed, and b is lower: b may still go below a's window. So a does not raise b, but
//     | |  a  +-----+ |    forbids it some offsets above its lowest one (outline_bounds.hpp). The branches stay:
//     | |     : b?  : |    b is at its lowest offset, or above it. In the second case the place is blocked by one that
//     | +-----+     : |    is placed later, since in the packing above no buffer can drop to any place that is free.
//
// What sections say holds for the bytes that each buffer needs in them: the unplaced ones are disjoint, one of them is
// the lowest, and all others begin at its top or above. Only sums need placed buffers below unplaced ones, so they are
// off there. Buffers with windows, or apart from another, equal none.
//
// Besides the whole part, blocks of buffers that seem to belong together are packed (merge_blocks.hpp). Only a packing
// counts there: that the blocks have none proves nothing. Parts with outlines have no blocks.
#pragma once

#include <cstdint>

#include "packing/problem.hpp"
#include "packing/search_result.hpp"

namespace tmpass::packing {

// Switches of the rules, to measure what each is worth and to test that it is sound. No switch changes a proof.
struct PostponeRules {
    bool window = true;     // another buffer must take bytes of the place that a postponed buffer is refused
    bool exchange = true;   // of two buffers that touch and live equally long, the larger is below
    bool first = true;      // the buffers that can be lowest in a section raise all others
    bool sums = true;       // what crosses a boundary is at a sum of sizes on both of its sides
    bool nogoods = true;    // dead ends are explained, and explanations kept (postpone_reasons.hpp)
    bool blocks = true;     // blocks of buffers that seem to belong together are tried as well
    bool pinwheels = true;  // five blocks may form a pinwheel
};

// Looks for offsets with every top at or below `capacity`, spending at most `node_limit` nodes: decisions, of which
// those in large parts cost more than one. A part in which sums come near 2^60 units is not searched. The same
// arguments give the same answer on every machine. Buffers that share no step, even through others, are searched
// separately. Throws Cancelled; std::length_error when the overlaps are too many to hold in memory.
SearchResult postpone(const Problem& problem, Bytes capacity, std::int64_t node_limit, std::uint64_t seed,
                      PostponeRules rules, const Interrupted& interrupted);

}  // namespace tmpass::packing
