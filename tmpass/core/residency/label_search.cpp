#include "residency/label_search.hpp"

#include <algorithm>
#include <queue>
#include <tuple>

#include "residency/label_growth.hpp"
#include "residency/peak_ahead.hpp"

namespace tmpass::residency {
namespace {

using Open = std::tuple<Bytes, Index, Index>;  // bound, operators left, label

// Bounds what a label costs in the end.
class LabelBound {
  public:
    LabelBound(const FreeOrderProblem& problem, std::int64_t sets)
        : problem_(problem), peaks_(problem, sets), on_(sets > 0) {
        on_ = on_ && problem.size == problem.room;
    }

    // At the peak that is still to come, what is above the capacity is away. What is away now has paid for that. The
    // rest pays twice its bytes, or once where it is copied, or light and not alive yet.
    Bytes of(const TransferState& state, Bytes cost) {
        if (!on_) return cost;
        Bytes excess = peaks_.least(state) - problem_.capacity, light = 0;
        for (Index item = 0; item < problem_.item_count(); ++item) {
            const Level level = state.level(item);
            if (level == kAway) excess -= problem_.room[item];
            if (level == kCopied || (level == kAbsent && (problem_.stored(item) || problem_.kept[item])))
                light += problem_.room[item];
        }
        return excess <= 0 ? cost : cost + 2 * excess - std::min(excess, light);
    }

  private:
    const FreeOrderProblem& problem_;
    PeakAhead peaks_;
    bool on_;
};

}  // namespace

FreeOrder search_labels(const FreeOrderProblem& problem, Bytes upper, std::int64_t limit, std::int64_t sets,
                        Chains chains, const Interrupted& interrupted) {
    LabelGrowth growth(problem, upper, chains, {limit, interrupted});
    LabelBound bounds(problem, sets);
    std::priority_queue<Open, std::vector<Open>, std::greater<>> open;
    Bytes least = 0;  // of the label that grows
    const auto add = [&](Index label, const TransferState& state) {
        const Bytes bound = std::max(least, bounds.of(state, growth.table().label(label).cost));
        if (bound < upper) open.emplace(bound, problem.count() - state.done(), label);
    };
    growth.begin(add);
    while (!open.empty()) {
        const auto [bound, left, label] = open.top();
        least = bound;
        if (growth.spent() >= limit) return {{}, 0, bound, growth.spent()};
        open.pop();
        if (growth.table().label(label).dropped) continue;
        if (left == 0) return {growth.table().order_of(label), bound, bound, growth.spent()};
        if (!growth.grow(label, add)) return {{}, 0, bound, growth.spent()};
    }
    return {{}, 0, upper, growth.spent()};
}

}  // namespace tmpass::residency
