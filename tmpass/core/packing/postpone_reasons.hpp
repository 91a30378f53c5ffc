// Why bounds hold in the search of postpone_search.hpp: which placements a dead end follows from.
//
//     |       |  e   |        e no longer fits. That follows from where a and b are, and not from c or d, which were
//     | +---+ +------+ +--+   placed between them or later. So the search goes back to b, the last one that counts, at
//     | | c | |  b   | | d|   once, and a and b at these two offsets are a *nogood*, whatever else is placed: later
//     | +---+ +--+---+ +--+   attempts go back as soon as both are there.
//     |       |a |     |  |
//
// A reason is a set of placed buffers. Invariant: let P be the packing of postpone.hpp, the one with the least sum of
// size * offset. If all buffers of the set have their offsets in P, then what the set is the reason of is true in P:
//  - of the lowest offset of b, that b is there or above;
//  - of the refusal of b, that b is above the place it is refused, which no buffer placed by then takes bytes of;
//  - of a dead end, a contradiction.
//
// Proof, by the kinds of conclusions. That other things are placed is never used, unless said so.
//  - Placed: b is placed, and o, which is not below it, is at its top or above. o is not below b since it is too large
//    for that, or since its lowest offset is too high: {b}, or {b} and the reason of that.
//  - Section: of any buffers that share a section the lowest begins at most at the capacity less their sizes, so those
//    that begin above that are above one of the others; and those that begin at t or above end at t plus their sizes or
//    above. Both follow from lowest offsets alone: the union of their reasons.
//  - Rest: b is above its refused place, and cannot drop to it, so a neighbour is in the way. The placed ones are not,
//    where they are: all of them are in the set. So an unplaced one is, one that can begin low enough, and b is at its
//    top or above: the refusal, and the lowest offsets that exclude others or are needed for their tops.
//  - Sums (boundary_sums.hpp): the placed buffers on both sides, and that all that crosses is above these.
//  - Equals: b would touch an equal e that should be above it: {e}, and the lowest offset of b.
//  - Branch: the dead end after b was placed has a reason. If b is in it, b is not at its lowest offset: the refusal of
//    b has the rest of the set, and the reason of the lowest offset. If b is not in it, the set is the reason of a dead
//    end before b was placed. An empty set proves that no packing exists.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "packing/depth_first.hpp"
#include "packing/nogoods.hpp"
#include "packing/parts.hpp"

namespace tmpass::packing {

template <typename Unit>
class PostponeReasons {
  public:
    explicit PostponeReasons(const Part& part)
        : part_(part), depth_(part.count()), decisions_before_(part.count()), nogoods_(part.count()) {}

    static bool can_explain(const Part& part) { return part.count() <= kMostBuffers; }

    // Nothing is placed.
    void reset() {
        of_low_.assign(part_.size.size(), Set());
        of_refusal_.assign(part_.size.size(), Set());
        low_trail_.clear();
        refusal_trail_.clear();
    }

    std::pair<std::size_t, std::size_t> length() const { return {low_trail_.length(), refusal_trail_.length()}; }
    void undo_to(const std::pair<std::size_t, std::size_t>& length) {
        low_trail_.undo_to(length.first, [this](Index b, const Set& old) { of_low_[b] = old; });
        refusal_trail_.undo_to(length.second, [this](Index b, const Set& old) { of_refusal_[b] = old; });
    }

    // b is about to be placed by the frame at this depth.
    void begin(Index b, std::size_t depth) {
        depth_[b] = static_cast<Index>(depth);
        decisions_before_[b] = decisions_++;
    }

    // How many frames are left after going back from a dead end to the last placement of the set. The set is a nogood,
    // kept where it is small and the dead end was not found at once.
    std::size_t frames_left(const std::vector<Unit>& offset) {
        Index last = -1;
        nogood_.clear();
        for_each([&](Index b) {
            if (last < 0 || depth_[b] > depth_[last]) last = b;
            nogood_.emplace_back(b, offset[b]);
        });
        if (last < 0) return 0;
        if (nogood_.size() <= kMostPlacements && decisions_ - decisions_before_[last] >= kLeastDecisions)
            nogoods_.add(nogood_, last, offset[last]);
        return static_cast<std::size_t>(depth_[last]) + 1;
    }

    // Whether a nogood holds now that b is placed. It is the set then.
    bool find_nogood(Index b, const std::vector<Unit>& offset, NodeBudget& budget) {
        std::int64_t looks = 0;
        const auto nogood = nogoods_.holding(b, offset, looks);
        budget.add_work(looks);
        clear();
        for (const auto& [other, _] : nogood) add(other);
        return !nogood.empty();
    }

    // b is not at its lowest offset. That follows from the rest of the set, and from what that offset follows from.
    void refuse(Index b) {
        remove(b);
        add_reason_of_low(b);
        refusal_trail_.push(b, of_refusal_[b]);
        of_refusal_[b] = set_;
    }

    // The set that is being built.
    void clear() { set_ = Set(); }
    void add(Index b) { set_[b / 64] |= std::uint64_t{1} << b % 64; }

    // The set becomes the reason of the lowest offset of b.
    void keep_for_low(Index b) {
        low_trail_.push(b, of_low_[b]);
        of_low_[b] = set_;
    }

    // Why o, which is not below b, is at the top of b or above. b was placed at `offset`.
    void explain_placed(Index b, Unit offset, Index o) {
        clear();
        add(b);
        if (part_.size[o] <= offset) add_reason_of_low(o);
    }

    // Why b, which is postponed, is at `rest` or above; kInfinityOf: why it can rest on nothing. Returns the looks.
    std::int64_t explain_rest(Index b, Unit rest, Unit window, std::span<const Unit> low) {
        clear();
        unite(of_refusal_[b]);
        const auto neighbours = part_.neighbours_of(b);
        for (const Index o : neighbours) {
            if (low[o] == kInfinityOf<Unit>)
                add(o);
            else if (low[o] >= window || part_.size[o] < rest)
                add_reason_of_low(o);
        }
        return static_cast<std::int64_t>(neighbours.size());
    }

    // Why the unplaced `members` of a section, of which those placed have size 0, end above the capacity. Returns the
    // looks.
    std::int64_t explain_full(std::span<const Index> members, const Unit* lows, const Unit* sizes) {
        std::vector<std::pair<Unit, std::size_t>> falling;
        for (std::size_t i = 0; i < members.size(); ++i)
            if (sizes[i] > 0) falling.emplace_back(-lows[i], i);
        std::ranges::sort(falling);
        clear();
        Unit sum = 0;
        for (const auto& [negative, i] : falling) {  // as few of the highest as are too many
            add_reason_of_low(members[i]);
            sum += sizes[i];
            if (sum - negative > static_cast<Unit>(part_.capacity)) break;
        }
        return static_cast<std::int64_t>(members.size());
    }

    // Why those of `members` that begin above `limit` are at `least_top` or above: none of them is the lowest.
    void explain_first(std::span<const Index> members, const Unit* lows, const Unit* sizes, Unit limit,
                       Unit least_top) {
        clear();
        for (std::size_t i = 0; i < members.size(); ++i)
            if (sizes[i] > 0 && (lows[i] > limit || sizes[i] < least_top)) add_reason_of_low(members[i]);
    }

    // Why what crosses boundary t is at a sum of sizes on both sides.
    void explain_sums(Index t, std::span<const Unit> low) {
        clear();
        for (const Index s : {t - 1, t})
            for (const Index b : part_.sections.of(s)) {
                if (low[b] == kInfinityOf<Unit>)
                    add(b);
                else if (part_.crosses(b, t))
                    add_reason_of_low(b);
            }
    }

  private:
    static constexpr Index kMostBuffers = 512;
    // Of the nogoods that are kept. Tuned on pinwheel mixtures of 60 x 256 with 100 and 150 buffers.
    static constexpr std::size_t kMostPlacements = 32;
    static constexpr std::int64_t kLeastDecisions = 2;  // that the dead end took

    using Set = std::array<std::uint64_t, kMostBuffers / 64>;  // a bit per buffer

    // Calls visit(b) for each buffer of the set, in rising order.
    template <typename Visit>
    void for_each(Visit visit) const {
        for (std::size_t i = 0; i < set_.size(); ++i)
            for (std::uint64_t word = set_[i]; word != 0; word &= word - 1)
                visit(static_cast<Index>(64 * i) + static_cast<Index>(std::countr_zero(word)));
    }

    void remove(Index b) { set_[b / 64] &= ~(std::uint64_t{1} << b % 64); }
    void add_reason_of_low(Index b) { unite(of_low_[b]); }

    void unite(const Set& other) {
        for (std::size_t i = 0; i < set_.size(); ++i) set_[i] |= other[i];
    }

    const Part& part_;
    Set set_{};                             // being built; after a dead end its reason
    std::vector<Set> of_low_, of_refusal_;  // per buffer: reasons
    Trail<Set> low_trail_, refusal_trail_;
    std::vector<Index> depth_;                    // per placed buffer: of the frame that placed it
    std::vector<std::int64_t> decisions_before_;  // the same: decisions before that frame
    std::int64_t decisions_ = 0;                  // in all attempts
    Nogoods<Unit> nogoods_;
    std::vector<typename Nogoods<Unit>::Placement> nogood_;  // in frames_left()
};

}  // namespace tmpass::packing
