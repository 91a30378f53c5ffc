// The search of postpone.hpp, on one part.
#pragma once

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "packing/parts.hpp"
#include "packing/postpone.hpp"
#include "random.hpp"
#include "vectorized.hpp"

namespace tmpass {

inline constexpr std::int64_t kWorkPerNode = 4096;         // members looked at: a large part pays more for a decision
inline constexpr std::int64_t kNodesBetweenChecks = 1024;  // some milliseconds
inline constexpr std::int64_t kInnocent = 64;              // the weight of a section where nothing has failed

// Per buffer of `part`: those that are equal to it but for their size, itself among them, largest first. They live
// equally long, may end equally high, and nothing else tells them apart.
std::vector<std::vector<Index>> interchangeable(const Part& part);

// Attempts at one part. Each begins anew; what they share is how often each section was where an attempt failed.
template <typename Unit>
class Attempts {
  public:
    static constexpr Unit kGone = std::numeric_limits<Unit>::max() / 4;  // the lowest offset of what is placed

    Attempts(const Part& part, PostponeRules rules, std::int64_t& nodes, const Interrupted& interrupted)
        : part_(part),
          rules_(rules),
          nodes_(nodes),
          interrupted_(interrupted),
          equals_(rules.exchange ? interchangeable(part) : std::vector<std::vector<Index>>(part.count())),
          size_(part.size.begin(), part.size.end()),
          last_(part.last.begin(), part.last.end()),
          weight_(part.sections.count(), kInnocent) {
        std::size_t most = 0;
        for (Index s = 0; s < part.sections.count(); ++s) most = std::max(most, part.sections.of(s).size());
        lows_.resize(most);
        sizes_.resize(most);
    }

    // One attempt of at most `limit` decisions, while there are less than `budget` nodes; after kFound, offset(b) holds
    // the packing. With `noise` above 0 the choices are shaken by up to noise / 256.
    Answer run(std::int64_t limit, std::int64_t budget, std::int64_t noise, Random& random) {
        stop_ = limit;
        budget_ = budget;
        decisions_ = 0;
        for (auto& weight : weight_) weight -= (weight - kInnocent) / 4;  // what failed long ago matters less
        prepare(noise, random);
        return reset() && propagate() ? solve() : Answer::kImpossible;
    }

    // What is in no section, since it needs no bytes at any step, stays at its lowest offset.
    Bytes offset(Index b) const { return offset_[b] < 0 ? low_[b] : offset_[b]; }

  private:
    // Sections that share no unplaced buffer with any other; `next` is the group to solve after this one.
    struct Group {
        Index from, to, next;
        std::size_t depth;  // of the frames when it was made: those below are not its own
    };

    struct Frame {
        std::size_t lows, windows, placed, groups;  // lengths of the trails, and of groups_, to go back to
        Index buffer, group;
        bool postponed;
    };

    void prepare(std::int64_t noise, Random& random) {
        const auto shaken = [&] { return noise ? 256 - noise + random.below(2 * noise + 1) : 256; };
        section_factor_.resize(part_.sections.count());
        for (auto& factor : section_factor_) factor = shaken();
        std::vector<std::tuple<std::int64_t, Bytes, Index>> keys;  // long-lived first, then large
        for (Index b = 0; b < part_.count(); ++b) {
            const Step width = part_.upper[b] - part_.lower[b];
            keys.emplace_back(-width * shaken(), -part_.size[b], b);
        }
        std::ranges::sort(keys);
        rank_.resize(keys.size());
        for (std::size_t i = 0; i < keys.size(); ++i) rank_[std::get<2>(keys[i])] = static_cast<Index>(i);
    }

    // Nothing placed; false when that alone breaks the capacity.
    bool reset() {
        const Index count = part_.count(), sections = part_.sections.count();
        low_.resize(count);
        open_size_ = size_;
        offset_.assign(count, -1);
        window_.assign(count, 0);
        postponed_.clear();
        place_in_postponed_.assign(count, -1);
        unplaced_.assign(sections, 0);
        crossing_.assign(sections, 0);
        limit_.assign(sections, static_cast<Unit>(part_.capacity));
        firsts_.assign(sections, 0);
        stale_.assign(sections, 1);
        dirty_.assign(sections, 1);
        moved_.assign(sections, 0);
        dirty_from_ = moved_from_ = sections;
        dirty_to_ = moved_to_ = 0;
        touch(dirty_from_, dirty_to_, 0, sections);
        low_trail_.clear();
        window_trail_.clear();
        placed_trail_.clear();
        frames_.clear();
        groups_.assign(1, {0, sections, -1, 0});
        failed_ = -1;
        for (Index b = 0; b < count; ++b) {
            const Bytes low = part_.lift(b, 0);
            if (low > part_.last[b]) return false;
            low_[b] = static_cast<Unit>(low);
            add_to_sections(b, 1);
        }
        return true;
    }

    // Depth first, without recursion, from a state that propagate() has accepted.
    Answer solve() {
        Index group = 0;
        for (;;) {
            Index b = -1;
            while (group >= 0 && (b = choose(groups_[group])) < 0) group = groups_[group].next;
            if (group < 0) return Answer::kFound;
            if (!afford()) return Answer::kBudgetEnded;
            bool holds, falls_apart = false;
            if (disturbs_equals(b)) {
                holds = postpone(b);
            } else {
                push_frame(b, group);
                holds = place(b, falls_apart);
            }
            if (holds && falls_apart) group = split(group);
            while (!holds) {
                blame();
                if (frames_.empty()) return Answer::kImpossible;
                Frame& frame = frames_.back();
                undo(frame);
                group = frame.group;
                if (!frame.postponed) {
                    if (!afford()) return Answer::kBudgetEnded;
                    frame.postponed = true;
                    holds = postpone(frame.buffer);
                    if (holds) break;
                    blame();
                    undo(frame);
                }
                frames_.pop_back();
                // The group cannot be solved: neither can what it came from, however its siblings, which are in
                // the frames between, were solved.
                while (frames_.size() > groups_[group].depth && frames_.back().group != group) {
                    undo(frames_.back());
                    frames_.pop_back();
                }
            }
        }
    }

    // Pays for one more decision, and for the work since the last one; false when the attempt or the budget has ended.
    bool afford() {
        nodes_ += std::exchange(work_, 0) / kWorkPerNode;
        if (decisions_ >= stop_ || nodes_ >= budget_) return false;
        ++decisions_;
        ++nodes_;
        if (nodes_ >= next_check_) {
            next_check_ = nodes_ + kNodesBetweenChecks;
            if (interrupted_()) throw Cancelled();
        }
        return true;
    }

    void push_frame(Index b, Index group) {
        frames_.push_back(
            {low_trail_.size(), window_trail_.size(), placed_trail_.size(), groups_.size(), b, group, false});
    }

    // A locally lowest buffer of `group`, near the section where the fewest buffers can be the lowest; -1 if all are
    // placed. Sections where attempts failed before count as narrower.
    TMPASS_VECTORIZED Index choose(const Group& group) {
        Index narrowest = -1;
        work_ += group.to - group.from;
        for (Index s = group.from; s < group.to; ++s) {
            if (unplaced_[s] == 0) continue;
            if (stale_[s]) count_firsts(s);
            if (narrowest < 0 || narrower(s, narrowest)) narrowest = s;
        }
        if (narrowest < 0) return -1;
        Index best = -1;
        for (const Index b : part_.sections.of(narrowest))
            if (low_[b] < kGone && (best < 0 || lower(b, best))) best = b;
        for (Index below = best; below >= 0;) {
            best = below;
            below = -1;
            for (const Index other : part_.neighbours_of(best))
                if (low_[other] + open_size_[other] <= low_[best] && (below < 0 || lower(other, below))) below = other;
        }
        for (const Index equal : equals_[best])  // the first of its equals that may stand there
            if (low_[equal] == low_[best] && window_[equal] == 0) return equal;
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

    TMPASS_VECTORIZED void count_firsts(Index s) {
        stale_[s] = 0;
        Index count = 0;
        for (const Index b : part_.sections.of(s)) count += low_[b] <= limit_[s];
        firsts_[s] = count;
        work_ += static_cast<std::int64_t>(part_.sections.of(s).size());
    }

    // Whether b would touch, from above, an equal that should be above it.
    bool disturbs_equals(Index b) const {
        for (const Index equal : equals_[b]) {
            if (equal == b || offset_[equal] < 0 || offset_[equal] + size_[equal] != low_[b]) continue;
            if (size_[equal] < size_[b] || (size_[equal] == size_[b] && equal > b)) return true;
        }
        return false;
    }

    TMPASS_VECTORIZED bool place(Index b, bool& falls_apart) {
        const Unit offset = low_[b], top = offset + size_[b];
        offset_[b] = offset;
        placed_trail_.push_back(b);
        add_to_sections(b, -1);
        for (Index s = first(b); s + 1 < end(b); ++s) falls_apart |= crossing_[s] == 0;
        touch(moved_from_, moved_to_, first(b), end(b));
        std::fill(moved_.begin() + first(b), moved_.begin() + end(b), 1);
        low_[b] = kGone;
        open_size_[b] = 0;
        for (std::size_t i = postponed_.size(); i-- > 0;) {
            const Index other = postponed_[i];
            const bool blocked = rules_.window ? offset < window_[other] : true;
            if (blocked && part_.share_a_section(b, other)) set_window(other, 0);
        }
        work_ += static_cast<std::int64_t>(part_.neighbours_of(b).size());
        for (const Index other : part_.neighbours_of(b))
            if (low_[other] < top && !raise(other, top)) return false;
        return propagate();
    }

    bool postpone(Index b) {
        set_window(b, low_[b] + size_[b]);
        const Unit rest = resting_place(b);
        if (rest == kGone || !raise(b, rest)) {
            failed_ = -1;
            return false;
        }
        return propagate();
    }

    // The lowest top that a postponed buffer may rest on; kGone when nothing can take what it is denied.
    TMPASS_VECTORIZED Unit resting_place(Index b) {
        const Unit window = rules_.window ? window_[b] : kGone;
        Unit rest = kGone;
        for (const Index other : part_.neighbours_of(b)) {
            const Unit top = low_[other] < window ? low_[other] + open_size_[other] : kGone;
            rest = std::min(rest, top);
        }
        work_ += static_cast<std::int64_t>(part_.neighbours_of(b).size());
        return rest;
    }

    // b is at `base` or above; false when it no longer fits.
    TMPASS_VECTORIZED bool raise(Index b, Unit base) {
        const Unit low = part_.plain(b) ? base : static_cast<Unit>(part_.lift(b, base));
        low_trail_.emplace_back(b, low_[b]);
        low_[b] = low;
        if (low > last_[b]) {
            failed_ = first(b);
            return false;
        }
        unsigned char any = 0;
        for (Index s = first(b); s < end(b); ++s) {
            stale_[s] = moved_[s] = 1;
            // Below the limit all that is unplaced still fits above b, so nothing can follow.
            const auto beyond = static_cast<unsigned char>(low > limit_[s]);
            dirty_[s] |= beyond;
            any |= beyond;
        }
        touch(moved_from_, moved_to_, first(b), end(b));
        if (any) touch(dirty_from_, dirty_to_, first(b), end(b));
        return true;
    }

    // To a fixpoint: what each dirty section says, then what postponed buffers can rest on.
    bool propagate() {
        do {
            while (dirty_from_ < dirty_to_) {
                const Index from = std::exchange(dirty_from_, part_.sections.count());
                const Index to = std::exchange(dirty_to_, 0);
                for (Index s = from; s < to; ++s) {
                    if (!std::exchange(dirty_[s], 0)) continue;
                    if (unplaced_[s] > 0 && !narrow(s)) {
                        failed_ = s;
                        touch(dirty_from_, dirty_to_, s, to);  // for undo() to clear
                        return false;
                    }
                }
            }
            to_check_.clear();
            for (const Index b : postponed_)
                if (std::find(moved_.begin() + first(b), moved_.begin() + end(b), 1) != moved_.begin() + end(b))
                    to_check_.push_back(b);
            clear(moved_, moved_from_, moved_to_);
            for (const Index b : to_check_) {
                const Unit rest = resting_place(b);
                if (rest == kGone || (rest > low_[b] && !raise(b, rest))) {
                    failed_ = -1;
                    return false;
                }
            }
        } while (dirty_from_ < dirty_to_ || moved_from_ < moved_to_);
        return true;
    }

    // A section is a machine, its buffers are jobs, their lowest offsets release times. False when the earliest
    // completion is above the capacity.
    //
    //     capacity ------------------     t moves up: with all that have begun by t packed from the floor,
    //        t ->  | c |                  t is their top; where nothing has begun, t jumps to the next, and
    //              | b |                  the hole is lost
    //              | a |  <- floor
    TMPASS_VECTORIZED bool narrow(Index s) {
        const auto members = part_.sections.of(s);
        const std::size_t count = members.size();
        work_ += static_cast<std::int64_t>(count);
        Unit* const lows = lows_.data();
        Unit* const sizes = sizes_.data();
        Unit floor = kGone;
        for (std::size_t i = 0; i < count; ++i) {
            lows[i] = low_[members[i]];
            sizes[i] = open_size_[members[i]];
            floor = std::min(floor, lows[i]);
        }
        const Unit limit = limit_[s], total = static_cast<Unit>(part_.capacity) - limit;
        if (floor > limit) return false;
        Unit begun = 0, holes = 0;
        for (Unit t = floor;;) {
            Unit sum = 0;
            for (std::size_t i = 0; i < count; ++i) sum += lows[i] <= t ? sizes[i] : Unit{0};
            if (sum == total) break;
            if (sum > begun) {
                begun = sum;
                t = floor + holes + sum;
                continue;
            }
            Unit next = kGone;
            for (std::size_t i = 0; i < count; ++i) next = std::min(next, lows[i] > t ? lows[i] : kGone);
            holes += next - t;
            if (floor + holes > limit) return false;
            t = next;
        }
        if (!rules_.first) return true;
        // Only those that can begin by the limit can be the lowest; the others are above one of them.
        Unit least_top = kGone;
        for (std::size_t i = 0; i < count; ++i)
            least_top = std::min(least_top, lows[i] <= limit ? lows[i] + sizes[i] : kGone);
        for (std::size_t i = 0; i < count; ++i)
            if (lows[i] > limit && lows[i] < least_top && !raise(members[i], least_top)) return false;
        return true;
    }

    // Where no unplaced buffer crosses from one section to the next, both sides are independent.
    Index split(Index group) {
        const Group whole = groups_[group];
        std::vector<std::pair<Index, Group>> pieces;  // the number of unplaced buffers, the largest first
        Index from = whole.from, inside = 0;
        for (Index s = whole.from; s < whole.to; ++s) {
            inside += unplaced_[s];
            if (s + 1 < whole.to && crossing_[s] > 0) continue;
            if (inside > 0) pieces.push_back({-inside, {from, s + 1, -1, frames_.size()}});
            from = s + 1;
            inside = 0;
        }
        if (pieces.size() < 2) return group;
        std::ranges::stable_sort(pieces, {}, [](const auto& piece) { return piece.first; });
        Index next = whole.next;
        for (auto& [_, piece] : pieces) {
            piece.next = next;
            next = static_cast<Index>(groups_.size());
            groups_.push_back(piece);
        }
        return next;
    }

    // b is one more, or one less, that is unplaced in its sections. It crosses from one to the next also where it has
    // a gap.
    void add_to_sections(Index b, Index sign) {
        for (const auto& [from, to] : part_.runs_of(b)) {
            for (Index s = from; s < to; ++s) {
                limit_[s] -= static_cast<Unit>(sign * size_[b]);
                unplaced_[s] += sign;
                stale_[s] = 1;
            }
        }
        for (Index s = first(b); s + 1 < end(b); ++s) crossing_[s] += sign;
    }

    void blame() {
        if (failed_ >= 0) ++weight_[failed_];
        failed_ = -1;
    }

    void undo(const Frame& frame) {
        clear(dirty_, dirty_from_, dirty_to_);
        clear(moved_, moved_from_, moved_to_);
        // A buffer is not raised after it was placed, so its trail of offsets follows.
        for (; placed_trail_.size() > frame.placed; placed_trail_.pop_back()) {
            const Index b = placed_trail_.back();
            low_[b] = std::exchange(offset_[b], -1);
            open_size_[b] = size_[b];
            add_to_sections(b, 1);
        }
        for (; low_trail_.size() > frame.lows; low_trail_.pop_back()) {
            const auto [b, low] = low_trail_.back();
            low_[b] = low;
            std::fill(stale_.begin() + first(b), stale_.begin() + end(b), 1);
        }
        while (window_trail_.size() > frame.windows) {
            const auto [b, window] = window_trail_.back();
            set_window(b, window);
            window_trail_.resize(window_trail_.size() - 2);  // its own entry as well
        }
        groups_.resize(frame.groups);
    }

    // The end of the place that b is denied; 0 when it is free again.
    void set_window(Index b, Unit window) {
        window_trail_.emplace_back(b, window_[b]);
        window_[b] = window;
        Index& at = place_in_postponed_[b];
        if (window > 0 && at < 0) {
            at = static_cast<Index>(postponed_.size());
            postponed_.push_back(b);
        } else if (window == 0 && at >= 0) {
            place_in_postponed_[postponed_.back()] = at;
            postponed_[at] = postponed_.back();
            postponed_.pop_back();
            at = -1;
        }
    }

    static void touch(Index& from, Index& to, Index begin, Index end) {
        from = std::min(from, begin);
        to = std::max(to, end);
    }

    void clear(std::vector<unsigned char>& marks, Index& from, Index& to) {
        if (from < to) std::fill(marks.begin() + from, marks.begin() + to, 0);
        from = part_.sections.count();
        to = 0;
    }

    Index first(Index b) const { return part_.sections.first[b]; }
    Index end(Index b) const { return part_.sections.last[b]; }

    const Part& part_;
    const PostponeRules rules_;
    std::int64_t& nodes_;
    std::int64_t stop_ = 0, budget_ = 0, decisions_ = 0, work_ = 0, next_check_ = 0;
    const Interrupted& interrupted_;
    const std::vector<std::vector<Index>> equals_;  // per buffer: its class, or nothing

    // Per buffer.
    const std::vector<Unit> size_, last_;
    std::vector<Unit> low_, open_size_, offset_;  // open_size_: 0 once placed; offset_: -1 until then
    std::vector<Unit> window_;
    std::vector<Index> postponed_, place_in_postponed_, rank_;

    // Per section. limit_: the highest offset above which all that is unplaced fits; firsts_: how many can start by
    // it; marks of sections in which a lowest offset rose: dirty_ above the limit, moved_ at all, stale_ since firsts_.
    std::vector<Unit> limit_;
    std::vector<Index> unplaced_, crossing_;
    std::vector<std::int64_t> firsts_, section_factor_, weight_;
    std::vector<unsigned char> stale_, dirty_, moved_;
    Index dirty_from_ = 0, dirty_to_ = 0, moved_from_ = 0, moved_to_ = 0, failed_ = -1;
    std::vector<Index> to_check_;
    std::vector<Unit> lows_, sizes_;

    std::vector<std::pair<Index, Unit>> low_trail_, window_trail_;
    std::vector<Index> placed_trail_;
    std::vector<Frame> frames_;
    std::vector<Group> groups_;
};

}  // namespace tmpass
