#include "packing/narrowest_first.hpp"

#include <algorithm>

#include "packing/first_fit.hpp"
#include "packing/narrowest_attempt.hpp"

namespace tmpass::packing {
namespace {

constexpr std::int64_t kLooksPerNode = 4096;
constexpr std::int64_t kMembersPerBuffer = 256;   // of watched sections
constexpr std::int64_t kSquares = 2'000'000'000;  // of members; so an attempt takes some seconds at most
constexpr std::int64_t kPlainAttempts = 3, kNoise = 20;
constexpr Bytes kShares = 1000, kLowestShare = 960;  // of the target: the capacity that an attempt aims at

// The buffers in the order of the offsets that the attempt gave them, then those in no watched section, the largest
// first.
template <typename Number>
std::vector<Index> order_of(const Problem& problem, const Sections& watched, const NarrowestAttempt<Number>& attempt) {
    struct Key {
        Bytes first;
        Index buffer;
        auto operator<=>(const Key&) const = default;
    };
    std::vector<Key> placed, rest;
    for (Index b = 0; b < problem.count(); ++b) {
        if (watched.first[b] < watched.last[b])
            placed.push_back({attempt.offset(b), b});
        else
            rest.push_back({-problem.size[b], b});
    }
    std::ranges::sort(placed);
    std::ranges::sort(rest);
    std::vector<Index> order;
    for (const auto& keys : {placed, rest})
        for (const Key& key : keys) order.push_back(key.buffer);
    return order;
}

// The most bytes of a watched section, as if its buffers had no gaps.
Bytes most_bytes(const Problem& problem, const Sections& watched) {
    Bytes most = 0;
    for (Index s = 0; s < watched.count(); ++s) {
        Bytes sum = 0;
        for (const Index b : watched.of(s)) sum += problem.size[b];
        most = std::max(most, sum);
    }
    return most;
}

// What is different from one attempt to the next. The first three were the best ones on random problems of 2,000 to
// 8,000 buffers.
AttemptOptions options_of(std::int64_t round, Bytes target, Bytes peak, Random& random) {
    const Bytes share = round == 0 ? kShares : kLowestShare + random.below(kShares - kLowestShare + 1);
    const Bytes capacity = target / kShares * share + target % kShares * share / kShares;
    return {.capacity = capacity,
            .ceiling = peak - 1,
            .among = static_cast<Among>(round % 3),
            .noise = round < kPlainAttempts ? 0 : kNoise,
            .looks = kMaxBytes};
}

template <typename Number>
Improvement improve(const Problem& problem, const Sections& watched, std::vector<Bytes> offsets, Bytes target,
                    std::int64_t node_limit, std::uint64_t seed, const Interrupted& interrupted) {
    const LiveIndex index(problem);
    NarrowestAttempt<Number> attempt(problem, index, watched);
    Random random(seed);
    Bytes peak = peak_of(problem, offsets);
    const std::int64_t looks = std::min(node_limit, kMaxBytes / kLooksPerNode) * kLooksPerNode;
    for (std::int64_t round = 0; peak > target && attempt.looks() < looks; ++round) {
        AttemptOptions options = options_of(round, target, peak, random);
        options.looks = looks;
        if (!attempt.run(options, random, interrupted)) continue;
        const std::vector<Index> order = order_of(problem, watched, attempt);
        std::vector<Bytes> found = first_fit(problem, order, Fit::kLowest, peak - 1, interrupted);
        const Bytes lowest = found.empty() ? peak : peak_of(problem, found);
        if (lowest >= peak) continue;
        peak = lowest;
        offsets = std::move(found);
    }
    return {std::move(offsets), std::min(attempt.looks() / kLooksPerNode, node_limit)};
}

}  // namespace

Improvement narrowest_first(const Problem& problem, std::vector<Bytes> offsets, Bytes target, std::int64_t node_limit,
                            std::uint64_t seed, const Interrupted& interrupted) {
    // No number that an attempt computes is above the highest top, one more buffer and its alignment, or below the
    // bytes of a section, negative. An attempt takes no notice of gaps, so these may be far above the highest top.
    Bytes reach = peak_of(problem, offsets), most = 0;
    if (reach > kMaxBytes) return {std::move(offsets), 0};
    for (Index b = 0; b < problem.count(); ++b) most = std::max(most, problem.size[b] + problem.alignment[b]);
    const Sections watched = watch_sections(problem, {kMembersPerBuffer * problem.count(), kSquares});
    reach = std::max({reach, target, most_bytes(problem, watched)});
    if (most > kMaxBytes - reach) return {std::move(offsets), 0};
    reach += most;
    if (NarrowestAttempt<std::int32_t>::can_hold(reach))
        return improve<std::int32_t>(problem, watched, std::move(offsets), target, node_limit, seed, interrupted);
    if (NarrowestAttempt<Bytes>::can_hold(reach))
        return improve<Bytes>(problem, watched, std::move(offsets), target, node_limit, seed, interrupted);
    return {std::move(offsets), 0};
}

}  // namespace tmpass::packing
