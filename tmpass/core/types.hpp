// Numbers and tables that all kernels share. Whatever comes from outside is checked before a kernel sees it: bytes and
// their sums stay at or below 2^62 and steps below 2^31, so 64 signed bits cannot overflow.
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

inline constexpr Bytes kMaxBytes = Bytes{1} << 62;
inline constexpr Step kMaxStep = (Step{1} << 31) - 1;  // steps are multiplied, by weights and by bytes

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

// Called by a long kernel every few milliseconds; true means that the kernel is to stop.
using Interrupted = std::function<bool()>;

// Thrown by a kernel that was told to stop.
struct Cancelled : std::runtime_error {
    Cancelled() : std::runtime_error("cancelled") {}
};

inline Bytes align_up(Bytes value, Bytes alignment) {
    if ((alignment & (alignment - 1)) == 0)
        return (value + alignment - 1) & -alignment;  // a division takes ten times as long
    const Bytes rest = value % alignment;
    return rest == 0 ? value : value + (alignment - rest);
}

}  // namespace tmpass
