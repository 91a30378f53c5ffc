// Which sums of bytes one option from each group can make, as a bitset, and which options make a sum.
#pragma once

#include <cstdint>
#include <vector>

#include "types.hpp"

namespace tmpass::residency {

// Groups of options: those of group g are options[start[g] .. start[g + 1]), in bytes.
struct OptionGroups {
    std::vector<Index> start;
    std::vector<Bytes> options;

    Index count() const { return static_cast<Index>(start.size()) - 1; }
};

// Raises std::invalid_argument where a group is empty, an option is negative or above 2^62, or `start` is not rising.
OptionGroups checked_groups(const std::vector<std::int64_t>& start, std::vector<std::int64_t> options);

class SubsetSums {
  public:
    // Sums up to `capacity`. All bytes are divided by the greatest common divisor of the options first.
    //
    // Memory: two square roots of the number of groups times one bitset, since only some of the bitsets are kept, and
    // those between are made again where they are asked for.
    //
    // Raises std::invalid_argument where a bitset would have more than 2^33 bits.
    SubsetSums(OptionGroups groups, Bytes capacity, const Interrupted& interrupted);

    // The largest sum that is at most `limit`, or -1.
    Bytes largest(Bytes limit) const;

    // For each group the number of an option, so that they make `sum`. Raises where nothing does.
    std::vector<Index> choose(Bytes sum) const;

  private:
    using Bits = std::vector<std::uint64_t>;

    Bits with_group(const Bits& before, Index group) const;

    OptionGroups groups_;
    Bytes unit_ = 1;
    Bytes capacity_ = 0;      // in units
    std::vector<Index> by_;   // the groups by rising largest option: bitsets are as long as what they can make
    std::vector<Bytes> end_;  // end_[i] is one past the largest sum of the first i groups, up to the capacity
    Index stride_ = 1;        // kept_[i] is the bitset of the first i * stride_ groups
    std::vector<Bits> kept_;
    Bits all_;
};

}  // namespace tmpass::residency
