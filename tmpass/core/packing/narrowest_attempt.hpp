// The attempts of narrowest_first.hpp, one after another.
#pragma once

#include <limits>
#include <vector>

#include "packing/live_index.hpp"
#include "packing/problem.hpp"
#include "packing/watched_sections.hpp"
#include "random.hpp"
#include "vectorized.hpp"

namespace tmpass::packing {

enum class Among { kLongest, kLargest, kLargestArea };  // which of the lowest buffers goes first

struct AttemptOptions {
    Bytes capacity;  // that the attempt aims at
    Bytes ceiling;   // it ends where a top would be above
    Among among;
    std::int64_t noise;  // factors of sections and buffers vary by up to noise / 256
    std::int64_t looks;  // it ends as well where the looks of all attempts are above
};

// Invariants between two placements, for buffers in the order of their starts and for watched sections:
//  - low_[i] is the highest top among the placed buffers that share a step with i, aligned; infinity once i is placed;
//  - open_[i] is the size of i, or 0 once it is placed;
//  - limit_[s] is the capacity less the sizes of what is unplaced in s;
//  - key_[s] is known unless stale_[s]; narrowest_[k] is the section of the least key in block k unless it has stale
//    ones, and infinity where nothing is unplaced.
template <typename Number>
class NarrowestAttempt {
  public:
    static constexpr Number kInfinity = std::numeric_limits<Number>::max() / 2;

    NarrowestAttempt(const Problem& problem, const LiveIndex& index, const Sections& watched);

    // Whether a sum of bytes can be computed with: twice as many are a Number.
    static bool can_hold(Bytes sum) { return sum < Bytes{kInfinity}; }

    // True where all watched buffers are placed with no top above the ceiling. Then offset(b) is known. Throws
    // Cancelled.
    bool run(const AttemptOptions& options, Random& random, const Interrupted& interrupted);

    Bytes offset(Index b) const { return offset_[place_[b]]; }
    std::int64_t looks() const { return looks_; }  // of all attempts

  private:
    static constexpr Index kBlock = 64;  // sections

    void reset(const AttemptOptions& options, Random& random);
    Index narrowest_section();
    void count_firsts(Index section);
    Index lowest_of(Index section);
    Index lowest_below(Index i);
    void place(Index i);
    void mark_stale(Index from, Index to);

    bool before(Index i, Index than) const {
        return low_[i] != low_[than] ? low_[i] < low_[than] : rank_[i] < rank_[than];
    }

    const Problem& problem_;
    const LiveIndex& index_;
    const Index sections_;
    std::vector<Index> place_;                 // per buffer
    std::vector<std::int32_t> lower_, upper_;  // from here on per place
    std::vector<Index> first_, last_, rank_;
    std::vector<Number> size_, alignment_, low_, open_, offset_;
    bool aligned_ = false;                // some alignment is above 1
    std::vector<Index> start_, members_;  // per section: places
    std::vector<Number> total_, limit_;
    std::vector<std::int64_t> factor_, key_;
    std::vector<Index> unplaced_;
    std::vector<unsigned char> stale_, stale_block_;
    std::vector<Index> narrowest_;
    std::int64_t looks_ = 0;
};

}  // namespace tmpass::packing
