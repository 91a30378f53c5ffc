// Hill climbing over the orders of first fit.
//
//     order    a  b  c  d  e        first fit in this order gives a packing, and e is its top
//              a  e  b  c  d        e, or a buffer below it, goes before one that it overlaps: a neighbouring order
//
// After Vela's allocator for Ethos-U and TVM's for its unified static memory: only buffers that take part in the peak
// are moved, and a higher packing is sometimes accepted, so that the climb does not end on the first hill. Late
// acceptance (Burke and Bykov, 2017) decides: the packing must not be higher than the one some moves ago.
#pragma once

#include <span>
#include <vector>

#include "packing/problem.hpp"
#include "packing/search_result.hpp"

namespace tmpass::packing {

// The lowest packing seen from `order`, a permutation of the buffers, on; with kNowhere for some buffers where no order
// tried leaves a place for all. Ends where no top is above `target`, or after `node_limit` nodes: moves tried, of which
// those that place many buffers anew cost more than one. The same arguments give the same answer. Throws Cancelled;
// std::length_error when the overlapping pairs are too many to hold in memory.
Improvement hill_climb(const Problem& problem, std::span<const Index> order, Bytes target, std::int64_t node_limit,
                       std::uint64_t seed, const Interrupted& interrupted);

}  // namespace tmpass::packing
