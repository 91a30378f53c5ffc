// The arrays that come from outside, checked once, so that no call can make a kernel overflow or read outside them.
#pragma once

#include "problem.hpp"

namespace tmpass {

// Rows as numbers one after the other: buffer, lower, upper, window lower, window upper; buffer, from, to; two buffers.
struct Tables {
    std::vector<std::int64_t> gaps, barred, apart;
};

// `problem` with the rows of `tables`. Throws std::invalid_argument on what is out of range.
Problem checked(Problem problem, const Tables& tables);

// `order` as buffers of `problem`. Throws std::invalid_argument if it is no permutation of all.
std::vector<Index> checked_order(const Problem& problem, std::span<const std::int64_t> order);

// Throw std::invalid_argument on what is out of range.
void check_capacity(Bytes capacity);
void check_node_limit(std::int64_t node_limit);

// Throws std::invalid_argument if `offsets` cannot be a packing of `problem`: one for each buffer, within 2^62, and the
// given one where it is fixed. Whether they overlap is not looked at.
void check_offsets(const Problem& problem, std::span<const Bytes> offsets);

}  // namespace tmpass
