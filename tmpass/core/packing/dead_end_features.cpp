#include "packing/dead_end_features.hpp"

#include <algorithm>
#include <cmath>

namespace tmpass::packing {
namespace {

float share(double part, double whole) { return static_cast<float>(whole > 0 ? part / whole : 0); }
float logarithm(double count) { return static_cast<float>(std::log2(1 + count)); }

// What has been since the placement of a depth.
struct Since {
    Index deepest, shallowest;
};

FeatureRow describe_one(const DeadEnd& dead_end, Index depth, const Since& since) {
    const DecisionLog& log = dead_end.log;
    const ConstraintModel& model = log.model();
    const Decision& decision = log.decisions()[depth];
    const Index b = decision.buffer, members = static_cast<Index>(dead_end.conflict.size());
    const auto count = static_cast<double>(model.count()), capacity = static_cast<double>(model.capacity);
    const auto dead_ends = static_cast<double>(log.dead_ends() - decision.before);
    const auto of_capacity = [&](Bytes bytes) { return share(static_cast<double>(bytes), capacity); };
    return {
        share(depth, count),
        static_cast<float>(depth),
        share(log.depth() - depth, count),
        logarithm(dead_ends),
        share(static_cast<double>(decision.conflicts), dead_ends),
        std::ranges::binary_search(dead_end.conflict, depth) ? 1.0F : 0.0F,
        logarithm(static_cast<double>(log.returns_to(depth))),
        share(since.deepest - depth, count),
        share(since.shallowest - depth, count),
        of_capacity(model.size[b]),
        share(model.upper[b] - model.lower[b], log.horizon()),
        of_capacity(log.contention(b)),
        of_capacity(decision.offset),
        of_capacity(decision.room),
        share(decision.consequences, count),
        share(members, log.depth()),
        share(dead_end.conflict.front(), log.depth()),
        share(dead_end.conflict.back(), log.depth()),
        share(static_cast<double>(log.unplaced()), static_cast<double>(log.bytes())),
        of_capacity(log.most_bytes()),
        static_cast<float>(log.filling()),
        logarithm(count),
        logarithm(static_cast<double>(log.attempts())),
        logarithm(share(dead_ends, log.depth() - depth)),
    };
}

}  // namespace

std::vector<FeatureRow> describe(const DeadEnd& dead_end, std::span<const Index> depths) {
    const auto decisions = dead_end.log.decisions();
    std::vector<FeatureRow> rows(depths.size());
    Since since{0, dead_end.log.depth()};
    auto at = static_cast<Index>(decisions.size()) - 1;
    for (std::size_t i = depths.size(); i-- > 0;) {
        for (; at >= depths[i]; --at) {
            since.deepest = std::max(since.deepest, decisions[at].deepest);
            since.shallowest = std::min(since.shallowest, decisions[at].shallowest);
        }
        rows[i] = describe_one(dead_end, depths[i], since);
    }
    return rows;
}

std::vector<Index> choices(const DeadEnd& dead_end) {
    std::vector<Index> depths;
    for (Index depth = 0; depth < dead_end.conflict.back(); depth += 1 + depth / 8) depths.push_back(depth);
    return depths;
}

}  // namespace tmpass::packing
