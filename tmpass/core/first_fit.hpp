// Buffers one after the other, each where it fits among those before it.
#pragma once

#include <span>
#include <vector>

#include "problem.hpp"

namespace tmpass {

enum class Fit {
    kLowest,   // the lowest free offset
    kTightest  // the lowest offset of the smallest free stretch that is large enough, else the lowest above all
};

inline constexpr Bytes kNowhere = -2;  // in place of an offset: what is barred leaves none

// Offsets of the movable buffers placed in `order`, a permutation of all; fixed ones are there from the start. Where a
// buffer has no place the others have theirs all the same. Throws Cancelled.
std::vector<Bytes> first_fit(const Problem& problem, std::span<const std::int64_t> order, Fit fit,
                             const Interrupted& interrupted);

}  // namespace tmpass
