// What the two depth-first searches (minimalloc_search.hpp, postpone_search.hpp) are built of: a budget of nodes, the
// bounds that sections put on unplaced buffers, groups of sections that are solved one after another, and trails that
// take decisions back.
//
//     frames    | place a | place b | place c |      a frame per decision: what to go back to, and the group that it
//     groups    | 0       | 0       | 1       |      belongs to. Where nothing unplaced crosses a boundary, a group is
//     trail     |......|..........|...........|      split; its parts are linked by `next`, and solved in that order
//
// Invariants between two decisions, for every buffer b and section s:
//  - low_[b] is the lowest offset that the placed buffers leave to an unplaced b, and kInfinity for a placed one;
//  - limit_[s] is the capacity less the sizes of what is unplaced in s: the highest offset above which all of it fits;
//  - crossing_[s] counts the unplaced buffers that are in both s and s + 1, or have a gap there;
//  - a frame's trail lengths are those before its decision, so undoing down to them restores the state exactly.
#pragma once

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "packing/parts.hpp"

namespace tmpass::packing {

// Old values of an array, the latest last.
template <typename Value>
class Trail {
  public:
    std::size_t length() const { return entries_.size(); }
    void push(Index at, Value old) { entries_.emplace_back(at, old); }
    void clear() { entries_.clear(); }

    // Calls restore(at, old) for what was pushed since the trail had this length, the latest first.
    template <typename Restore>
    void undo_to(std::size_t length, Restore restore) {
        for (; entries_.size() > length; entries_.pop_back()) restore(entries_.back().first, entries_.back().second);
    }

  private:
    std::vector<std::pair<Index, Value>> entries_;
};

// Nodes: one per decision, and more for one in a large part. `nodes` is where they are counted, over all attempts.
class NodeBudget {
  public:
    NodeBudget(std::int64_t& nodes, std::int64_t nodes_between_checks, const Interrupted& interrupted)
        : nodes_(nodes), nodes_between_checks_(nodes_between_checks), interrupted_(interrupted) {}

    // An attempt of at most `decisions`, which ends as well when `nodes` have been spent over all attempts.
    void begin_attempt(std::int64_t decisions, std::int64_t nodes) {
        decisions_left_ = decisions;
        node_limit_ = nodes;
    }

    // Looks at buffers or sections that the next decision pays for.
    void add_work(std::int64_t looks) { work_ += looks; }

    // Pays for a decision, and for the work since the last one; false when the attempt or the nodes have ended. Throws
    // Cancelled.
    bool afford() {
        nodes_ += std::exchange(work_, 0) / kWorkPerNode;
        if (decisions_left_ <= 0 || nodes_ >= node_limit_) return false;
        --decisions_left_;
        ++nodes_;
        if (nodes_ >= next_check_) {
            next_check_ = nodes_ + nodes_between_checks_;
            if (interrupted_()) throw Cancelled();
        }
        return true;
    }

  private:
    static constexpr std::int64_t kWorkPerNode = 4096;  // looks: a large part pays more for a decision

    std::int64_t& nodes_;
    const std::int64_t nodes_between_checks_;
    const Interrupted& interrupted_;
    std::int64_t decisions_left_ = 0, node_limit_ = 0, work_ = 0, next_check_ = 0;
};

// Sections [from, to) that share no unplaced buffer with others.
struct SectionGroup {
    Index from, to;
    Index next;         // the group to solve after this one; -1: none
    std::size_t depth;  // of the frames when it was made: those below are not its own
};

// A decision that can be taken back.
struct SearchFrame {
    std::size_t lows, groups;  // lengths of low_trail_ and groups_ to go back to
    Index group, buffer;
};

// The lowest offset of a placed buffer.
template <typename Unit>
inline constexpr Unit kInfinityOf = std::numeric_limits<Unit>::max() / 4;

// `Unit` is the type of offsets in units of the part, 32 or 64 bits; the answer is the same. `Group` extends
// SectionGroup, `Frame` extends SearchFrame.
template <typename Unit, typename Group, typename Frame>
class DepthFirst {
  public:
    static constexpr Unit kInfinity = kInfinityOf<Unit>;

    // Whether sums of a part's numbers stay below kInfinity.
    static constexpr bool can_hold(Bytes reach) { return reach < kInfinity / 2; }

  protected:
    DepthFirst(const Part& part, NodeBudget budget)
        : part_(part),
          budget_(budget),
          size_(part.size.begin(), part.size.end()),
          last_(part.last.begin(), part.last.end()) {}

    // Nothing placed: each buffer at the lowest offset that it may have. False where one has none.
    bool reset_bounds() {
        low_.assign(part_.count() + 1, kInfinity);  // the last one stands for no buffer
        limit_.assign(part_.sections.count(), static_cast<Unit>(part_.capacity));
        crossing_.assign(part_.sections.count(), 0);
        low_trail_.clear();
        frames_.clear();
        groups_.clear();
        for (Index b = 0; b < part_.count(); ++b) {
            const Bytes low = part_.lift(b, 0);
            if (low > part_.last[b]) return false;
            low_[b] = static_cast<Unit>(low);
        }
        return true;
    }

    // One more (sign 1) or less (-1) of b is unplaced. Calls visit(s) for each section of b. True where a boundary of
    // its sections is then crossed by no unplaced buffer.
    template <typename Visit>
    bool change_unplaced(Index b, Index sign, Visit visit) {
        for (const auto& [from, to] : part_.runs_of(b)) {
            for (Index s = from; s < to; ++s) {
                limit_[s] -= static_cast<Unit>(sign * size_[b]);
                visit(s);
            }
        }
        bool uncrossed = false;
        for (Index s = first(b); s + 1 < end(b); ++s) uncrossed |= (crossing_[s] += sign) == 0;
        return uncrossed;
    }

    // Calls visit(from, to) for the largest ranges of the sections [from, to) between which no unplaced buffer crosses.
    //
    //     |    +----+  .   +--+ |
    //     | +--+----+--.---+  | |
    //     | |   placed . +-+--+ |      two ranges, left and right of the dots
    //     +-+----------.-+------+
    template <typename Visit>
    void for_each_uncrossed_range(Index from, Index to, Visit visit) const {
        for (Index s = from; s < to; ++s) {
            if (s + 1 < to && crossing_[s] > 0) continue;
            visit(from, s + 1);
            from = s + 1;
        }
    }

    // Makes groups that are solved from the last of `parts` to the first, and then `next`. Returns the one to begin
    // with.
    template <typename Parts>
    Index link_groups(const Parts& parts, Index next) {
        for (Group group : parts) {
            group.next = next;
            next = static_cast<Index>(groups_.size());
            groups_.push_back(group);
        }
        return next;
    }

    // Where no unplaced buffer crosses from one section to the next, both sides are independent. The side with the
    // fewest unplaced buffers is solved first. `unplaced` is per section. Returns its group, or `group` itself.
    Index split(Index group, const std::vector<Index>& unplaced) {
        const Group whole = groups_[group];
        std::vector<std::pair<Index, Group>> ranges;  // with the unplaced buffers that it counts, negative
        for_each_uncrossed_range(whole.from, whole.to, [&](Index from, Index to) {
            Index inside = 0;
            for (Index s = from; s < to; ++s) inside += unplaced[s];
            if (inside > 0) ranges.push_back({-inside, {from, to, -1, frames_.size()}});
        });
        if (ranges.size() < 2) return group;
        std::ranges::stable_sort(ranges, {}, &std::pair<Index, Group>::first);
        std::vector<Group> parts;
        for (const auto& [_, range] : ranges) parts.push_back(range);
        return link_groups(parts, whole.next);
    }

    // The topmost frame has failed, and with it its group. What the group was split from cannot be solved either,
    // however its siblings, which are in the frames between, were solved: these are undone by undo(frame) and skipped.
    template <typename Undo>
    void leave_group(Undo undo) {
        const Index group = frames_.back().group;
        const std::size_t depth = groups_[group].depth;
        frames_.pop_back();
        while (frames_.size() > depth && frames_.back().group != group) {
            undo(frames_.back());
            frames_.pop_back();
        }
    }

    SearchFrame frame_of(Index group, Index buffer) const {
        return {low_trail_.length(), groups_.size(), group, buffer};
    }

    Index first(Index b) const { return part_.sections.first[b]; }
    Index end(Index b) const { return part_.sections.last[b]; }

    const Part& part_;
    NodeBudget budget_;
    const std::vector<Unit> size_, last_;  // per buffer; last_: the highest offset that it may have
    std::vector<Unit> low_;                // per buffer
    std::vector<Unit> limit_;              // per section
    std::vector<Index> crossing_;          // per section
    Trail<Unit> low_trail_;
    std::vector<Frame> frames_;
    std::vector<Group> groups_;
};

}  // namespace tmpass::packing
