// Large neighbourhood search on complete packings.
//
//     |  +--+ :#####:    |  < peak     some buffers (#) near one that makes the peak, in steps and in addresses, are
//     |  |  | :##:##:+-+ |             taken out, and place-or-postpone reinserts them below the peak, among the others
//     +--+--+-:#####:+-+-+             as they stand. Where it cannot, more are taken out.
//
// After Shaw, "Using Constraint Programming and Local Search Methods to Solve Vehicle Routing Problems", CP 1998.
#pragma once

#include <vector>

#include "packing/problem.hpp"
#include "packing/search_result.hpp"

namespace tmpass::packing {

// The lowest packing found from `offsets`, a packing, on. Ends where no top is above `target`, after about `node_limit`
// nodes (those of place-or-postpone, and one for each buffer taken out), or where nothing is left to try. The same
// arguments give the same answer. Throws Cancelled.
Improvement local_search(const Problem& problem, std::vector<Bytes> offsets, Bytes target, std::int64_t node_limit,
                         std::uint64_t seed, const Interrupted& interrupted);

}  // namespace tmpass::packing
