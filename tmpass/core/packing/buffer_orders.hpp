// Orders of the buffers of a part that place-or-postpone keeps to.
#pragma once

#include <algorithm>
#include <tuple>
#include <vector>

#include "packing/parts.hpp"

namespace tmpass::packing {

// For each buffer of `part`, the buffers that differ from it in size only, and itself, largest first. The list is empty
// if no other buffer does. All of a list have the same live range and the same limits.
std::vector<std::vector<Index>> interchangeable(const Part& part);

// Per buffer its rank: long-lived first, then large. Live ranges count varied() times.
template <typename Varied>
std::vector<Index> ranks(const Part& part, Varied varied) {
    std::vector<std::tuple<std::int64_t, Bytes, Index>> ranked;
    for (Index b = 0; b < part.count(); ++b) {
        const Step width = part.upper[b] - part.lower[b];
        ranked.emplace_back(-width * varied(), -part.size[b], b);
    }
    std::ranges::sort(ranked);
    std::vector<Index> rank(ranked.size());
    for (std::size_t i = 0; i < ranked.size(); ++i) rank[std::get<2>(ranked[i])] = static_cast<Index>(i);
    return rank;
}

}  // namespace tmpass::packing
