// The search of postpone.hpp, on one part: the branching and why nothing is lost stand there.
//
// Beside the bounds of depth_first.hpp, and where there are outlines those of outline_bounds.hpp, it keeps
//  - per postponed buffer its *window*: the end of the place that it is refused;
//  - per section how many unplaced buffers can be the lowest in it, known unless it is marked stale;
//  - per boundary between two sections what crosses it at the lowest (boundary_sums.hpp);
//  - marks of sections in which a lowest offset rose: dirty above the limit, moved at all.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "packing/boundary_sums.hpp"
#include "packing/buffer_orders.hpp"
#include "packing/depth_first.hpp"
#include "packing/outline_bounds.hpp"
#include "packing/parts.hpp"
#include "packing/postpone.hpp"
#include "packing/postpone_reasons.hpp"
#include "packing/postponed.hpp"
#include "packing/section_jobs.hpp"
#include "packing/section_marks.hpp"
#include "random.hpp"
#include "vectorized.hpp"

namespace tmpass::packing {

inline constexpr std::int64_t kBaseWeight = 64;  // of a section where no attempt has failed

struct PostponeFrame : SearchFrame {
    std::size_t windows, placed, sums;  // lengths of trails to go back to
    std::pair<std::size_t, std::size_t> outlines, reasons;
    bool postponed;  // the second branch, after placing it has failed
};

// Makes attempts at one part. Each attempt starts from an empty packing. Two things are kept from one to the next: the
// nogoods, and how many attempts failed in each section. `kOutlined`: the part has outlines.
template <typename Unit, bool kOutlined = false>
class PostponeSearch : public DepthFirst<Unit, SectionGroup, PostponeFrame> {
    using Base = DepthFirst<Unit, SectionGroup, PostponeFrame>;

  public:
    using Base::kInfinity;

    PostponeSearch(const Part& part, PostponeRules rules, std::int64_t& nodes, const Interrupted& interrupted)
        : Base(part, NodeBudget(nodes, kNodesBetweenChecks, interrupted)),
          rules_(rules),
          equals_(rules.exchange ? interchangeable(part) : std::vector<std::vector<Index>>(part.count())),
          weight_(part.sections.count(), kBaseWeight),
          jobs_(part),
          sums_(part),
          outlines_(part),
          reasons_(part) {}

    // One attempt of at most `limit` decisions, while fewer than `node_limit` nodes are spent. After kFound, offset(b)
    // is the packing. `noise` above 0 varies the choices by up to noise / 256. `explain`: dead ends, where that is
    // possible.
    Answer run(std::int64_t limit, std::int64_t node_limit, std::int64_t noise, Random& random, bool explain) {
        explains_ = explain && rules_.nogoods && PostponeReasons<Unit>::can_explain(part_);
        budget_.begin_attempt(limit, node_limit);
        for (auto& weight : weight_) weight -= (weight - kBaseWeight) / 4;  // what failed long ago matters less
        prepare(noise, random);
        return reset() && propagate() ? solve() : Answer::kImpossible;
    }

    // In units of the part. A buffer in no section, since it needs no bytes at any step, stays at its lowest offset.
    Bytes offset(Index b) const { return offset_[b] < 0 ? low_[b] : offset_[b]; }

  private:
    using Base::budget_, Base::crossing_, Base::first, Base::end, Base::frames_, Base::groups_, Base::last_,
        Base::limit_, Base::low_, Base::low_trail_, Base::part_, Base::size_;

    static constexpr std::int64_t kNodesBetweenChecks = 1024;  // some milliseconds

    // Ranks the buffers: long-lived first, then large.
    void prepare(std::int64_t noise, Random& random) {
        if (kOutlined) descends_ = noise == 0 || random.below(2) > 0;
        const auto varied = [&] { return noise ? 256 - noise + random.below(2 * noise + 1) : 256; };
        section_factor_.resize(part_.sections.count());
        for (auto& factor : section_factor_) factor = varied();
        rank_ = ranks(part_, varied);
    }

    // Nothing placed; false when that alone breaks the capacity.
    bool reset() {
        const Index count = part_.count(), sections = part_.sections.count();
        open_size_ = size_;
        offset_.assign(count, -1);
        postponed_.reset(count);
        unplaced_.assign(sections, 0);
        firsts_.assign(sections, 0);
        stale_.assign(sections, 1);
        dirty_.reset(sections, 1);
        moved_.reset(sections, 0);
        placed_trail_.clear();
        sums_.reset();
        outlines_.reset();
        if (explains()) reasons_.reset();
        failed_ = -1;
        if (!this->reset_bounds()) return false;
        groups_.push_back({0, sections, -1, 0});
        for (Index b = 0; b < count; ++b) change_unplaced(b, 1);
        return true;
    }

    // Depth first, without recursion, from a state that propagate() has accepted.
    Answer solve() {
        Index group = 0;
        for (;;) {
            Index b = -1;
            while (group >= 0 && (b = choose(groups_[group])) < 0) group = groups_[group].next;
            if (group < 0) return Answer::kFound;
            if (!budget_.afford()) return Answer::kBudgetEnded;
            bool holds, falls_apart = false;
            if (disturbs_equals(b)) {
                if (explains()) reasons_.refuse(b);
                holds = postpone(b);
            } else {
                push_frame(group, b);
                holds = place(b, falls_apart);
            }
            if (holds && falls_apart) group = this->split(group, unplaced_);
            while (!holds) {
                count_failure();
                if (explains()) {  // the last frame that the dead end follows from becomes the topmost
                    const std::size_t left = reasons_.frames_left(offset_);
                    for (; frames_.size() > left; frames_.pop_back()) undo(frames_.back());
                }
                if (frames_.empty()) return Answer::kImpossible;
                PostponeFrame& frame = frames_.back();
                undo(frame);
                group = frame.group;
                if (!frame.postponed) {
                    if (!budget_.afford()) return Answer::kBudgetEnded;
                    frame.postponed = true;
                    if (explains()) reasons_.refuse(frame.buffer);
                    holds = postpone(frame.buffer);
                    if (holds) break;
                    if (explains()) continue;
                    count_failure();
                    undo(frame);
                }
                this->leave_group([this](const PostponeFrame& other) { undo(other); });
            }
        }
    }

    bool explains() const { return !kOutlined && explains_; }

    void push_frame(Index group, Index b) {
        if (explains()) reasons_.begin(b, frames_.size());
        frames_.push_back({this->frame_of(group, b), postponed_.length(), placed_trail_.size(), sums_.length(),
                           outlines_.length(), reasons_.length(), false});
    }

    // A locally lowest buffer of `group`, near the section where the fewest buffers can be the lowest; -1 if all are
    // placed. Sections where attempts failed before count as narrower.
    TMPASS_VECTORIZED Index choose(const SectionGroup& group) {
        Index narrowest = -1;
        budget_.add_work(group.to - group.from);
        for (Index s = group.from; s < group.to; ++s) {
            if (unplaced_[s] == 0) continue;
            if (stale_[s]) count_firsts(s);
            if (narrowest < 0 || narrower(s, narrowest)) narrowest = s;
        }
        if (narrowest < 0) return -1;
        if constexpr (kOutlined)  // what has one offset left leaves no choice
            for (Index b = 0; b < part_.count(); ++b)
                if (low_[b] == highest(b) && group.from <= first(b) && first(b) < group.to) return b;
        Index best = -1;
        for (const Index b : part_.sections.of(narrowest))
            if (low_[b] < kInfinity && (best < 0 || lower(b, best, narrowest))) best = b;
        for (Index below = best; below >= 0;) {
            best = below;
            below = -1;
            if constexpr (kOutlined) {
                const auto is_lower = [this](Index one, Index two) { return lower(one, two); };
                if (descends_) below = outlines_.below(best, low_, is_lower);
            } else {
                for (const Index other : part_.neighbours_of(best))
                    if (low_[other] + open_size_[other] <= low_[best] && (below < 0 || lower(other, below)))
                        below = other;
            }
        }
        for (const Index equal : equals_[best])  // the first of its equals that may stand there
            if (low_[equal] == low_[best] && postponed_.window(equal) == 0) return equal;
        return best;
    }

    bool narrower(Index s, Index than) const {
        const std::int64_t mine = firsts_[s] * section_factor_[s] * weight_[than];
        const std::int64_t other = firsts_[than] * section_factor_[than] * weight_[s];
        return mine != other ? mine < other : limit_[s] < limit_[than];
    }

    bool lower(Index b, Index than) const {
        return low_[b] != low_[than] ? low_[b] < low_[than] : rank_[b] < rank_[than];
    }

    // The same by where their bytes begin in section s.
    bool lower(Index b, Index than, Index s) const {
        const Unit mine = low_[b] + shift(b, s), other = low_[than] + shift(than, s);
        return mine != other ? mine < other : rank_[b] < rank_[than];
    }

    // How far above the offset of b its bytes begin in section s.
    Unit shift(Index b, Index s) const {
        if constexpr (kOutlined) return outlines_.shift(b, s);
        return 0;
    }

    TMPASS_VECTORIZED void count_firsts(Index s) {
        stale_[s] = 0;
        Index count = 0;
        for (const Index b : part_.sections.of(s)) count += low_[b] + shift(b, s) <= limit_[s];
        firsts_[s] = count;
        budget_.add_work(static_cast<std::int64_t>(part_.sections.of(s).size()));
    }

    // Whether b would touch, from above, an equal that should be above it.
    bool disturbs_equals(Index b) {
        for (const Index equal : equals_[b]) {
            if (equal == b || offset_[equal] < 0 || offset_[equal] + size_[equal] != low_[b]) continue;
            if (size_[equal] > size_[b] || (size_[equal] == size_[b] && equal < b)) continue;
            if (explains()) {
                reasons_.clear();
                reasons_.add(equal);
            }
            return true;
        }
        return false;
    }

    TMPASS_VECTORIZED bool place(Index b, bool& falls_apart) {
        const Unit offset = low_[b], top = offset + size_[b];
        offset_[b] = offset;
        placed_trail_.push_back(b);
        falls_apart = change_unplaced(b, -1);
        moved_.extend(first(b), end(b));
        std::fill(moved_.marked.begin() + first(b), moved_.marked.begin() + end(b), 1);
        low_[b] = kInfinity;
        open_size_[b] = 0;
        if constexpr (kOutlined) return raise_around(b, offset) && propagate();
        for (std::size_t i = postponed_.list().size(); i-- > 0;) {
            const Index other = postponed_.list()[i];
            const bool blocked = rules_.window ? offset < postponed_.window(other) : true;
            if (blocked && part_.share_a_section(b, other)) postponed_.set(other, 0);
        }
        budget_.add_work(static_cast<std::int64_t>(part_.neighbours_of(b).size()));
        if (explains())
            if (reasons_.find_nogood(b, offset_, budget_)) return false;
        for (const Index other : part_.neighbours_of(b)) {
            if (low_[other] >= top) continue;
            if (explains()) reasons_.explain_placed(b, offset, other);
            if (!raise(other, top)) return false;
        }
        if (rules_.sums && !raise_crossing(b)) return false;
        return propagate();
    }

    // b was placed at `offset`. Its neighbours avoid it, and it may take bytes of the places that they are refused.
    bool raise_around(Index b, Unit offset) {
        const auto neighbours = part_.neighbours_of(b);
        budget_.add_work(static_cast<std::int64_t>(neighbours.size()));
        bool some_below = false;
        for (Index i = 0; i < std::ssize(neighbours); ++i) {
            const Index other = neighbours[i];
            const Unit window = postponed_.window(other), refused = window - size_[other];
            Unit low = low_[other];
            for (const Range& range : part_.differences(b, i)) {
                const Unit from = offset + static_cast<Unit>(range.first),
                           to = offset + static_cast<Unit>(range.second);
                if (window > 0 && (!rules_.window || (from <= refused && refused < to))) postponed_.set(other, 0);
                if (low == kInfinity || to <= low) continue;
                if (from <= low)
                    low = to;
                else
                    some_below |= outlines_.forbid(other, from, to);
            }
            if (low != low_[other] && !raise(other, low)) return false;
        }
        if (some_below) {  // in some of these sections b is above what is unplaced
            dirty_.extend(first(b), end(b));
            std::fill(dirty_.marked.begin() + first(b), dirty_.marked.begin() + end(b), 1);
        }
        return true;
    }

    // What crosses a boundary of b, which was placed, rises to a sum of sizes on both of its sides.
    bool raise_crossing(Index b) {
        for (const auto& [from, to] : part_.runs_of(b)) {
            for (Index t = std::max(from, Index{1}); t <= to && t < part_.sections.count(); ++t) {
                if (!sums_.is_tight(t) || crossing_[t - 1] == 0) continue;
                if (t == from || t == to)
                    budget_.add_work(sums_.update(t, limit_, [this](Index other) { return low_[other] < kInfinity; }));
                const Unit lowest = sums_.lowest(t, limit_);
                if (lowest == 0) continue;
                bool is_explained = !explains();
                for (const Index other : part_.sections.of(t)) {
                    if (low_[other] >= lowest || !part_.crosses(other, t)) continue;
                    if (!std::exchange(is_explained, true)) reasons_.explain_sums(t, low_);
                    if (!raise(other, lowest)) return false;
                }
            }
        }
        return true;
    }

    bool postpone(Index b) {
        postponed_.set(b, low_[b] + size_[b]);
        return rests(b) && propagate();
    }

    // Raises b, which is postponed, to what it may rest on; false when there is nothing.
    bool rests(Index b) {
        const Unit rest = resting_place(b);
        if (rest <= low_[b]) return true;
        if (explains()) budget_.add_work(reasons_.explain_rest(b, rest, window_of(b), low_));
        if (rest < kInfinity && raise(b, rest)) return true;
        failed_ = -1;
        return false;
    }

    Unit window_of(Index b) const { return rules_.window ? postponed_.window(b) : kInfinity; }

    // The lowest top that a postponed buffer may rest on; kInfinity when nothing can take bytes of its window.
    TMPASS_VECTORIZED Unit resting_place(Index b) {
        budget_.add_work(static_cast<std::int64_t>(part_.neighbours_of(b).size()));
        if constexpr (kOutlined)
            return outlines_.resting_place(b, postponed_.window(b) - size_[b], low_, rules_.window);
        const Unit window = window_of(b);
        Unit rest = kInfinity;
        for (const Index other : part_.neighbours_of(b)) {
            const Unit top = low_[other] < window ? low_[other] + open_size_[other] : kInfinity;
            rest = std::min(rest, top);
        }
        return rest;
    }

    Unit highest(Index b) const {  // the highest offset that b may have
        if constexpr (kOutlined) return outlines_.highest(b);
        return last_[b];
    }

    // b is at `base` or above; false when it no longer fits.
    TMPASS_VECTORIZED bool raise(Index b, Unit base) {
        Unit low = base;
        if constexpr (kOutlined)
            low = outlines_.lift(b, base);
        else if (!part_.plain(b))
            low = static_cast<Unit>(part_.lift(b, base));
        low_trail_.push(b, low_[b]);
        low_[b] = low;
        if (explains()) reasons_.keep_for_low(b);
        if (low > highest(b)) {
            failed_ = first(b);
            return false;
        }
        unsigned char any = 0;
        for (Index s = first(b); s < end(b); ++s) {
            stale_[s] = moved_.marked[s] = 1;
            // Below the limit all that is unplaced still fits above b, so nothing can follow.
            const auto beyond = static_cast<unsigned char>(low + shift(b, s) > limit_[s]);
            dirty_.marked[s] |= beyond;
            any |= beyond;
        }
        moved_.extend(first(b), end(b));
        if (any) dirty_.extend(first(b), end(b));
        return true;
    }

    // To a fixpoint: what each dirty section says, then what postponed buffers can rest on.
    bool propagate() {
        do {
            if (!propagate_sections()) return false;
            to_check_.clear();
            const auto moved = moved_.marked.begin();
            for (const Index b : postponed_.list())
                if (std::find(moved + first(b), moved + end(b), 1) != moved + end(b)) to_check_.push_back(b);
            moved_.clear();
            for (const Index b : to_check_)
                if (!rests(b)) return false;
        } while (dirty_.from < dirty_.to || moved_.from < moved_.to);
        return true;
    }

    bool propagate_sections() {
        while (dirty_.from < dirty_.to) {
            const Index from = dirty_.from, to = dirty_.to;
            dirty_.forget_range();
            for (Index s = from; s < to; ++s) {
                if (!std::exchange(dirty_.marked[s], 0)) continue;
                if (unplaced_[s] > 0 && !narrow(s)) {
                    failed_ = s;
                    dirty_.extend(s, to);  // for undo() to clear
                    return false;
                }
            }
        }
        return true;
    }

    // False when the buffers of section s, which begin at their lowest offsets or later, end above the capacity.
    TMPASS_VECTORIZED bool narrow(Index s) {
        const auto members = part_.sections.of(s);
        const std::size_t count = members.size();
        budget_.add_work(static_cast<std::int64_t>(count));
        if constexpr (kOutlined)
            return outlines_.narrow(s, low_, offset_, limit_[s], rules_.first, jobs_,
                                    [this](Index b, Unit base) { return raise(b, base); });
        Unit* const lows = jobs_.lows.data();
        Unit* const sizes = jobs_.sizes.data();
        Unit floor = kInfinity;
        for (std::size_t i = 0; i < count; ++i) {
            lows[i] = low_[members[i]];
            sizes[i] = open_size_[members[i]];
            floor = std::min(floor, lows[i]);
        }
        const Unit limit = limit_[s], total = static_cast<Unit>(part_.capacity) - limit;
        if (floor > limit || !jobs_.can_end(count, floor, total, limit - floor)) {
            if (explains()) budget_.add_work(reasons_.explain_full(members, lows, sizes));
            return false;
        }
        if (!rules_.first) return true;
        // Only those that can begin by the limit can be the lowest; the others are above one of them.
        Unit least_top = kInfinity;
        for (std::size_t i = 0; i < count; ++i)
            least_top = std::min(least_top, lows[i] <= limit ? lows[i] + sizes[i] : kInfinity);
        bool is_explained = !explains();
        for (std::size_t i = 0; i < count; ++i) {
            if (lows[i] <= limit || lows[i] >= least_top) continue;
            if (!std::exchange(is_explained, true)) reasons_.explain_first(members, lows, sizes, limit, least_top);
            if (!raise(members[i], least_top)) return false;
        }
        return true;
    }

    bool change_unplaced(Index b, Index sign) {
        return Base::change_unplaced(b, sign, [&](Index s) {
            unplaced_[s] += sign;
            stale_[s] = 1;
            if constexpr (kOutlined) limit_[s] += sign * (size_[b] - outlines_.size(b, s));
        });
    }

    // The section where the attempt failed counts as narrower from now on.
    void count_failure() {
        if (failed_ >= 0) ++weight_[failed_];
        failed_ = -1;
    }

    void undo(const PostponeFrame& frame) {
        dirty_.clear();
        moved_.clear();
        // A buffer is not raised after it was placed, so its trail of offsets follows.
        for (; placed_trail_.size() > frame.placed; placed_trail_.pop_back()) {
            const Index b = placed_trail_.back();
            low_[b] = std::exchange(offset_[b], -1);
            open_size_[b] = size_[b];
            change_unplaced(b, 1);
        }
        low_trail_.undo_to(frame.lows, [this](Index b, Unit low) {
            low_[b] = low;
            std::fill(stale_.begin() + first(b), stale_.begin() + end(b), 1);
        });
        sums_.undo_to(frame.sums);
        outlines_.undo_to(frame.outlines);
        if (explains()) reasons_.undo_to(frame.reasons);
        postponed_.undo_to(frame.windows);
        groups_.resize(frame.groups);
    }

    const PostponeRules rules_;
    const std::vector<std::vector<Index>> equals_;  // per buffer, see interchangeable()

    // Per buffer.
    std::vector<Unit> open_size_, offset_;  // open_size_: 0 once placed; offset_: -1 until then
    std::vector<Index> rank_;
    Postponed<Unit> postponed_;

    // Per section.
    std::vector<Index> unplaced_;                        // unplaced buffers in it
    std::vector<std::int64_t> firsts_, section_factor_;  // firsts_: unplaced buffers that can start by the limit
    std::vector<std::int64_t> weight_;                   // rises where attempts fail
    std::vector<unsigned char> stale_;                   // firsts_ is out of date
    SectionMarks dirty_, moved_;
    Index failed_ = -1;     // the section where the last failure showed; -1: none
    bool descends_ = true;  // in this attempt, where there are outlines, choose() looks for what could still be below
    std::vector<Index> to_check_;
    SectionJobs<Unit> jobs_;  // in narrow(): its members

    BoundarySums<Unit> sums_;
    OutlineBounds<Unit> outlines_;
    bool explains_ = false;          // in this attempt
    PostponeReasons<Unit> reasons_;  // of a dead end: its set
    std::vector<Index> placed_trail_;
};

}  // namespace tmpass::packing
