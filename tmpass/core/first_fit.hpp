// First fit: buffers in a given order, each at the lowest aligned offset that is free over its live range.
#pragma once

#include <vector>

#include "problem.hpp"

namespace tmpass {

// Offsets per buffer. Fixed buffers stand where they are before the first movable one is placed. `order`
// is a permutation of the buffers. Time O(n log n + overlapping pairs), memory O(n log n).
// Throws Cancelled.
std::vector<Bytes> first_fit(const Problem& problem, std::span<const std::int64_t> order,
                             const Interrupted& interrupted);

}  // namespace tmpass
