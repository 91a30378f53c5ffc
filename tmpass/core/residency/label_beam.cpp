#include "residency/label_beam.hpp"

#include <algorithm>
#include <utility>

#include "residency/label_growth.hpp"

namespace tmpass::residency {
namespace {

constexpr Bytes kParts = 16;
constexpr Index kTries = 256;  // RandWire needs 56 at most

}  // namespace

FreeOrder beam_labels(const FreeOrderProblem& problem, Bytes upper, std::int64_t limit, const BeamScore& score,
                      const Interrupted& interrupted) {
    LabelGrowth growth(problem, upper, Chains::kLossless, {limit, interrupted});
    std::vector<std::vector<std::pair<Bytes, Index>>> waiting(problem.count() + 1);
    const auto add = [&](Index label, const TransferState& state) {
        Bytes leaving = 0;
        for (const Index item : state.alive()) leaving += (kAway - state.level(item)) * problem.size[item];
        const Bytes cost = growth.table().label(label).cost;
        waiting[state.done()].emplace_back(kParts * cost + score.leaving * leaving, label);
    };
    growth.begin(add);
    for (Index done = 0; done < problem.count(); ++done) {
        auto labels = std::move(waiting[done]);
        std::erase_if(labels, [&](const auto& entry) { return growth.table().label(entry.second).dropped; });
        std::ranges::sort(labels);
        if (static_cast<Index>(labels.size()) > score.width) labels.resize(score.width);
        for (const auto& [_, label] : labels) {
            if (!growth.grow(label, add, {score.run_on, kTries})) return {{}, 0, 0, growth.spent()};
        }
    }
    Index best = -1;
    for (const auto& [_, label] : waiting[problem.count()])
        if (best < 0 || growth.table().label(label).cost < growth.table().label(best).cost) best = label;
    if (best < 0) return {{}, 0, 0, growth.spent()};
    return {growth.table().order_of(best), growth.table().label(best).cost, 0, growth.spent()};
}

}  // namespace tmpass::residency
