// Units: numbers that divide every offset of a packing pushed down, so that a search may count in them.
#pragma once

#include <numeric>
#include <span>

#include "types.hpp"

namespace tmpass::packing {

inline Bytes floor_div(Bytes value, Bytes by) { return value / by - (value % by < 0 ? 1 : 0); }
inline Bytes ceil_div(Bytes value, Bytes by) { return -floor_div(-value, by); }

// The greatest divisor of `unit` that divides each alignment or is a multiple of it. Rounding a multiple of it up to
// one of these alignments gives a multiple again.
inline Bytes divide_alignments(Bytes unit, std::span<const Bytes> alignments) {
    for (bool changed = true; changed;) {
        changed = false;
        for (const Bytes alignment : alignments) {
            if (unit % alignment == 0 || alignment % unit == 0) continue;
            unit = std::gcd(unit, alignment);
            changed = true;
        }
    }
    return unit;
}

}  // namespace tmpass::packing
