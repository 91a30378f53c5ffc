// What the search of postpone_search.hpp keeps, and concludes, where outlines (outlines.hpp) and not sizes keep two
// neighbours apart.
//
//     |    +---+      |    b was placed first. A buffer a that is lower may still go below it: b forbids a range of
//     |    | b |      |    offsets above its lowest one. Where the lowest offset of a rises into the range, it rises to
//     | a? +---+ a?   |    its end. Where no offset above the range is left, the highest one is lowered instead.
//     +---------------+
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "packing/depth_first.hpp"
#include "packing/parts.hpp"
#include "packing/section_jobs.hpp"

namespace tmpass::packing {

template <typename Unit>
class OutlineBounds {
  public:
    explicit OutlineBounds(const Part& part) : part_(part), forbidden_(part.count()) {}

    // Nothing is placed.
    void reset() {
        for (auto& ranges : forbidden_) ranges.clear();
        highest_.assign(part_.last.begin(), part_.last.end());
        forbidden_trail_.clear();
        highest_trail_.clear();
    }

    std::pair<std::size_t, std::size_t> length() const { return {forbidden_trail_.size(), highest_trail_.length()}; }
    void undo_to(const std::pair<std::size_t, std::size_t>& length) {
        for (; forbidden_trail_.size() > length.first; forbidden_trail_.pop_back())
            forbidden_[forbidden_trail_.back()].pop_back();
        highest_trail_.undo_to(length.second, [this](Index b, Unit highest) { highest_[b] = highest; });
    }

    // b cannot have the offsets [from, to), which begin above its lowest one. False where that says nothing new.
    bool forbid(Index b, Unit from, Unit to) {
        if (from > highest_[b]) return false;
        if (to > highest_[b]) {
            highest_trail_.push(b, highest_[b]);
            highest_[b] = from - 1;
        } else {
            forbidden_[b].emplace_back(from, to);
            forbidden_trail_.push_back(b);
        }
        return true;
    }

    Unit highest(Index b) const { return highest_[b]; }  // the highest offset that b may have

    // The lowest offset >= base that b may have beside the placed buffers.
    Unit lift(Index b, Unit base) const {
        for (;;) {
            const auto low = static_cast<Unit>(part_.lift(b, base));
            base = above_forbidden(b, low);
            if (base == low) return low;
        }
    }

    // How far above its offset the bytes begin that b needs in section s, and how many they are.
    Unit shift(Index b, Index s) const { return static_cast<Unit>(stretch(b, s).first); }
    Unit size(Index b, Index s) const { return static_cast<Unit>(stretch(b, s).second - stretch(b, s).first); }

    // The lowest unplaced neighbour, by `lower`, that could still go below b and has a lower offset; -1: none.
    template <typename Lower>
    Index below(Index b, const std::vector<Unit>& low, Lower lower) const {
        Index below = -1;
        const auto neighbours = part_.neighbours_of(b);
        for (Index i = 0; i < std::ssize(neighbours); ++i) {
            const Index other = neighbours[i];
            const auto ranges = part_.differences(b, i);
            if (ranges.empty() || low[other] >= low[b] + static_cast<Unit>(ranges.front().first)) continue;
            if (lower(other, b) && (below < 0 || lower(other, below))) below = other;
        }
        return below;
    }

    // The lowest offset of b, which is above `refused`, on an unplaced neighbour that keeps it from there; infinity:
    // none can. Without `where`, any neighbour will do.
    //
    //              from     refused     to         A neighbour in [from, to) of the refused place keeps b from it. Then
    //     ..........[         | b?|     )......    b is above the neighbour: at its offset less `from` + 1, or higher.
    Unit resting_place(Index b, Unit refused, const std::vector<Unit>& low, bool where) const {
        Unit rest = kInfinityOf<Unit>;
        const auto neighbours = part_.neighbours_of(b);
        for (Index i = 0; i < std::ssize(neighbours); ++i) {
            const Index other = neighbours[i];
            if (low[other] == kInfinityOf<Unit>) continue;
            for (const Range& range : part_.differences(b, i)) {
                const auto from = static_cast<Unit>(range.first), to = static_cast<Unit>(range.second);
                if (where && (low[other] >= refused + to || highest_[other] < refused + from)) continue;
                rest = std::min(rest, std::max(low[other] + 1 - from, refused + 1));
            }
        }
        return rest;
    }

    // What section s says, as narrow() of the search. Placed buffers may be above unplaced ones: they are jobs as well.
    template <typename Raise>
    bool narrow(Index s, const std::vector<Unit>& low, const std::vector<Unit>& offset, Unit limit, bool first,
                SectionJobs<Unit>& jobs, Raise raise) const {
        const auto members = part_.sections.of(s);
        const Range* const stretches = part_.outlines.of_members.data() + part_.sections.start[s];
        const std::size_t count = members.size();
        const auto is_open = [&](std::size_t i) { return low[members[i]] < kInfinityOf<Unit>; };
        auto& [lows, sizes] = jobs;
        Unit floor = kInfinityOf<Unit>;
        for (std::size_t i = 0; i < count; ++i) {
            lows[i] = is_open(i) ? low[members[i]] + static_cast<Unit>(stretches[i].first) : kInfinityOf<Unit>;
            sizes[i] = is_open(i) ? static_cast<Unit>(stretches[i].second - stretches[i].first) : Unit{0};
            floor = std::min(floor, lows[i]);
        }
        Unit above = 0;  // bytes of placed buffers above the floor
        for (std::size_t i = 0; i < count; ++i) {
            const Unit begin = offset[members[i]] + static_cast<Unit>(stretches[i].first);
            if (is_open(i) || begin < floor) continue;
            lows[i] = begin;
            sizes[i] = static_cast<Unit>(stretches[i].second - stretches[i].first);
            above += sizes[i];
        }
        const Unit open = static_cast<Unit>(part_.capacity) - limit, spare = limit - above - floor;
        if (spare < 0 || !jobs.can_end(count, floor, open + above, spare)) return false;
        if (!first) return true;
        // The lowest unplaced buffer begins at the limit or below. All that is placed above there is above it.
        Unit highest = limit;
        for (Unit before = kInfinityOf<Unit>; above > 0 && highest < before;) {
            before = highest;
            highest = limit;
            for (std::size_t i = 0; i < count; ++i)
                if (!is_open(i) && lows[i] >= before) highest -= sizes[i];
        }
        Unit least_top = kInfinityOf<Unit>;
        for (std::size_t i = 0; i < count; ++i)
            if (is_open(i) && lows[i] <= highest) least_top = std::min(least_top, lows[i] + sizes[i]);
        if (least_top == kInfinityOf<Unit>) return false;
        for (std::size_t i = 0; i < count; ++i)
            if (is_open(i) && lows[i] > highest && lows[i] < least_top &&
                !raise(members[i], least_top - static_cast<Unit>(stretches[i].first)))
                return false;
        return true;
    }

  private:
    const Range& stretch(Index b, Index s) const {
        return part_.outlines.stretches[part_.outlines.start[b] + s - part_.sections.first[b]];
    }

    Unit above_forbidden(Index b, Unit low) const {
        for (bool again = true; again;) {
            again = false;
            for (const auto& [from, to] : forbidden_[b]) {
                if (low < from || to <= low) continue;
                low = to;
                again = true;
            }
        }
        return low;
    }

    const Part& part_;
    std::vector<std::vector<std::pair<Unit, Unit>>> forbidden_;  // per buffer
    std::vector<Unit> highest_;                                  // per buffer
    std::vector<Index> forbidden_trail_;                         // whose ranges were added, the latest last
    Trail<Unit> highest_trail_;
};

}  // namespace tmpass::packing
