// The states of an absence search after some absence: what they cost, and what is still demanded.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "types.hpp"

namespace tmpass::residency {

// One state. Costs are times 2^shift of the row prices.
struct AbsenceState {
    std::int64_t cost = 0;
    std::int64_t demanded = 0;  // the price of what all rows still demand
    std::int64_t earned = 0;    // what versions that have paid earn beyond those that have not, at most 0
    std::int64_t bound = 0;     // on the cost of what it can become
    Index parent = -1;          // its number in the layer before
    bool absent = false;        // the decision on the last absence
};

// The states after one absence. The key of a state has `width` numbers; states with equal keys have the same future.
class AbsenceLayer {
  public:
    explicit AbsenceLayer(std::size_t width) : width_(width) {}

    Index count() const { return static_cast<Index>(states_.size()); }
    const AbsenceState& state(Index s) const { return states_[s]; }
    std::span<const std::int64_t> key(Index s) const { return std::span(keys_).subspan(s * width_, width_); }

    // Adds a state, or replaces a dearer one with the same key.
    void add(const AbsenceState& state, std::span<const std::int64_t> key);

    // Keeps the `most` states with the lowest bounds. Returns the lowest bound of those left out, or kNothingLeftOut.
    std::int64_t keep_best(Index most);

    // For each state its parent, times 2, and 1 where the last absence is taken.
    std::vector<std::int64_t> origins() const;

  private:
    std::size_t slot_of(std::span<const std::int64_t> key) const;
    void rehash(std::size_t slots);

    std::size_t width_;
    std::vector<AbsenceState> states_;
    std::vector<std::int64_t> keys_;
    std::vector<Index> slots_;  // a hash table of states, -1 where free; its size is a power of two
};

inline constexpr std::int64_t kNothingLeftOut = std::numeric_limits<std::int64_t>::max();

}  // namespace tmpass::residency
