// Large neighbourhood search on complete packings.
//
//     |  +--+ :#####:    |  < peak     some buffers near one that makes the peak, in steps and in addresses (#), are
//     |  |  | :##:##:+-+ |             taken out, and place or postpone puts them back below the peak, among the others
//     +--+--+-:#####:+-+-+             as they stand. Where it cannot, more are taken out.
//
// After Shaw, "Using Constraint Programming and Local Search Methods to Solve Vehicle Routing Problems", CP 1998.
#pragma once

#include <vector>

#include "problem.hpp"

namespace tmpass {

struct Improved {
    std::vector<Bytes> offsets;
    std::int64_t nodes;  // those of place or postpone, and one for each buffer taken out
};

// The lowest packing found from `offsets` on, which are one. Ends where no top is above `target`, after about
// `node_limit` nodes, or where nothing is left to try. The same arguments give the same answer. Throws Cancelled.
Improved local_search(const Problem& problem, std::vector<Bytes> offsets, Bytes target, std::int64_t node_limit,
                      std::uint64_t seed, const Interrupted& interrupted);

}  // namespace tmpass
