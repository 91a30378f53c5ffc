#include "live_index.hpp"

#include <algorithm>
#include <numeric>

namespace tmpass {
namespace {

constexpr Index kLeastBlock = 32;

}  // namespace

LiveIndex::LiveIndex(const Problem& problem)
    : lower_(problem.lower),
      upper_(problem.upper),
      by_start_(problem.count()),
      place_(problem.count()),
      until_(problem.count(), kAbsent) {
    const Index count = problem.count();
    std::iota(by_start_.begin(), by_start_.end(), 0);
    std::ranges::sort(by_start_, {}, [&](Index b) { return std::pair(problem.lower[b], b); });
    std::vector<Step> starts(count);
    for (Index i = 0; i < count; ++i) {
        place_[by_start_[i]] = i;
        starts[i] = problem.lower[by_start_[i]];
    }
    end_.resize(count);
    for (Index i = 0; i < count; ++i)
        end_[i] = static_cast<Index>(
            std::lower_bound(starts.begin() + i, starts.end(), problem.upper[by_start_[i]]) - starts.begin());
    block_of_.resize(count);
    carried_start_.assign(1, 0);
    std::vector<Index> alive;
    Index left = 0;  // places until the next block begins: as many as it carries, so that all stays linear
    for (Index i = 0; i < count; ++i, --left) {
        if (left == 0) {
            std::erase_if(alive, [&](Index place) { return upper_[by_start_[place]] <= starts[i]; });
            block_start_.push_back(i);
            carried_.insert(carried_.end(), alive.begin(), alive.end());
            carried_start_.push_back(static_cast<Index>(carried_.size()));
            left = std::max<Index>(kLeastBlock, static_cast<Index>(alive.size()));
        }
        block_of_[i] = static_cast<Index>(block_start_.size()) - 1;
        alive.push_back(i);
    }
}

}  // namespace tmpass
