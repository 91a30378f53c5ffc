#include "packing/local_search.hpp"

#include <algorithm>
#include <cstdlib>

#include "packing/reinsertion.hpp"
#include "random.hpp"

namespace tmpass::packing {
namespace {

constexpr std::size_t kMinFreed = 12, kMaxFreed = 2000;
constexpr std::int64_t kNodesPerFreed = 8;  // nodes of an attempt at reinsertion, per buffer taken out
constexpr int kPatience = 12;               // attempts without success before more are taken out
constexpr std::int64_t kSideways = 4;       // one of this many attempts is away from the peak
constexpr std::uint64_t kAttemptsBetweenChecks = 16;
// What an attempt costs besides its nodes, as looks at buffers: all are sorted, and each one taken out is compared with
// all. The first two thousand buffers are not counted, since looks at them cost less than the nodes.
constexpr std::int64_t kLooksToSort = 64, kLooksPerNode = 2500, kUncounted = 2000;

class LocalSearch {
  public:
    LocalSearch(const Problem& problem, std::vector<Bytes> offsets, const Interrupted& interrupted)
        : problem_(problem), interrupted_(interrupted), offset_(std::move(offsets)), reinsertion_(problem) {
        for (Index b = 0; b < problem.count(); ++b)
            if (problem.size[b] > 0 && problem.movable(b)) movable_.push_back(b);
    }

    Improvement run(Bytes target, std::int64_t node_limit, std::uint64_t seed) {
        Random random(seed);
        const std::size_t most = std::min(movable_.size(), kMaxFreed);
        std::size_t wanted = std::min(kMinFreed, most);
        std::int64_t nodes = 0;
        int failures = 0;
        std::uint64_t attempts = 0;
        std::int64_t looks = 0;
        for (find_peak(); peak_ > target && !tops_.empty() && nodes < node_limit;) {
            if (looks / kLooksPerNode > node_limit) break;
            if (attempts++ % kAttemptsBetweenChecks == 0 && interrupted_()) throw Cancelled();
            const bool at_peak = random.below(kSideways) > 0;
            const auto& centres = at_peak ? tops_ : movable_;
            const auto freed = choose(centres[random.below(static_cast<std::int64_t>(centres.size()))], wanted, random);
            const std::int64_t limit = kNodesPerFreed * static_cast<std::int64_t>(freed.size())
                                       << std::min(growth_, 20);
            const auto [answer, _, spent] = reinsertion_(freed, offset_, peak_ - 1, std::min(limit, node_limit - nodes),
                                                         random.next(), interrupted_);
            nodes += spent + static_cast<std::int64_t>(freed.size());
            looks += (kLooksToSort + static_cast<std::int64_t>(freed.size())) *
                     std::max<std::int64_t>(problem_.count() - kUncounted, 0);
            if (answer == Answer::kFound && find_peak()) {
                failures = 0;
                growth_ = 0;
                wanted = std::max(std::min(kMinFreed, most), wanted - wanted / 4);
            } else if (++failures % kPatience == 0) {
                if (wanted == most) {
                    if (most == movable_.size() && answer == Answer::kImpossible && freed.size() == most) break;
                    ++growth_;
                }
                wanted = std::min(most, wanted + wanted / 4 + 1);
            }
        }
        return {std::move(offset_), std::min(nodes, node_limit)};
    }

  private:
    Bytes top(Index b) const { return offset_[b] + problem_.size[b]; }

    // Finds the peak and the buffers that reach it. True where the peak is lower than before, or fewer buffers reach
    // it. tops_ is empty where a fixed buffer reaches it.
    bool find_peak() {
        const std::pair<Bytes, std::size_t> before(peak_, tops_.size());
        peak_ = 0;
        for (Index b = 0; b < problem_.count(); ++b)
            if (problem_.size[b] > 0) peak_ = std::max(peak_, top(b));
        tops_.clear();
        bool fixed = false;
        for (Index b = 0; b < problem_.count(); ++b) {
            if (problem_.size[b] == 0 || top(b) < peak_) continue;
            tops_.push_back(b);
            fixed |= !problem_.movable(b);
        }
        if (fixed) tops_.clear();
        return std::pair(peak_, tops_.size()) < before;
    }

    // Chooses up to `count` movable buffers, `centre` first: near it in steps, in addresses, or in both.
    std::vector<Index> choose(Index centre, std::size_t count, Random& random) {
        const Step width = problem_.upper[centre] - problem_.lower[centre];
        const Step step = problem_.lower[centre] + random.below(width);
        const auto away = [&](Index b) {
            return std::max<Step>({0, problem_.lower[b] - step, step + 1 - problem_.upper[b]});
        };
        const auto below = [&](Index b) { return std::abs(top(b) - top(centre)); };
        const std::int64_t by_step = 1 + random.below(8), by_address = random.below(5);
        std::vector<std::int64_t> score(problem_.count(), 0);
        std::vector<Index> order(movable_);
        const auto rank = [&](auto key, std::int64_t weight) {
            std::ranges::sort(order, {}, [&](Index b) { return std::pair(key(b), b); });
            std::int64_t place = 0;
            for (std::size_t i = 0; i < order.size(); ++i) {
                if (i > 0 && key(order[i]) != key(order[i - 1])) place = static_cast<std::int64_t>(i);
                score[order[i]] += weight * place;
            }
        };
        rank(away, by_step);
        rank(below, by_address);
        score[centre] = -1;
        std::ranges::sort(order, {}, [&](Index b) { return std::tuple(score[b], below(b), b); });
        std::vector<Index> freed;
        for (const Index b : order) {
            if (freed.size() == count) break;
            const auto apart = problem_.apart.of(b);  // reinsertion knows no pairs
            if (std::ranges::any_of(apart, [&](Index other) { return std::ranges::count(freed, other) > 0; })) continue;
            freed.push_back(b);
        }
        return freed;
    }

    const Problem& problem_;
    const Interrupted& interrupted_;
    std::vector<Bytes> offset_;
    Reinsertion reinsertion_;
    std::vector<Index> movable_;  // those that have bytes
    std::vector<Index> tops_;
    Bytes peak_ = 0;
    int growth_ = 0;  // doublings of the nodes since all that may be taken out was taken out
};

}  // namespace

Improvement local_search(const Problem& problem, std::vector<Bytes> offsets, Bytes target, std::int64_t node_limit,
                         std::uint64_t seed, const Interrupted& interrupted) {
    return LocalSearch(problem, std::move(offsets), interrupted).run(target, node_limit, seed);
}

}  // namespace tmpass::packing
