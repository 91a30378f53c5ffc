#include "repair.hpp"

#include <algorithm>

#include "postpone.hpp"

namespace tmpass {
namespace {

constexpr int kWindows = 3;                  // of growing width, for one place
constexpr std::int64_t kNodesPerBuffer = 8;  // for one question
constexpr std::size_t kMostFree = 2000;      // buffers in one question
constexpr Bytes kTargetSteps = 4;            // the target rises by such a part of what is left

class Repair {
  public:
    Repair(const Problem& problem, std::vector<Bytes> offsets, const Interrupted& interrupted)
        : problem_(problem), offsets_(std::move(offsets)), index_(problem), interrupted_(interrupted) {
        for (Index b = 0; b < problem.count(); ++b)
            if (problem.size[b] > 0) index_.insert(b, offsets_[b], top(b));
        is_free_.assign(problem.count(), 0);
    }

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
        for (const Index b : index_.by_start())
            if (problem_.size[b] > 0 && top(b) > target) found.push_back(b);
        return found;
    }

    // Whether what lives beside b could be placed anew so that none of it is above `target`.
    bool lower_around(Index b, Bytes target, std::int64_t node_limit) {
        Step from = problem_.lower[b], to = problem_.upper[b];
        for (int window = 0; window < kWindows && nodes_ < node_limit; ++window) {
            std::vector<Index> free;
            index_.find_alive(from, to, free);
            std::erase_if(free, [&](Index other) { return !problem_.movable(other); });
            if (free.size() > kMostFree) return false;
            if (place_anew(free, target)) return true;
            const Step wider = to - from;
            from = std::max<Step>(from - wider, 0);
            to += wider;
        }
        return false;
    }

    bool place_anew(const std::vector<Index>& free, Bytes target) {
        Problem part;
        for (const Index b : free) is_free_[b] = 1;
        part.barred.start.push_back(0);
        std::vector<Index> near;
        std::vector<Range> denied;
        for (const Index b : free) {
            part.lower.push_back(problem_.lower[b]);
            part.upper.push_back(problem_.upper[b]);
            part.size.push_back(problem_.size[b]);
            part.alignment.push_back(problem_.alignment[b]);
            part.fixed.push_back(kMovable);
            const auto barred = problem_.barred.of(b);
            denied.assign(barred.begin(), barred.end());
            index_.find_overlapping(b, near);
            for (const Index other : near) {
                if (is_free_[other]) continue;
                const Bytes at = offsets_[other];
                denied.emplace_back(std::max<Bytes>(at - problem_.size[b] + 1, 0), at + problem_.size[other]);
            }
            std::ranges::sort(denied);
            for (const Range& range : denied) {
                auto& rows = part.barred.rows;
                if (static_cast<Index>(rows.size()) > part.barred.start.back() && range.first <= rows.back().second)
                    rows.back().second = std::max(rows.back().second, range.second);
                else
                    rows.push_back(range);
            }
            part.barred.start.push_back(static_cast<Index>(part.barred.rows.size()));
        }
        for (const Index b : free) is_free_[b] = 0;
        const std::int64_t limit = kNodesPerBuffer * static_cast<std::int64_t>(free.size());
        const SearchResult found = postpone(part, target, limit, 1, {}, interrupted_);
        nodes_ += found.nodes + 1;
        if (found.answer != Answer::kFound) return false;
        for (std::size_t i = 0; i < free.size(); ++i) offsets_[free[i]] = found.offsets[i];
        return true;
    }

    const Problem& problem_;
    std::vector<Bytes> offsets_;
    LiveIndex index_;
    const Interrupted& interrupted_;
    std::vector<char> is_free_;  // per buffer
    std::int64_t nodes_ = 0;
};

}  // namespace

Repaired repair(const Problem& problem, std::vector<Bytes> offsets, Bytes target, std::int64_t node_limit,
                const Interrupted& interrupted) {
    return Repair(problem, std::move(offsets), interrupted).run(target, node_limit);
}

}  // namespace tmpass
