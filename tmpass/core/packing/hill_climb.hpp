// Hill climbing over the orders of first fit.
//
//     order    a  b  c  d  e        first fit in this order makes a packing, and e is its top
//              a  e  b  c  d        e, or what it stands on, goes before one that it overlaps: a neighbour order
//
// After Vela's allocator for Ethos-U and TVM's for its unified static memory: only what takes part in the peak is
// moved, and a higher packing is sometimes taken so that the climb does not end on the first hill. Whether it is taken
// is decided by late acceptance (Burke and Bykov, 2017): it must not be higher than the one some moves ago.
#pragma once

#include <span>
#include <vector>

#include "problem.hpp"

namespace tmpass {

struct Climbed {
    std::vector<Bytes> offsets;  // kNowhere for some where no order tried leaves a place for all
    std::int64_t nodes;          // moves tried; those that place many anew cost more than one
};

// The lowest packing seen from `order`, a permutation of the buffers, on. Ends where no top is above `target`, or after
// `node_limit` nodes. The same arguments give the same answer. Throws Cancelled; std::length_error when more pairs
// overlap than fit in memory.
Climbed hill_climb(const Problem& problem, std::span<const Index> order, Bytes target, std::int64_t node_limit,
                   std::uint64_t seed, const Interrupted& interrupted);

}  // namespace tmpass
