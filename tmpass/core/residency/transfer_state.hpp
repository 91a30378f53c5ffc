// A set of operators that have run, and where each item is that a later operator reads.
//
// Each such item is at a level:
//
//     0 kDirty   on chip, without a copy behind: to leave costs twice its size, out and back
//     1 kCopied  on chip, with a copy behind, or one that costs nothing: to leave costs its size, for the way back
//     2 kAway    off chip; its way back is paid for (prepaid)
//
// At equal cost a higher level is never worse. What is away can come back any time it fits, as copied; what is copied
// can do all that a dirty one can, and for less. To raise the level of an item by one costs its size.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "residency/free_order_problem.hpp"

namespace tmpass::residency {

using Level = std::uint8_t;
inline constexpr Level kDirty = 0, kCopied = 1, kAway = 2, kAbsent = 3;  // kAbsent: not made, not loaded, or over

class TransferState {
  public:
    explicit TransferState(const FreeOrderProblem& problem);

    bool has_run(Index op) const { return (ran_[op >> 6] >> (op & 63)) & 1; }
    bool complete() const { return done_ == problem_->count(); }
    Index done() const { return done_; }
    Bytes resident() const { return resident_; }
    Level level(Index item) const { return level_[item]; }
    const std::vector<std::uint64_t>& ran() const { return ran_; }
    const std::vector<Index>& ready() const { return ready_; }  // rising
    const std::vector<Index>& alive() const { return alive_; }  // items with a level, rising

    bool is_ready(Index op) const { return std::ranges::binary_search(ready_, op); }

    // No operator but `op` is still to read the item.
    bool ends_with(Index item, Index op) const;

    // Bytes on chip while `op` runs if nothing leaves before.
    Bytes during(Index op) const;

    // Sends an item on chip away. Returns what that costs.
    Bytes send_away(Index item);

    // Runs a ready operator: what it reads comes back, what it makes is dirty, what it loads is copied.
    void run(Index op);

    // The state with these operators and levels, of `alive()`.
    void restore(std::span<const std::uint64_t> ran, std::span<const Index> ready, std::span<const Index> alive,
                 std::span<const Level> levels);

  private:
    const FreeOrderProblem* problem_;
    std::vector<std::uint64_t> ran_;
    std::vector<Level> level_;
    std::vector<Index> ready_, alive_;
    Bytes resident_ = 0;
    Index done_ = 0;
};

}  // namespace tmpass::residency
