// A knapsack of groups by dynamic programming over bytes: one option of each group, the least regrets for each sum.
#pragma once

#include <cstdint>
#include <vector>

#include "residency/subset_sums.hpp"
#include "types.hpp"

namespace tmpass::residency {

struct LeastLoss {
    std::int64_t loss = -1;      // -1 where nothing fits
    std::vector<Index> options;  // for each group its number within the group
};

// The choice with the least sum of regrets and of `price` times the bytes that stay unused. Choices whose regrets are
// above `most` are left out. `regrets` has one number for each option, at least 0; `most` and price times capacity are
// at most 2^60.
//
// Memory: two square roots of the number of groups times 4 or 8 bytes for each multiple of what divides all options.
LeastLoss least_loss(OptionGroups groups, const std::vector<std::int64_t>& regrets, Bytes capacity, std::int64_t price,
                     std::int64_t most, const Interrupted& interrupted);

}  // namespace tmpass::residency
