#include "packing/hill_climb.hpp"

#include <algorithm>

#include "packing/first_fit.hpp"
#include "packing/forbidden_differences.hpp"
#include "packing/live_index.hpp"
#include "random.hpp"

namespace tmpass::packing {
namespace {

constexpr std::size_t kMaxRows = 10'000'000;        // of pairs that overlap
constexpr std::int64_t kWorkPerNode = 128;          // rows and places looked at
constexpr std::int64_t kNodesBetweenChecks = 1024;  // some milliseconds
constexpr Bytes kNoPacking = kMaxBytes + 1;         // the peak where a buffer has no place
constexpr std::size_t kMemory = 200;                // moves that late acceptance goes back

// Offsets that b cannot have where `other` is at 0.
struct Difference {
    Index other;
    Bytes from, to;
};

// The peak, and the bytes of the buffers that reach it; the lower the better.
using Height = std::pair<Bytes, Bytes>;

class HillClimb {
  public:
    HillClimb(const Problem& problem, std::span<const Index> order, const Interrupted& interrupted)
        : problem_(problem), interrupted_(interrupted), offset_(problem.fixed), position_(problem.count(), -1) {
        LiveIndex all(problem);
        for (Index b = 0; b < problem.count(); ++b) {
            if (problem.size[b] > 0) all.insert(b);
            if (!problem.movable(b) && problem.size[b] > 0) ground_ = std::max(ground_, top(b));
        }
        differences_.start.assign(1, 0);
        always_forbidden_.start.assign(1, 0);
        for (Index b = 0; b < problem.count(); ++b) {
            if (problem.movable(b)) find_differences(b, all);
            std::sort(always_forbidden_.rows.begin() + always_forbidden_.start.back(), always_forbidden_.rows.end());
            differences_.start.push_back(static_cast<Index>(differences_.rows.size()));
            always_forbidden_.start.push_back(static_cast<Index>(always_forbidden_.rows.size()));
        }
        for (const Index b : order) {
            if (!problem.movable(b)) continue;
            if (problem.size[b] > 0) {
                position_[b] = static_cast<Index>(order_.size());
                order_.push_back(b);
            }
            place(b);
            empty_without_place_ |= problem.size[b] == 0 && offset_[b] == kNowhere;
        }
        dirty_.assign(order_.size(), 0);
        measure();
    }

    Improvement run(Bytes target, std::int64_t node_limit, std::uint64_t seed) {
        Random random(seed);
        Improvement best{offset_, 0};
        Height lowest = height_;
        std::vector<Height> past(kMemory, height_);
        std::int64_t nodes = 0, asked = 0;
        for (std::size_t move = 0; lowest.first > target && nodes < node_limit; ++move) {
            Height& before = past[move % kMemory];
            if (!choose_move(random)) break;
            make_move(std::max(before, height_));
            if (height_ < lowest) {
                lowest = height_;
                best.offsets = offset_;
            }
            before = std::min(before, height_);
            nodes += 1 + std::exchange(work_, 0) / kWorkPerNode;
            if (nodes - asked > kNodesBetweenChecks) {
                asked = nodes;
                if (interrupted_()) throw Cancelled();
            }
        }
        best.nodes = std::min(nodes, node_limit);
        return best;
    }

  private:
    Bytes top(Index b) const { return offset_[b] + problem_.size[b]; }

    // Finds what other buffers forbid to b: fixed buffers at once, the others when they are placed before it.
    void find_differences(Index b, const LiveIndex& all) {
        const auto own = problem_.forbidden.of(b);
        always_forbidden_.rows.insert(always_forbidden_.rows.end(), own.begin(), own.end());
        if (problem_.size[b] == 0) return;
        all.find_overlapping(b, near_);
        for (const Index other : near_) {
            for_each_forbidden_difference(problem_, other, b, [&](Bytes from, Bytes to) {
                const Bytes at = problem_.fixed[other];
                if (problem_.movable(other))
                    differences_.rows.push_back({other, from, to});
                else
                    always_forbidden_.rows.emplace_back(at + from, at + to);
            });
        }
        if (differences_.rows.size() + always_forbidden_.rows.size() > kMaxRows)
            throw std::length_error("too many buffers overlap for hill climbing");
        if ((b & 1023) == 0 && interrupted_()) throw Cancelled();
    }

    // First fit for b alone, among those that are before it.
    void place(Index b) {
        forbidden_.assign(always_forbidden_.of(b).begin(), always_forbidden_.of(b).end());
        for (const auto& [other, from, to] : differences_.of(b)) {
            const Bytes at = offset_[other];
            if (position_[other] < position_[b] && position_[other] >= 0 && at >= 0)
                forbidden_.emplace_back(at + from, at + to);
        }
        work_ += static_cast<std::int64_t>(differences_.of(b).size() + 8);
        std::ranges::sort(forbidden_);
        Bytes offset = 0;
        for (const auto& [from, to] : forbidden_) {
            if (from > offset) break;
            if (to > kMaxBytes) {
                offset = kNowhere;
                break;
            }
            if (to > offset) offset = align_up(to, problem_.alignment[b]);
        }
        offset_[b] = offset;
    }

    // Moves a buffer that takes part in the peak before one that it overlaps; false where no order is left to try.
    bool choose_move(Random& random) {
        Index b = peaks_.empty() ? -1 : peaks_[random.below(static_cast<std::int64_t>(peaks_.size()))];
        for (int tries = 0; b >= 0 && tries < kMaxTries; ++tries) {
            // Down from the peak, to a buffer that this one rests on.
            while (random.below(2)) {
                const Index below =
                    pick(b, random, [&](Index other) { return offset_[other] >= 0 && top(other) == offset_[b]; });
                if (below < 0) break;
                b = below;
            }
            const Index before = pick(b, random, [&](Index) { return true; });
            if (before >= 0) {
                moved_ = b;
                from_ = position_[b];
                to_ = position_[before];
                return true;
            }
            b = peaks_[random.below(static_cast<std::int64_t>(peaks_.size()))];
        }
        return false;
    }

    // A random buffer before b that overlaps it and that wanted(buffer) accepts; -1 if there is none.
    template <typename Wanted>
    Index pick(Index b, Random& random, Wanted wanted) {
        Index found = -1;
        std::int64_t count = 0;
        for (const Difference& row : differences_.of(b))
            if (position_[row.other] < position_[b] && wanted(row.other) && random.below(++count) == 0)
                found = row.other;
        work_ += static_cast<std::int64_t>(differences_.of(b).size());
        return found;
    }

    // Moves the buffer at place `from` to place `to`; those between shift by one.
    void shift(Index from, Index to) {
        const auto at = order_.begin();
        if (to < from)
            std::rotate(at + to, at + from, at + from + 1);
        else
            std::rotate(at + from, at + from + 1, at + to + 1);
        for (Index place = std::min(from, to); place <= std::max(from, to); ++place) position_[order_[place]] = place;
        work_ += std::abs(from - to);
    }

    // Makes the chosen move, unless it leads above `limit`. Only the buffers that the moved one now precedes, and those
    // after a buffer whose offset changed, are placed anew.
    void make_move(Height limit) {
        shift(from_, to_);
        journal_.clear();
        for (const Difference& row : differences_.of(moved_)) {
            const Index place = position_[row.other];
            if (to_ < place && place <= from_) dirty_[place] = 1;
        }
        dirty_[to_] = 1;
        bool within = true;
        for (Index place = to_; place < static_cast<Index>(order_.size()); ++place) {
            if (!std::exchange(dirty_[place], 0) || !within) continue;
            const Index b = order_[place];
            const Bytes before = offset_[b];
            this->place(b);
            if (offset_[b] == before) continue;
            journal_.emplace_back(b, before);
            within = height_of(b) <= limit.first;
            for (const Difference& row : differences_.of(b))
                if (position_[row.other] > place) dirty_[position_[row.other]] = 1;
        }
        work_ += static_cast<std::int64_t>(order_.size()) - to_;
        if (within) measure();
        if (within && height_ <= limit) return;
        for (const auto& [b, offset] : journal_) offset_[b] = offset;
        shift(to_, from_);
        if (within) measure();
    }

    Bytes height_of(Index b) const { return offset_[b] == kNowhere ? kNoPacking : top(b); }

    void measure() {
        Bytes peak = empty_without_place_ ? kNoPacking : ground_;
        peaks_.clear();
        for (const Index b : order_) {
            const Bytes mine = height_of(b);
            if (mine < peak) continue;
            if (mine > peak) peaks_.clear();
            peak = mine;
            peaks_.push_back(b);
        }
        Bytes at_peak = 0;
        for (const Index b : peaks_) at_peak += problem_.size[b];
        height_ = {peak, at_peak};
        work_ += static_cast<std::int64_t>(order_.size());
    }

    static constexpr int kMaxTries = 64;

    const Problem& problem_;
    const Interrupted& interrupted_;
    Rows<Difference> differences_;
    Rows<Range> always_forbidden_;      // per buffer, sorted: its own, and what fixed buffers forbid
    std::vector<Bytes> offset_;         // per buffer
    std::vector<Index> position_;       // per buffer: its place in order_, -1 for those that are not in it
    std::vector<Index> order_;          // movable buffers that have bytes
    std::vector<unsigned char> dirty_;  // per place
    std::vector<Index> peaks_;
    std::vector<Index> near_;
    std::vector<Range> forbidden_;
    std::vector<std::pair<Index, Bytes>> journal_;  // offsets before the last move
    Bytes ground_ = 0;                              // the highest fixed top
    bool empty_without_place_ = false;
    Height height_;
    Index moved_ = -1, from_ = 0, to_ = 0;
    std::int64_t work_ = 0;
};

}  // namespace

Improvement hill_climb(const Problem& problem, std::span<const Index> order, Bytes target, std::int64_t node_limit,
                       std::uint64_t seed, const Interrupted& interrupted) {
    return HillClimb(problem, order, interrupted).run(target, node_limit, seed);
}

}  // namespace tmpass::packing
