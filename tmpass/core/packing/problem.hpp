// An allocation problem as flat arrays: what every kernel of offset allocation reads. Offsets, sizes and capacities
// stay at or below 2^62 and their sum does too, and steps below 2^31 (checked in problem_check.cpp).
#pragma once

#include <vector>

#include "types.hpp"

namespace tmpass::packing {

inline constexpr Bytes kMovable = -1;  // in Problem::fixed: the allocator chooses the offset

// In steps [lower, upper) a buffer needs no more than the bytes [window_lower, window_upper) from its offset on.
struct Gap {
    Step lower, upper;
    Bytes window_lower, window_upper;
};

struct Problem {
    std::vector<Step> lower, upper;  // alive in [lower, upper)
    std::vector<Bytes> size, alignment;
    std::vector<Bytes> fixed;  // an address, or kMovable
    Rows<Gap> gaps;            // by time, inside the live range
    Rows<Range> forbidden;     // offsets that a buffer cannot have; rising and disjoint
    Rows<Index> apart;         // buffers that must not touch it; each pair is on both sides

    Index count() const { return static_cast<Index>(size.size()); }
    bool movable(Index b) const { return fixed[b] == kMovable; }
};

}  // namespace tmpass::packing
