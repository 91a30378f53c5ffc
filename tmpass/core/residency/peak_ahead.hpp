// The least peak of all orders that go on from a set of operators that have run, if nothing ever leaves the scratchpad.
//
// What is above the capacity at that peak has to be away then, so it is a bound on the bytes still to move. Sets are
// met again and again, so what is known of each one is kept: a lower bound on its peak, and one that is reached.
#pragma once

#include <compare>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "residency/transfer_state.hpp"

namespace tmpass::residency {

class PeakAhead {
  public:
    // Enters at most `limit` sets; graphs of more than kMostOperators are not searched.
    PeakAhead(const FreeOrderProblem& problem, std::int64_t limit);

    // A lower bound on the peak from `state` on, in bytes of room; the least peak unless the limit was reached.
    Bytes least(const TransferState& state);

  private:
    static constexpr Index kMostOperators = 2000;  // the search recurses, once for each

    // Two sets with equal keys of 128 bits are taken for equal, as in the search for the order of least peak.
    using Key = std::pair<std::uint64_t, std::uint64_t>;
    struct KeyHash {
        std::size_t operator()(const Key& key) const { return key.first; }
    };
    struct Known {
        Bytes low = 0, high = kMaxBytes;
    };
    struct Step {
        Bytes change, during;
        Index op;
        auto operator<=>(const Step&) const = default;
    };

    void take_over(const TransferState& state);
    bool reaches(Bytes ceiling);
    bool reaches_after(const Step& step, Bytes ceiling, Bytes& low);
    Step step_of(Index op) const;
    std::vector<Step> steps() const;
    void flip(Index op);
    void run(Index op, Index by);

    const FreeOrderProblem& problem_;
    std::int64_t left_over_;  // sets that may still be entered
    std::vector<Key> keys_;   // of each operator; that of a set is their exclusive or
    std::unordered_map<Key, Known, KeyHash> known_;

    // The present set; only its key is known until it is taken over.
    Key key_{0, 0};
    Index done_ = 0;
    Bytes live_ = 0;
    std::vector<Index> unread_, waiting_;  // readers of each item, and operators before each, that have not run
    std::vector<Index> ready_;             // rising
};

}  // namespace tmpass::residency
