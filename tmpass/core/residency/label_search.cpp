#include "residency/label_search.hpp"

#include <algorithm>
#include <queue>
#include <tuple>

#include "residency/label_growth.hpp"

namespace tmpass::residency {
namespace {

using Open = std::tuple<Bytes, Index, Index>;  // cost, operators left, label

}  // namespace

FreeOrder search_labels(const FreeOrderProblem& problem, Bytes upper, std::int64_t limit, Chains chains,
                        const Interrupted& interrupted) {
    LabelGrowth growth(problem, upper, chains);
    std::priority_queue<Open, std::vector<Open>, std::greater<>> open;
    const auto add = [&](Index label, const TransferState& state) {
        open.emplace(growth.table().label(label).cost, problem.count() - state.done(), label);
    };
    growth.begin(add);
    for (std::int64_t grown = 1; !open.empty(); ++grown) {
        const auto [cost, left, label] = open.top();
        if (growth.spent() >= limit) return {{}, 0, cost, growth.spent()};
        open.pop();
        if (growth.table().label(label).dropped) continue;
        if (left == 0) return {growth.table().order_of(label), cost, cost, growth.spent()};
        growth.grow(label, add);
        if (grown % kLabelsBetweenChecks == 0 && interrupted()) throw Cancelled();
    }
    return {{}, 0, upper, growth.spent()};
}

}  // namespace tmpass::residency
