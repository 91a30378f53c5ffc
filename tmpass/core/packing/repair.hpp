// A packing made lower where it is too high, one place after the other.
//
//     target  ------+--+-------------      v ends above the target. All that shares a step with it is taken
//                   |v |                   out and placed anew by the exact search, among the rest, which
//             +--+--+--+--+                stays where it is. Where that fails, more is taken out; where that
//             |  |  :  :  |                fails too, the target rises, for this place and all that come
//                                          after it.
#pragma once

#include "packing/first_fit.hpp"
#include "problem.hpp"

namespace tmpass {

struct Repaired {
    std::vector<Bytes> offsets;
    Bytes peak;
    std::int64_t nodes;
};

// `offsets`, a packing of `problem`, made lower: if possible as low as `target`. Of buffers that it moves together gaps
// count as solid. Spends about `node_limit` nodes at most. Throws Cancelled, and std::invalid_argument on pairs that
// must be apart.
Repaired repair(const Problem& problem, std::vector<Bytes> offsets, Bytes target, std::int64_t node_limit,
                const Interrupted& interrupted);

}  // namespace tmpass
