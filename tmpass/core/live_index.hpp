// Who shares a step with a buffer, without the list of all pairs.
//
//     by start     | 0  1  2 | 3  4  5 | 6  7     blocks of buffers in the order of their starts, each with those
//     carried      |         | 1  2    | 2  5     that were alive before its first one and still are
//
// Those that share a step with b are among what its block carries and what starts from there to the end of b.
#pragma once

#include <algorithm>
#include <vector>

#include "problem.hpp"

namespace tmpass {

class LiveIndex {
  public:
    explicit LiveIndex(const Problem& problem);

    // From now on b is found.
    void insert(Index b) { until_[place_[b]] = end_of_[place_[b]]; }
    void remove(Index b) { until_[place_[b]] = kAbsent; }
    void clear() { std::ranges::fill(until_, kAbsent); }

    const std::vector<Index>& by_start() const { return by_start_; }

    // Puts into `found` the inserted buffers, b apart, that share a step of b's live range, gaps included. Returns how
    // many were looked at.
    std::size_t find_overlapping(Index b, std::vector<Index>& found) const {
        const Index own = place_[b], block = block_of_[own];
        const std::size_t carried = carried_start_[block + 1] - carried_start_[block];
        const Index from = block_start_[block], to = next_[own];
        found.resize(carried + (to - from));
        // Without branches: whether a buffer is found is as good as random.
        Index* out = found.data();
        const Step lower = lower_[own];
        for (std::size_t i = carried_start_[block]; i < carried_start_[block + 1]; ++i) {
            *out = by_start_[carried_[i]];
            out += until_[carried_[i]] > lower;
        }
        for (Index place = from; place < to; ++place) {
            *out = by_start_[place];
            out += (until_[place] > lower) & (place != own);
        }
        const std::size_t looked = found.size() + 1;
        found.resize(out - found.data());
        return looked;
    }

    // Puts into `found` the inserted buffers that are alive in [lower, upper).
    void find_alive(Step lower, Step upper, std::vector<Index>& found) const {
        found.clear();
        auto place = static_cast<Index>(std::ranges::lower_bound(lower_, lower) - lower_.begin());
        if (place > 0) {
            const Index block = block_of_[place - 1];
            for (std::size_t i = carried_start_[block]; i < carried_start_[block + 1]; ++i)
                if (until_[carried_[i]] > lower) found.push_back(by_start_[carried_[i]]);
            place = block_start_[block];
        }
        for (; place < static_cast<Index>(lower_.size()) && lower_[place] < upper; ++place)
            if (until_[place] > lower) found.push_back(by_start_[place]);
    }

  private:
    static constexpr Step kAbsent = -1;

    std::vector<Index> by_start_;       // buffers in the order of their starts; a place is an index into it
    std::vector<Index> place_;          // per buffer
    std::vector<Step> lower_, end_of_;  // per place: the live range
    std::vector<Step> until_;           // per place: its end, or kAbsent
    std::vector<Index> next_;           // per place: the first place that starts at or after its end
    std::vector<Index> block_of_;       // per place
    std::vector<Index> block_start_;    // per block: its first place
    std::vector<std::size_t> carried_start_;
    std::vector<Index> carried_;  // per block: places from before that reach into it
};

}  // namespace tmpass
