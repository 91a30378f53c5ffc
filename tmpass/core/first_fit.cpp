#include "first_fit.hpp"

#include <algorithm>
#include <bit>

namespace tmpass {
namespace {

// The placed buffers by time. Those that share a step with [lower, upper) are of two kinds, found apart so
// that none comes up twice:
//
//     query            [----------)
//     alive at lower  ----          found by stabbing a segment tree over start times
//     starts inside          ----   found in the list of buffers sorted by start
class PlacedByTime {
  public:
    explicit PlacedByTime(const Problem& problem)
        : problem_(problem), by_start_(problem.count()), placed_(problem.count(), false) {
        for (Index b = 0; b < problem.count(); ++b) by_start_[b] = b;
        std::ranges::sort(by_start_, {}, [&](Index b) { return std::pair(problem.lower[b], b); });
        for (Index b : by_start_) starts_.push_back(problem.lower[b]);
        leaves_ = std::bit_ceil(std::max<std::size_t>(by_start_.size(), 1));
        tree_.resize(2 * leaves_);
    }

    void insert(Index b) {
        placed_[b] = true;
        // Leaf i stands for the start time starts_[i]; the buffer covers the leaves whose time it is alive
        // at.
        std::size_t from = leaf(problem_.lower[b]) + leaves_, to = leaf(problem_.upper[b]) + leaves_;
        for (; from < to; from /= 2, to /= 2) {
            if (from % 2 == 1) tree_[from++].push_back(b);
            if (to % 2 == 1) tree_[--to].push_back(b);
        }
    }

    template <typename Visit>
    void for_each_overlapping(Index b, Visit visit) const {
        const std::size_t at = leaf(problem_.lower[b]);
        for (std::size_t node = at + leaves_; node > 0; node /= 2)
            for (Index other : tree_[node]) visit(other);
        for (std::size_t i = at; i < starts_.size() && starts_[i] < problem_.upper[b]; ++i)
            if (starts_[i] > problem_.lower[b] && placed_[by_start_[i]]) visit(by_start_[i]);
    }

  private:
    std::size_t leaf(Step time) const { return std::ranges::lower_bound(starts_, time) - starts_.begin(); }

    const Problem& problem_;
    std::vector<Index> by_start_;
    std::vector<Step> starts_;
    std::vector<bool> placed_;
    std::size_t leaves_ = 0;
    std::vector<std::vector<Index>> tree_;
};

using Range = std::pair<Bytes, Bytes>;

// The lowest multiple of `alignment` at which `size` bytes are clear of every range; sorts `taken`.
Bytes lowest_gap(std::vector<Range>& taken, Bytes size, Bytes alignment) {
    std::ranges::sort(taken);
    Bytes offset = 0;
    for (const auto& [begin, end] : taken) {
        if (begin >= offset + size) break;
        if (end > offset) offset = align_up(end, alignment);
    }
    return offset;
}

}  // namespace

std::vector<Bytes> first_fit(const Problem& problem, std::span<const std::int64_t> order,
                             const Interrupted& interrupted) {
    std::vector<Bytes> offsets(problem.fixed.begin(), problem.fixed.end());
    PlacedByTime placed(problem);
    for (Index b = 0; b < problem.count(); ++b)
        if (!problem.movable(b) && problem.size[b] > 0) placed.insert(b);

    std::vector<Range> taken;
    std::size_t visits = 0, asked = 0;
    for (const std::int64_t next : order) {
        const auto b = static_cast<Index>(next);
        if (!problem.movable(b)) continue;
        taken.clear();
        if (problem.size[b] > 0)
            placed.for_each_overlapping(
                b, [&](Index other) { taken.emplace_back(offsets[other], offsets[other] + problem.size[other]); });
        offsets[b] = lowest_gap(taken, problem.size[b], problem.alignment[b]);
        if (problem.size[b] > 0) placed.insert(b);
        visits += taken.size() + 1;
        if (visits - asked > (1u << 20)) {
            asked = visits;
            if (interrupted()) throw Cancelled();
        }
    }
    return offsets;
}

}  // namespace tmpass
