#include "packing/aligned_stack.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

namespace tmpass::packing {
namespace {

constexpr Bytes kMaxPeriod = 4096;
constexpr Index kPlacedBetweenChecks = 4096;  // each may look at a group for every byte of the period

// The unplaced buffers of one alignment, by their sizes modulo the period.
struct Class {
    struct Group {
        Bytes residue;
        std::vector<Index> buffers;
    };
    Bytes alignment;
    std::vector<Group> groups;  // none of them is empty
};

Bytes padding(Bytes top, Bytes alignment) { return align_up(top, alignment) - top; }

class AlignedStack {
  public:
    AlignedStack(const Problem& problem, Bytes period)
        : problem_(problem), period_(period), offset_(problem.size.size(), 0) {
        std::vector<Index> order;
        for (Index b = 0; b < problem.count(); ++b)
            if (problem.size[b] > 0) order.push_back(b);
        const auto key = [&](Index b) { return std::tuple(-problem.alignment[b], problem.size[b] % period, -b); };
        std::ranges::sort(order, {}, key);
        for (const Index b : order) {
            if (classes_.empty() || classes_.back().alignment != problem.alignment[b])
                classes_.push_back({problem.alignment[b], {}});
            auto& groups = classes_.back().groups;
            const Bytes residue = problem.size[b] % period;
            if (groups.empty() || groups.back().residue != residue) groups.push_back({residue, {}});
            groups.back().buffers.push_back(b);
        }
        rank_tops();
    }

    std::vector<Bytes> run(const Interrupted& interrupted) {
        Index placed = 0;
        for (Bytes top = 0; !classes_.empty();) {
            if (++placed % kPlacedBetweenChecks == 0 && interrupted()) throw Cancelled();
            const auto next = std::ranges::min_element(
                classes_, {}, [&](const Class& one) { return padding(top, one.alignment); });  // the first of equals
            const Bytes start = align_up(top, next->alignment);
            const auto group = std::ranges::min_element(next->groups, {}, [&](const Class::Group& one) {
                return rank_[static_cast<std::size_t>((start + one.residue) % period_)];
            });
            const Index b = group->buffers.back();
            offset_[b] = start;
            top = start + problem_.size[b];
            group->buffers.pop_back();
            if (!group->buffers.empty()) continue;
            next->groups.erase(group);
            if (!next->groups.empty()) continue;
            classes_.erase(next);
            rank_tops();
        }
        return std::move(offset_);
    }

  private:
    // For each top modulo the period: the first class that needs no padding above it, or after all the padding.
    void rank_tops() {
        rank_.assign(static_cast<std::size_t>(period_), 0);
        const auto count = static_cast<Bytes>(classes_.size());
        for (Bytes top = 0; top < period_ && count > 0; ++top) {
            Bytes rank = count + period_;
            for (Bytes at = 0; at < count; ++at) {
                const Bytes waste = padding(top, classes_[at].alignment);
                rank = std::min(rank, waste == 0 ? at : count + waste);
            }
            rank_[static_cast<std::size_t>(top)] = rank;
        }
    }

    const Problem& problem_;
    const Bytes period_;
    std::vector<Class> classes_;  // by falling alignment; none of them is empty
    std::vector<Bytes> rank_;
    std::vector<Bytes> offset_;
};

}  // namespace

std::vector<Bytes> aligned_stack(const Problem& problem, const Interrupted& interrupted) {
    if (!problem.gaps.empty() || !problem.apart.empty() || !problem.forbidden.empty()) return {};
    Step last_start = 0, first_end = std::numeric_limits<Step>::max();
    Bytes period = 1;
    for (Index b = 0; b < problem.count(); ++b) {
        if (!problem.movable(b)) return {};
        if (problem.size[b] == 0) continue;
        last_start = std::max(last_start, problem.lower[b]);
        first_end = std::min(first_end, problem.upper[b]);
        if (problem.alignment[b] > kMaxPeriod) return {};
        period = std::lcm(period, problem.alignment[b]);
        if (period > kMaxPeriod) return {};
    }
    if (last_start >= first_end) return {};
    return AlignedStack(problem, period).run(interrupted);
}

}  // namespace tmpass::packing
