// Repair: a packing made lower where it is too high, one place after another.
//
//     target  ------+--+-------------      v ends above the target. All buffers that share a step with it are
//                   |v |                   taken out and placed anew by the exact search, among the others,
//             +--+--+--+--+                which stay where they are. Where that fails, more are taken out;
//             |  |  :  :  |                where that fails too, the target rises, for this place and all
//                                          later ones.
#pragma once

#include "packing/first_fit.hpp"
#include "packing/problem.hpp"

namespace tmpass::packing {

struct Repaired {
    std::vector<Bytes> offsets;
    Bytes peak;
    std::int64_t nodes;
};

// `offsets`, a packing of `problem`, made lower: if possible as low as `target`. Among the buffers that are moved
// together, gaps count as solid. Spends about `node_limit` nodes at most. Throws Cancelled; std::invalid_argument on
// pairs that must be apart.
Repaired repair(const Problem& problem, std::vector<Bytes> offsets, Bytes target, std::int64_t node_limit,
                const Interrupted& interrupted);

}  // namespace tmpass::packing
