#include "packing/reinsertion.hpp"

#include <algorithm>

#include "packing/forbidden_differences.hpp"
#include "packing/postpone.hpp"

namespace tmpass::packing {

Reinsertion::Reinsertion(const Problem& problem) : problem_(problem), index_(problem), is_free_(problem.count(), 0) {
    for (Index b = 0; b < problem.count(); ++b)
        if (problem.size[b] > 0) index_.insert(b);
}

SearchResult Reinsertion::operator()(const std::vector<Index>& free, std::vector<Bytes>& offsets, Bytes capacity,
                                     std::int64_t limit, std::uint64_t seed, const Interrupted& interrupted) {
    Problem part;
    part.fixed.assign(free.size(), kMovable);
    part.forbidden.start.assign(1, 0);
    for (const Index b : free) is_free_[b] = 1;
    for (const Index b : free) {
        part.lower.push_back(problem_.lower[b]);
        part.upper.push_back(problem_.upper[b]);
        part.size.push_back(problem_.size[b]);
        part.alignment.push_back(problem_.alignment[b]);
        append_forbidden(b, offsets, part.forbidden.rows);
        part.forbidden.start.push_back(static_cast<Index>(part.forbidden.rows.size()));
    }
    for (const Index b : free) is_free_[b] = 0;
    SearchResult found = postpone(part, capacity, limit, seed, {}, interrupted);
    if (found.answer == Answer::kFound)
        for (std::size_t i = 0; i < free.size(); ++i) offsets[free[i]] = found.offsets[i];
    found.offsets.clear();
    return found;
}

// Appends the offsets that the buffers which stay forbid to b, as rising and disjoint ranges.
void Reinsertion::append_forbidden(Index b, const std::vector<Bytes>& offsets, std::vector<Range>& rows) {
    const auto own = problem_.forbidden.of(b);
    forbidden_.assign(own.begin(), own.end());
    index_.find_overlapping(b, near_);
    for (const Index other : near_) {
        if (is_free_[other]) continue;
        for_each_forbidden_difference(problem_, other, b, [&](Bytes from, Bytes to) {
            if (offsets[other] + to > 0)
                forbidden_.emplace_back(std::max<Bytes>(offsets[other] + from, 0), offsets[other] + to);
        });
    }
    std::ranges::sort(forbidden_);
    const std::size_t begin = rows.size();
    for (const Range& range : forbidden_) {
        if (rows.size() > begin && range.first <= rows.back().second)
            rows.back().second = std::max(rows.back().second, range.second);
        else
            rows.push_back(range);
    }
}

}  // namespace tmpass::packing
