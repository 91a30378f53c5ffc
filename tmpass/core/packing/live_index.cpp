#include "packing/live_index.hpp"

#include <numeric>

namespace tmpass::packing {
namespace {

constexpr Index kMinBlock = 16;

// The buffers by start, then by index. Live ranges come from schedules, so there are rarely many more steps than
// buffers, and counting sorts them in linear time.
std::vector<Index> sort_by_start(const Problem& problem) {
    const Index count = problem.count();
    std::vector<Index> order(count);
    if (count == 0) return order;
    const auto [low, high] = std::ranges::minmax(problem.lower);
    const Step span = high - low + 1;
    if (span > Step{4} * count + 1024) {
        std::iota(order.begin(), order.end(), 0);
        std::ranges::sort(order, {}, [&](Index b) { return std::pair(problem.lower[b], b); });
        return order;
    }
    std::vector<Index> start(span + 1, 0);
    for (const Step lower : problem.lower) ++start[lower - low + 1];
    std::partial_sum(start.begin(), start.end(), start.begin());
    for (Index b = 0; b < count; ++b) order[start[problem.lower[b] - low]++] = b;
    return order;
}

}  // namespace

LiveIndex::LiveIndex(const Problem& problem)
    : by_start_(sort_by_start(problem)),
      place_(problem.count()),
      lower_(problem.count()),
      end_of_(problem.count()),
      entries_(problem.count()),
      next_(problem.count()),
      block_of_(problem.count()) {
    const Index count = problem.count();
    for (Index i = 0; i < count; ++i) {
        place_[by_start_[i]] = i;
        lower_[i] = static_cast<std::int32_t>(problem.lower[by_start_[i]]);
        end_of_[i] = static_cast<std::int32_t>(problem.upper[by_start_[i]]);
    }
    carried_start_.push_back(0);
    std::vector<Index> alive;
    Index left = 0;  // places until the next block begins: as many as it carries, so that all stays linear
    for (Index i = 0; i < count; ++i, --left) {
        if (left == 0) {
            std::erase_if(alive, [&](Index place) { return end_of_[place] <= lower_[i]; });
            block_start_.push_back(i);
            carried_.insert(carried_.end(), alive.begin(), alive.end());
            carried_start_.push_back(carried_.size());
            left = std::max<Index>(kMinBlock, static_cast<Index>(alive.size()));
        }
        block_of_[i] = static_cast<Index>(block_start_.size()) - 1;
        alive.push_back(i);
        next_[i] = static_cast<Index>(std::lower_bound(lower_.begin() + i, lower_.end(), end_of_[i]) - lower_.begin());
    }
}

}  // namespace tmpass::packing
