// Buffers one after the other, each where it fits among those before it.
#pragma once

#include <span>
#include <vector>

#include "packing/live_index.hpp"
#include "packing/placement_orders.hpp"
#include "problem.hpp"

namespace tmpass {

enum class Fit {
    kLowest,   // the lowest free offset
    kTightest  // the lowest offset of the smallest free stretch that is large enough, else the lowest above all; as in
               // TFLite, what alignment wastes counts for the stretch found so far and not for the one it meets
};

inline constexpr Bytes kNowhere = -2;  // in place of an offset: what is barred leaves none

// Offsets of the movable buffers placed in `order`, a permutation of all; fixed ones are there from the start. Where a
// buffer has no place the others have theirs all the same. `index` is one of `problem`, and is cleared first. Throws
// Cancelled.
std::vector<Bytes> first_fit(const Problem& problem, std::span<const Index> order, Fit fit, LiveIndex& index,
                             const Interrupted& interrupted);

// The same without an index, in the way that suits the problem.
std::vector<Bytes> first_fit(const Problem& problem, std::span<const Index> order, Fit fit,
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

}  // namespace tmpass
