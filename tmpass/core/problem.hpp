// Buffers as flat arrays: what every kernel reads. Offsets, sizes and capacities stay at or below 2^62 and
// their sum does too, and steps below 2^31 (checked in problem_check.cpp), so 64 signed bits cannot overflow.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace tmpass {

using Bytes = std::int64_t;
using Step = std::int64_t;
using Index = std::int32_t;

inline constexpr Bytes kMovable = -1;  // in Problem::fixed: the allocator chooses the offset
inline constexpr Bytes kMaxBytes = Bytes{1} << 62;
inline constexpr Step kMaxStep = (Step{1} << 31) - 1;  // steps are multiplied, by weights and by bytes

// In steps [lower, upper) a buffer needs no more than the bytes [window_lower, window_upper) from its offset on.
struct Gap {
    Step lower, upper;
    Bytes window_lower, window_upper;
};

// Rows that belong to buffers: those of buffer b are rows[start[b] .. start[b + 1]). Most problems have none.
template <typename Row>
struct Rows {
    std::vector<Index> start;
    std::vector<Row> rows;

    bool empty() const { return rows.empty(); }
    std::span<const Row> of(Index b) const {
        if (empty()) return {};
        return std::span(rows).subspan(start[b], start[b + 1] - start[b]);
    }
};

using Range = std::pair<Bytes, Bytes>;  // [first, second)

struct Problem {
    std::vector<Step> lower, upper;  // alive in [lower, upper)
    std::vector<Bytes> size, alignment;
    std::vector<Bytes> fixed;  // an address, or kMovable
    Rows<Gap> gaps;            // by time, inside the live range
    Rows<Range> barred;        // offsets that a buffer cannot have, from the lowest on
    Rows<Index> apart;         // who must not touch it, each pair on both sides

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
