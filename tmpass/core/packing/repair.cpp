#include "packing/repair.hpp"

#include <algorithm>

#include "packing/reinsertion.hpp"

namespace tmpass::packing {
namespace {

constexpr int kWindows = 3;                    // per place, of growing width
constexpr std::int64_t kNodesPerBuffer = 8;    // of one attempt
constexpr std::size_t kMaxFree = 20'000;       // buffers in one attempt
constexpr std::int64_t kMaxPairs = 2'000'000;  // of them that share a step
constexpr Bytes kTargetSteps = 4;              // the target rises by this fraction of what is left to the peak

class Repair {
  public:
    Repair(const Problem& problem, std::vector<Bytes> offsets, const Interrupted& interrupted)
        : problem_(problem), offsets_(std::move(offsets)), reinsertion_(problem), interrupted_(interrupted) {}

    Repaired run(Bytes target, std::int64_t node_limit) {
        Bytes peak = peak_of(problem_, offsets_);
        std::vector<Index> high = above(target);
        for (std::size_t i = 0; i < high.size() && nodes_ < node_limit && target < peak;) {
            const Index b = high[i];
            if (top(b) <= target || lower_around(b, target, node_limit)) {
                ++i;
                continue;
            }
            target += std::max<Bytes>((peak - target) / kTargetSteps, 1);
        }
        peak = peak_of(problem_, offsets_);
        return {std::move(offsets_), peak, nodes_};
    }

  private:
    Bytes top(Index b) const { return offsets_[b] + problem_.size[b]; }

    std::vector<Index> above(Bytes target) const {
        std::vector<Index> found;
        for (const Index b : reinsertion_.index().by_start())
            if (problem_.size[b] > 0 && top(b) > target) found.push_back(b);
        return found;
    }

    // Whether b and the buffers near it in time could be placed anew with no top above `target`.
    bool lower_around(Index b, Bytes target, std::int64_t node_limit) {
        Step from = problem_.lower[b], to = problem_.upper[b];
        for (int window = 0; window < kWindows && nodes_ < node_limit; ++window) {
            std::vector<Index> free;
            reinsertion_.index().find_alive(from, to, free);
            std::erase_if(free, [&](Index other) { return !problem_.movable(other); });
            if (free.size() > kMaxFree || count_pairs(free) > kMaxPairs) return false;
            if (place_anew(free, target)) return true;
            const Step wider = to - from;
            from = std::max<Step>(from - wider, 0);
            to += wider;
        }
        return false;
    }

    std::int64_t count_pairs(const std::vector<Index>& free) const {
        std::vector<Step> ends;
        for (const Index b : free) ends.push_back(problem_.upper[b]);
        std::ranges::sort(ends);
        std::int64_t pairs = 0;
        for (std::size_t i = 0, ended = 0; i < free.size(); ++i) {
            while (ends[ended] <= problem_.lower[free[i]]) ++ended;
            pairs += static_cast<std::int64_t>(i - ended);
        }
        return pairs;
    }

    bool place_anew(const std::vector<Index>& free, Bytes target) {
        const std::int64_t limit = kNodesPerBuffer * static_cast<std::int64_t>(free.size());
        const SearchResult found = reinsertion_(free, offsets_, target, limit, 1, interrupted_);
        nodes_ += found.nodes + 1;
        return found.answer == Answer::kFound;
    }

    const Problem& problem_;
    std::vector<Bytes> offsets_;
    Reinsertion reinsertion_;
    const Interrupted& interrupted_;
    std::int64_t nodes_ = 0;
};

}  // namespace

Repaired repair(const Problem& problem, std::vector<Bytes> offsets, Bytes target, std::int64_t node_limit,
                const Interrupted& interrupted) {
    if (!problem.apart.empty()) throw std::invalid_argument("repair does not know pairs that must be apart");
    return Repair(problem, std::move(offsets), interrupted).run(std::max<Bytes>(target, 0), node_limit);
}

}  // namespace tmpass::packing
