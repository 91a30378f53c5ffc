// Checks of the arrays that come from outside, so that no call can make a kernel overflow or read outside them.
#pragma once

#include "packing/problem.hpp"

namespace tmpass::packing {

// Rows of numbers, one row after the other.
struct Tables {
    std::vector<std::int64_t> gaps;       // buffer, lower, upper, window_lower, window_upper
    std::vector<std::int64_t> forbidden;  // buffer, from, to
    std::vector<std::int64_t> apart;      // two buffers
};

// `problem` with the rows of `tables`. Throws std::invalid_argument on what is out of range.
Problem checked(Problem problem, const Tables& tables);

// `order` as buffers of `problem`. Throws std::invalid_argument unless it is a permutation of them.
std::vector<Index> checked_order(const Problem& problem, std::span<const std::int64_t> order);

// Throws std::invalid_argument unless it is in 0 .. 2^62.
void check_capacity(Bytes capacity);

// Throws std::invalid_argument if `offsets` cannot be a packing of `problem`: one for each buffer, within 2^62, and the
// given one where it is fixed. Does not check for overlaps.
void check_offsets(const Problem& problem, std::span<const Bytes> offsets);

}  // namespace tmpass::packing
