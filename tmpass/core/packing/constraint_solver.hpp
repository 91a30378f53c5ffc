// What follows from placements, and which of them a contradiction follows from: the constraint solver of telamalloc.
//
// Per buffer there is a range [low, high] of offsets; a placement makes high equal to low. From that, to a fixpoint:
//
//   pairs      |  +-----+        Two buffers cannot have some differences of their offsets. Where all that is left of
//              |  |  a  |        a region between them is above, b rises to it; where all is below, b sinks.
//              |  +-----+  b ^
//   sections   Buffers that need bytes at one step, from offset r on: r + the sum of their sizes is within the
//              capacity. A buffer that cannot be below all of some others is above one of them; so from the top down.
//   rest       A packing can be pushed down until no buffer can drop by one step of its grid. Then each rests on the
//              ground, on the end of a forbidden range, or on a neighbour, so low is where one of these may still be.
//   place      And a neighbour takes the place just below a buffer that is not as low as it could be.
//
// Every change of a bound is an event on a trail, and can be explained by bounds that held before it: from the bounds
// that contradict each other, back through the trail, to the placements that they follow from
// (constraint_explanation.cpp). `rest` and `place` hold for one packing among all, that with the least sum of offsets.
// So a contradiction says that no such packing has these placements; and where it needs none, that there is no packing.
//
// Low and high are one thing seen from below and from above: bounds on offset (side 0) and on -offset (side 1), both of
// which only rise. All code takes a side.
//
// Invariants between two calls: at_[side][b] is the value of the last event in history_[side][b], or root_[side][b]
// where there is none; the events before levels_[d] are those that held when the placement of depth d was made.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "packing/constraint_model.hpp"

namespace tmpass::packing {

inline constexpr std::size_t kMaxClimb = 64;  // rarely reached; below about ten it costs more than it saves

class ConstraintSolver {
  public:
    // After more than `climb` events per buffer in one propagation, whole chains are followed (constraint_chains.cpp).
    ConstraintSolver(const ConstraintModel& model, std::size_t climb, const Interrupted& interrupted);

    // Finds what follows from the problem alone; false on a contradiction. To be called once, first.
    bool start();

    // Puts b, which has room, at the lowest offset that is left; false on a contradiction.
    bool place(Index b);

    // Takes back the placements from `depth` on, and records that the first of them, at `depth`, cannot be together
    // with those before it that conflict() named. To be called after a contradiction, with a depth that is at least the
    // last of conflict(), or depth() - 1. False on a contradiction again.
    bool refute(Index depth);

    // Takes back the placements from `depth` on.
    void undo(Index depth);

    // After a contradiction: depths of placements, rising, that cannot be together in a packing pushed down.
    std::span<const Index> conflict() const { return conflict_; }

    Index events() const { return static_cast<Index>(events_.size()); }  // changes of bounds that hold
    Index depth() const { return static_cast<Index>(levels_.size()); }
    Index placed_at(Index depth) const { return events_[levels_[depth]].buffer; }
    Bytes low(Index b) const { return at_[0][b]; }
    Bytes high(Index b) const { return -at_[1][b]; }
    bool decided(Index b) const { return at_[0][b] + at_[1][b] == 0; }

    // The work so far, in looks at a member of a section or at a neighbour. Above the limit, place and refute return
    // false, and gave_up() is true: then there need be no contradiction, and only undo(0) may be called.
    std::int64_t work() const { return work_; }
    void limit_work(std::int64_t limit) { work_limit_ = limit; }
    bool gave_up() const { return gave_up_; }

  private:
    enum class Why : std::uint8_t { kPlaced, kRefuted, kPair, kSection, kRest, kChain };

    // Bound `side` of `buffer` rose from `old`.
    struct Event {
        Index buffer;
        std::uint8_t side;
        Why why;
        Index cause;   // refuted: where its reasons begin; pair: the edge, or -edge - 1; section: its number
        Index region;  // pair: the number of a range in the edge's table; section: that of the member
        Bytes value, old;
    };

    struct Past {
        Bytes value;
        Index event;
    };

    // Of a section: what shows without a look at its members that none of its pairs can change. It may be out of date,
    // but only so that a pair is looked at in vain; it is made anew whenever the section is propagated.
    struct Summary {
        Bytes placed_top = 0;                      // the highest top of those that have offsets
        Bytes least_high = kAlways, most_top = 0;  // of those that have none: the least high, the highest low + size
    };

    bool raise(int side, Index b, Bytes value, Why why, Index cause, Index region = 0);
    bool propagate();
    bool propagate_pairs(Index a);
    bool propagate_edge(Index edge, Index a, Index b);
    Bytes find_starts(int side, Index s);
    bool propagate_section(int side, Index s);
    bool raise_above_others(int side, Index s, Bytes floor, Bytes sum);
    bool propagate_rest(Index b);
    bool propagate_chains();
    bool raise_along_chains(std::vector<Bytes>& low);
    bool rest_on_chains(const std::vector<Bytes>& low);
    bool conflict_of_all();
    bool plain_rest(Index b, Index other) const;
    void rests_on(Index b, Index other);
    void update_summaries(Index b);
    bool free(Index b) const;
    void forget_queues();
    void mark_dirty(int side, Index b);

    Bytes release(int side, const Stretch& stretch) const { return at_[side][stretch.owner] + shift(side, stretch); }
    static Bytes shift(int side, const Stretch& stretch) {
        return side == 0 ? stretch.shift : -stretch.shift - stretch.size;
    }
    Bytes limit(int side) const { return side == 0 ? model_.capacity : 0; }

    // The least value of a bound at or above `value` that b can have, and what is just above the last one below it.
    Bytes lift(int side, Index b, Bytes value) const {
        return side == 0 ? model_.lift(b, value) : -model_.drop(b, -value);
    }
    Bytes enough_for(int side, Index b, Bytes value) const {
        return side == 0 ? model_.drop(b, value - 1) + 1 : 1 - model_.lift(b, 1 - value);
    }
    Range forbidden_difference(Index edge, Index region, int side, Index b, Index a) const;

    void need(int side, Index b, Bytes value);
    void mark(Index event, Bytes value);
    bool holds_at_start(int side, Index b, Bytes value) const { return root_[side][b] >= value; }
    Bytes value_at(int side, Index b, Index before) const;
    void explain(Index event);
    void explain_pair(Index event);
    void explain_section(Index event);
    void explain_rest(Index event);
    void analyze();
    bool contradict(int side, Index b);

    static constexpr std::int64_t kWorkBetweenChecks = 1 << 22;  // some milliseconds

    const ConstraintModel& model_;
    const std::size_t climb_;
    const Interrupted& interrupted_;
    std::array<std::vector<Bytes>, 2> at_, root_;            // bounds: low and -high; at the start
    std::array<std::vector<std::vector<Past>>, 2> history_;  // per bound its events
    std::vector<Index> owner_of_edge_;
    std::vector<Event> events_;
    std::vector<Index> levels_;                      // per depth: the event of its placement
    std::vector<Index> reasons_;                     // of refuted placements: a count, then that many events
    Index settled_ = 0;                              // events before this one follow from the problem alone
    std::vector<Index> support_;                     // per buffer: what it was last seen to rest on; -1 for the ground
    std::vector<std::pair<Index, Index>> supports_;  // to restore: buffer, what it rested on before
    std::vector<std::size_t> support_levels_;        // per depth: where its part of these begins

    std::vector<std::vector<Index>> supported_;  // per buffer: those that were seen to rest on it, and may still
    std::vector<char> has_tables_;               // per buffer: sizes do not say what some pair forbids
    std::vector<Summary> summaries_;             // per section

    std::vector<Index> dirty_buffers_, dirty_rests_;
    std::array<std::vector<Index>, 2> dirty_sections_;
    std::vector<char> buffer_queued_, rest_queued_;
    std::array<std::vector<char>, 2> section_queued_;
    std::array<std::vector<Index>, 2> by_start_, by_top_;  // per section its members, highest first, as last seen
    std::vector<Bytes> starts_, sums_;

    std::vector<char> marked_;   // per event: it takes part in the contradiction under analysis
    std::vector<Bytes> needed_;  // and with what value
    Index pending_ = 0;
    std::size_t climb_from_ = 0;  // where the climb under way begins in events_
    std::vector<Index> conflict_;
    std::int64_t work_ = 0, work_limit_ = 0, next_check_ = kWorkBetweenChecks;
    bool gave_up_ = false;
};

}  // namespace tmpass::packing
