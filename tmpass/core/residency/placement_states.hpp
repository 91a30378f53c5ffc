// The states of a placement search after some buffer: what they cost, and the bytes that they take from now on.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "residency/placement_problem.hpp"
#include "residency/row_prices.hpp"

namespace tmpass::residency {

// The bytes taken in a memory change by `bytes` at a row. `at` is row * memories + memory. All changes from a row on
// say how many bytes are taken there, since none are after the last row.
struct Change {
    std::int64_t at;
    Bytes bytes;
    bool operator==(const Change&) const = default;
};

// One state. Costs are times 2^shift of the row prices.
struct PlacementState {
    std::int64_t cost = 0;
    std::int64_t ahead = 0;  // what the buffers placed so far pay for the present row and later ones
    std::int64_t bound = 0;  // on the cost of what it can become
    std::uint64_t open = 0;  // forbidden combinations of which all buffers so far are in the memory
    Index parent = -1;       // its number in the layer before
    Index choice = -1;       // the memory of the buffer that was decided last
};

// Where a state came from.
struct Origin {
    Index parent, choice;
};

class PlacementLayer {
  public:
    explicit PlacementLayer(Index memories) : memories_(memories) {}

    Index count() const { return static_cast<Index>(states_.size()); }
    const PlacementState& state(Index s) const { return states_[s]; }
    std::span<const Bytes> load(Index s) const {
        return std::span(loads_).subspan(std::size_t(s) * memories_, memories_);
    }
    std::span<const Change> changes(Index s) const {
        return std::span(pool_).subspan(begin_[s], begin_[s + 1] - begin_[s]);
    }

    // Adds a state, or replaces a dearer one with the same future. The changes come by rising `at`, after the present.
    void add(const PlacementState& state, std::span<const Bytes> load, std::span<const Change> changes);

    // Keeps the `width` states with the lowest bounds. Returns the lowest bound of those left out, or the largest
    // number where none is.
    std::int64_t keep_best(Index width);

    std::vector<Origin> origins() const;

  private:
    void grow();

    Index memories_;
    std::vector<PlacementState> states_;
    std::vector<Bytes> loads_;
    std::vector<Change> pool_;
    std::vector<std::size_t> begin_{0};
    std::vector<Index> slots_;  // a hash table of states, -1 where free; its size is a power of two
};

inline constexpr std::int64_t kNoBound = std::numeric_limits<std::int64_t>::max();

}  // namespace tmpass::residency
