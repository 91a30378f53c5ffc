// Who shares a step with a buffer, without the list of all pairs.
//
//     by start     | 0  1  2 | 3  4  5 | 6  7     blocks of buffers in the order of their starts, each with those
//     carried      |         | 1  2    | 2  5     that were alive before its first one and still are
//
// Those that share a step with b are among what its block carries and what starts from there to the end of b.
#pragma once

#include <vector>

#include "problem.hpp"

namespace tmpass {

class LiveIndex {
  public:
    explicit LiveIndex(const Problem& problem);

    // From now on b is found.
    void insert(Index b) { until_[place_[b]] = upper_[b]; }
    void remove(Index b) { until_[place_[b]] = kAbsent; }
    void clear() { std::fill(until_.begin(), until_.end(), kAbsent); }

    // Calls visit(other) for every inserted buffer but b that shares a step of b's live range, gaps included. Returns
    // how many were looked at.
    template <typename Visit>
    std::size_t for_each_overlapping(Index b, Visit visit) const {
        const Index own = place_[b], block = block_of_[own], from = block_start_[block];
        const Step lower = lower_[b];
        const auto look = [&](Index place) {
            if (until_[place] > lower && place != own) visit(by_start_[place]);
        };
        for (Index i = carried_start_[block]; i < carried_start_[block + 1]; ++i) look(carried_[i]);
        for (Index place = from; place < end_[own]; ++place) look(place);
        return static_cast<std::size_t>(end_[own] - from + carried_start_[block + 1] - carried_start_[block] + 1);
    }

  private:
    static constexpr Step kAbsent = -1;

    std::vector<Step> lower_, upper_;  // per buffer
    std::vector<Index> by_start_;      // buffers in the order of their starts; a place is an index into it
    std::vector<Index> place_;         // per buffer
    std::vector<Step> until_;          // per place: the end of the live range, or kAbsent
    std::vector<Index> end_;           // per place: the first place that starts at or after its end
    std::vector<Index> block_of_;      // per place
    std::vector<Index> block_start_;   // per block: its first place
    std::vector<Index> carried_start_, carried_;  // per block: places from before that reach into it
};

}  // namespace tmpass
