#include "packing/watched_sections.hpp"

#include <algorithm>
#include <numeric>

namespace tmpass::packing {
namespace {

// Per section a sum over its buffers, without a list of them.
template <typename Value>
std::vector<Value> sum_over(const Sections& spans, std::span<const Value> value) {
    std::vector<Value> sums(spans.count() + 1, 0);
    for (std::size_t b = 0; b < value.size(); ++b) {
        sums[spans.first[b]] += value[b];
        sums[spans.last[b]] -= value[b];
    }
    std::partial_sum(sums.begin(), sums.end(), sums.begin());
    sums.pop_back();
    return sums;
}

// What each section costs, as a part of what all may cost.
std::vector<double> costs(std::span<const Index> members, const WatchLimits& limits) {
    std::vector<double> cost;
    for (const Index count : members) {
        const auto exact = static_cast<double>(count);
        cost.push_back(exact / static_cast<double>(limits.members) +
                       exact * exact / static_cast<double>(limits.squares));
    }
    return cost;
}

// In each stretch of equal weight the section with the most live bytes. A section weighs as much as it costs, times the
// fourth power of its live bytes over the most.
std::vector<Index> choose_sections(std::span<const Bytes> live, std::span<const double> cost) {
    const auto most = static_cast<double>(std::ranges::max(live));
    std::vector<double> weight(live.size());
    for (std::size_t s = 0; s < live.size(); ++s) {
        const double share = static_cast<double>(live[s]) / most, square = share * share;
        weight[s] = square * square * cost[s];
    }
    const double all = std::accumulate(weight.begin(), weight.end(), 0.0);
    std::vector<Index> chosen;
    double sum = 0;
    std::size_t best = 0;
    for (std::size_t s = 0; s < live.size(); ++s) {
        if (live[s] > live[best]) best = s;
        sum += weight[s];
        if (sum < all * cost[best] && s + 1 < live.size()) continue;  // a stretch pays for its section
        chosen.push_back(static_cast<Index>(best));
        sum = 0;
        best = s + 1;
    }
    return chosen;
}

}  // namespace

Sections watch_sections(const Problem& problem, const WatchLimits& limits) {
    std::vector<Index> buffers;
    for (Index b = 0; b < problem.count(); ++b)
        if (problem.movable(b) && problem.size[b] > 0) buffers.push_back(b);
    std::vector<Step> lower, upper;
    std::vector<Bytes> size;
    for (const Index b : buffers) {
        lower.push_back(problem.lower[b]);
        upper.push_back(problem.upper[b]);
        size.push_back(problem.size[b]);
    }
    Sections watched;
    watched.first.assign(problem.count(), 0);
    watched.last.assign(problem.count(), 0);
    watched.start.assign(1, 0);
    if (buffers.empty()) return watched;
    const Sections spans = make_section_spans(lower, upper);
    const auto members = sum_over<Index>(spans, std::vector<Index>(buffers.size(), 1));
    std::vector<Index> chosen(spans.count());
    std::iota(chosen.begin(), chosen.end(), 0);
    const std::vector<double> cost = costs(members, limits);
    if (std::accumulate(cost.begin(), cost.end(), 0.0) > 1)
        chosen = choose_sections(sum_over<Bytes>(spans, size), cost);
    std::vector<Index> below(spans.count() + 1, 0);  // chosen sections before this one
    for (const Index s : chosen) below[s + 1] = 1;
    std::partial_sum(below.begin(), below.end(), below.begin());
    watched.start.assign(chosen.size() + 1, 0);
    for (std::size_t i = 0; i < chosen.size(); ++i) watched.start[i + 1] = watched.start[i] + members[chosen[i]];
    watched.members.resize(watched.start.back());
    std::vector<Index> cursor(watched.start.begin(), watched.start.end() - 1);
    for (std::size_t i = 0; i < buffers.size(); ++i) {
        const Index b = buffers[i], first = below[spans.first[i]], last = below[spans.last[i]];
        watched.first[b] = first;
        watched.last[b] = last;
        for (Index s = first; s < last; ++s) watched.members[cursor[s]++] = b;
    }
    return watched;
}

}  // namespace tmpass::packing
