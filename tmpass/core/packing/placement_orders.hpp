// Orders in which buffers are placed, the most demanding first.
#pragma once

#include <vector>

#include "packing/problem.hpp"

namespace tmpass::packing {

enum class Order { kSize, kArea, kLifetime, kContention, kStart, kGiven, kOverlaps };

// From this number of buffers on, sizes within a quarter of an octave count as equal: buffers that share steps are then
// placed one soon after another, while they are in the cache, and no sort is needed. Packings are as low.
inline constexpr Index kManyBuffers = 1 << 14;

// From this number of buffers on, the orders are first that use the fewest looks.
inline constexpr Index kSeveralBuffers = 1 << 12;

// The orders to try one after another on a number of buffers.
std::vector<Order> orders_for(Index count);

// The orders besides those that pack() tries on kManyBuffers or more; `few` as there.
std::vector<Order> further_orders(bool few);

// A permutation of the buffers: by falling size, size * lifetime, lifetime or contention, by start, as they are given,
// or by falling size * number of buffers that share a step; ties by lifetime or size, then by start and index.
// `by_start` are the buffers in the order of their starts.
std::vector<Index> make_order(const Problem& problem, Order order, const std::vector<Index>& by_start);

}  // namespace tmpass::packing
