// First fit and best fit: buffers one after another, each at an offset that the earlier ones leave free.
#pragma once

#include <limits>
#include <span>
#include <vector>

#include "packing/live_index.hpp"
#include "packing/placement_orders.hpp"
#include "packing/problem.hpp"

namespace tmpass::packing {

enum class Fit {
    kLowest,   // the lowest free offset
    kTightest  // the lowest offset of the smallest free stretch that is large enough, else the lowest above all. As in
               // TFLite, bytes lost to alignment count for the best stretch so far but not for the one compared with it
};

inline constexpr Bytes kNowhere = -2;  // instead of an offset: forbidden offsets leave no place

inline constexpr Bytes kNoCeiling = std::numeric_limits<Bytes>::max();

// Offsets of the movable buffers placed in `order`, a permutation of all; fixed ones are there from the start. A buffer
// without a place is kNowhere, and does not stand in the way of others. Nothing as soon as the top of a movable buffer
// is above the ceiling. `index` is an index of `problem`, and is cleared first. Throws Cancelled.
std::vector<Bytes> first_fit(const Problem& problem, std::span<const Index> order, Fit fit, LiveIndex& index,
                             Bytes ceiling, const Interrupted& interrupted);

// The same without an index, by time or by offset as suits the problem.
std::vector<Bytes> first_fit(const Problem& problem, std::span<const Index> order, Fit fit, Bytes ceiling,
                             const Interrupted& interrupted);

// The highest top; more than kMaxBytes where a buffer is nowhere.
Bytes peak_of(const Problem& problem, std::span<const Bytes> offsets);

struct Packing {
    std::vector<Bytes> offsets;
    Bytes peak;
    Order order;
};

// First or best fit in one order after the other until a packing is at or below `stop`; the lowest of them.
Packing pack(const Problem& problem, Bytes stop, Fit fit, const Interrupted& interrupted);

// First fit in the orders [begin, end) of those that pack() leaves out on kManyBuffers or more, until a packing is at
// or below `stop`: the lowest one below `below`. Without one, no offsets.
Packing pack_further(const Problem& problem, Bytes stop, Bytes below, std::size_t begin, std::size_t end,
                     const Interrupted& interrupted);

}  // namespace tmpass::packing
