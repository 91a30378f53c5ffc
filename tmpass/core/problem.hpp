// Buffers as flat arrays: what every kernel reads. Offsets, sizes and capacities stay at or below 2^62 and
// their sum does too (the Python side has checked it), so 64 signed bits cannot overflow.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>

namespace tmpass {

using Bytes = std::int64_t;
using Step = std::int64_t;
using Index = std::int32_t;

inline constexpr Bytes kMovable = -1;  // in Problem::fixed: the allocator chooses the offset

struct Problem {
    std::span<const Step> lower, upper;  // alive in [lower, upper)
    std::span<const Bytes> size;
    std::span<const Bytes> alignment;
    std::span<const Bytes> fixed;  // an address, or kMovable

    Index count() const { return static_cast<Index>(size.size()); }
    bool movable(Index b) const { return fixed[b] == kMovable; }
};

// Asked now and then by a long kernel; true means that the user wants it to stop.
using Interrupted = std::function<bool()>;

struct Cancelled : std::runtime_error {
    Cancelled() : std::runtime_error("cancelled") {}
};

inline Bytes align_up(Bytes value, Bytes alignment) {
    const Bytes rest = value % alignment;
    return rest == 0 ? value : value + (alignment - rest);
}

}  // namespace tmpass
