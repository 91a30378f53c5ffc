// What leaves before an operator that needs more bytes than are free.
//
// An item leaves as late as it can: right before an operator that needs its bytes. To leave earlier costs the same.
// Then a set of items leaves of which none could stay: what could stay may leave later, at the same cost.
#pragma once

#include <algorithm>
#include <vector>

#include "residency/transfer_state.hpp"

namespace tmpass::residency {

class Departures {
  public:
    explicit Departures(const FreeOrderProblem& problem) : problem_(problem) {}

    // Calls visit(items), until that is false, for each set of items on chip that `op` does not read, that has at least
    // `excess` bytes, and of which no item can be left out. With an excess of 0 or less, that is the empty set alone.
    // Returns whether all were visited.
    template <typename Visit>
    bool each(const TransferState& state, Index op, Bytes excess, Visit visit) {
        chosen_.clear();
        if (excess > 0) list_candidates(state, op);
        return descend(0, excess, visit);
    }

  private:
    void list_candidates(const TransferState& state, Index op) {
        const auto reads = problem_.reads.of(op);
        candidates_.clear();
        for (const Index item : state.alive())
            if (state.level(item) < kAway && problem_.room[item] > 0 && !std::ranges::binary_search(reads, item))
                candidates_.push_back(item);
        std::ranges::stable_sort(candidates_, std::greater<>(), [&](Index item) { return problem_.room[item]; });
        rest_.assign(candidates_.size() + 1, 0);
        for (std::size_t i = candidates_.size(); i > 0; --i)
            rest_[i - 1] = rest_[i] + problem_.room[candidates_[i - 1]];
    }

    // Items are chosen from large to small: the last one, which ends the need, is the smallest of the set.
    template <typename Visit>
    bool descend(std::size_t from, Bytes excess, Visit& visit) {
        if (excess <= 0) return visit(chosen_);
        for (std::size_t i = from; i < candidates_.size() && rest_[i] >= excess; ++i) {
            chosen_.push_back(candidates_[i]);
            if (!descend(i + 1, excess - problem_.room[candidates_[i]], visit)) return false;
            chosen_.pop_back();
        }
        return true;
    }

    const FreeOrderProblem& problem_;
    std::vector<Index> candidates_, chosen_;
    std::vector<Bytes> rest_;
};

}  // namespace tmpass::residency
