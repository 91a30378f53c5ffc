#include "packing/placement_orders.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <tuple>

#include "packing/sections.hpp"

namespace tmpass::packing {
namespace {

constexpr int kClassesPerOctave = 4;

// 0 for 0, then four classes per doubling.
int size_class(Bytes size) {
    if (size < kClassesPerOctave) return static_cast<int>(size);
    const int octave = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(size))) - 1;
    return kClassesPerOctave * (octave - 1) + static_cast<int>((size >> (octave - 2)) & (kClassesPerOctave - 1));
}

std::vector<Index> by_size_class(const Problem& problem, const std::vector<Index>& by_start) {
    constexpr int kClasses = 4 * 64;
    std::vector<Index> start(kClasses + 1, 0), order(by_start.size());
    const auto rank = [&](Index b) { return kClasses - 1 - size_class(problem.size[b]); };
    for (const Index b : by_start) ++start[rank(b) + 1];
    std::partial_sum(start.begin(), start.end(), start.begin());
    for (const Index b : by_start) order[start[rank(b)]++] = b;
    return order;
}

// Rises with the product of two numbers that are not negative: the bits of its double, which is exact below 2^53,
// and in any case the same everywhere.
std::int64_t rank_of_product(std::int64_t a, std::int64_t b) {
    return std::bit_cast<std::int64_t>(static_cast<double>(a) * static_cast<double>(b));
}

// Per buffer, how many others share a step with it: those that start before its end, less those that end by its start.
std::vector<Index> count_overlaps(const Problem& problem) {
    std::vector<Step> starts(problem.lower), ends(problem.upper);
    std::ranges::sort(starts);
    std::ranges::sort(ends);
    std::vector<Index> overlaps(problem.count());
    for (Index b = 0; b < problem.count(); ++b) {
        const auto started = std::ranges::lower_bound(starts, problem.upper[b]) - starts.begin();
        const auto ended = std::ranges::upper_bound(ends, problem.lower[b]) - ends.begin();
        overlaps[b] = static_cast<Index>(started - ended) - 1;
    }
    return overlaps;
}

}  // namespace

std::vector<Order> orders_for(Index count) {
    using enum Order;
    if (count >= kManyBuffers) return {kSize};
    if (count >= kSeveralBuffers) return {kStart, kContention, kGiven, kSize, kArea, kLifetime, kOverlaps};
    return {kSize, kOverlaps, kContention, kArea, kLifetime, kStart, kGiven};
}

std::vector<Order> further_orders(bool few) {
    using enum Order;
    return {few ? kStart : kContention, kArea, kLifetime, kOverlaps};
}

std::vector<Index> make_order(const Problem& problem, Order order, const std::vector<Index>& by_start) {
    if (order == Order::kSize && problem.count() >= kManyBuffers) return by_size_class(problem, by_start);
    if (order == Order::kGiven) {
        std::vector<Index> given(problem.size.size());
        std::iota(given.begin(), given.end(), 0);
        return given;
    }
    const std::vector<Index> overlaps = order == Order::kOverlaps ? count_overlaps(problem) : std::vector<Index>();
    const std::vector<Bytes> load = order == Order::kContention ? contention(problem) : std::vector<Bytes>();
    struct SortKey {
        std::int64_t first, second, third, fourth;
        Index buffer;
        auto operator<=>(const SortKey&) const = default;
    };
    std::vector<SortKey> keys;
    keys.reserve(problem.size.size());
    for (Index b = 0; b < problem.count(); ++b) {
        const Step life = problem.upper[b] - problem.lower[b], lower = problem.lower[b];
        const Bytes size = problem.size[b];
        switch (order) {
            case Order::kSize:
                keys.push_back({-size, -life, lower, 0, b});
                break;
            case Order::kArea:
                keys.push_back({-rank_of_product(size, life), -size, lower, 0, b});
                break;
            case Order::kLifetime:
                keys.push_back({-life, -size, lower, 0, b});
                break;
            case Order::kContention:
                keys.push_back({-load[b], -size, -life, 0, b});
                break;
            case Order::kStart:
                keys.push_back({lower, -life, -size, 0, b});
                break;
            case Order::kOverlaps:
                keys.push_back({-rank_of_product(size, overlaps[b]), -size, -life, lower, b});
                break;
            case Order::kGiven:
                break;
        }
    }
    std::ranges::sort(keys);
    std::vector<Index> result;
    result.reserve(keys.size());
    for (const SortKey& key : keys) result.push_back(key.buffer);
    return result;
}

}  // namespace tmpass::packing
