// The search of minimalloc.hpp, on one part: which rules there are and why they are sound stands there.
//
// Beside the bounds of depth_first.hpp it keeps
//  - a list of the unplaced buffers of each group, by rank; a list may also hold placed buffers, and where the group is
//    `mixed` those of other groups, which are skipped;
//  - per section a *watched* buffer, an unplaced one that can still start at or below the section's limit. While there
//  is
//    one, the section's floor is no higher than the limit and need not be known.
#pragma once

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "packing/depth_first.hpp"
#include "packing/minimalloc.hpp"
#include "packing/parts.hpp"
#include "vectorized.hpp"

namespace tmpass::packing {

// How candidates are ranked: by (W)idth in time, (A)rea, and (T)otal of the section with the most bytes.
enum class Rank { kTotalWidthArea, kTotalAreaWidth, kWidthAreaTotal };

// A place in the canonical order: an offset, and the rank in a group's list.
template <typename Unit>
struct CanonicalPlace {
    Unit offset;
    Index rank;
};

template <typename Unit>
struct MinimallocGroup : SectionGroup {
    Index list, list_end;  // its buffers are among lists_[list .. list_end)
    Index left;            // unplaced buffers
    bool mixed;            // buffers of other groups are in the list as well
    CanonicalPlace<Unit> start;
};

template <typename Unit>
struct MinimallocFrame : SearchFrame {
    std::size_t watches, floors, lists;  // lengths of trails and lists to go back to
    Index only;                          // the rank of the only candidate, or -1 where there may be more
    CanonicalPlace<Unit> cursor, tried;
    Unit ceiling;  // no candidate may start here or above
};

template <typename Unit>
class MinimallocSearch : public DepthFirst<Unit, MinimallocGroup<Unit>, MinimallocFrame<Unit>> {
    using Base = DepthFirst<Unit, MinimallocGroup<Unit>, MinimallocFrame<Unit>>;
    using Cursor = CanonicalPlace<Unit>;
    using Frame = MinimallocFrame<Unit>;
    using Group = MinimallocGroup<Unit>;

  public:
    using Base::kInfinity;

    MinimallocSearch(const Part& part, MinimallocRules rules, std::int64_t& nodes, const Interrupted& interrupted)
        : Base(part, NodeBudget(nodes, kNodesBetweenChecks, interrupted)),
          rules_(rules),
          range_at_(part.sections.count()) {
        for (Index b = 0; b < part.count(); ++b) plain_.push_back(part.plain(b));
    }

    // At most `limit` placements, while fewer than `node_limit` nodes are spent. After kFound, offset(b) is the
    // packing.
    Answer run(Rank rank, std::int64_t limit, std::int64_t node_limit) {
        rank_ = rank;
        budget_.begin_attempt(limit, node_limit);
        return reset() ? solve() : Answer::kImpossible;
    }

    // In units of the part.
    Bytes offset(Index b) const { return static_cast<Bytes>(offset_[b]); }

  private:
    using Base::budget_, Base::crossing_, Base::first, Base::end, Base::frames_, Base::groups_, Base::last_,
        Base::limit_, Base::low_, Base::low_trail_, Base::part_, Base::size_;

    static constexpr std::int64_t kNodesBetweenChecks = 4096;  // some milliseconds
    static constexpr Index kSmallList = 512;                   // up to here a group is ranked whenever it is split

    // Nothing placed; false when that alone breaks the capacity.
    bool reset() {
        const Index count = part_.count(), sections = part_.sections.count();
        if (!this->reset_bounds()) return false;
        offset_.assign(count, 0);
        raised_by_.assign(count, count);
        floor_.assign(sections, 0);
        watch_.assign(sections, -1);
        watching_.assign(count, 0);
        watch_trail_.clear();
        floor_trail_.clear();
        lists_.clear();
        for (Index b = 0; b < count; ++b) {
            if (first(b) == end(b)) {  // all of it is gaps
                offset_[b] = std::exchange(low_[b], kInfinity);
                continue;
            }
            lists_.push_back(b);
            this->change_unplaced(b, 1, [](Index) {});
        }
        if (rules_.section && rules_.floor)
            for (Index s = 0; s < sections; ++s)
                if (!watch(s)) return false;
        watch_trail_.clear();
        const auto left = static_cast<Index>(lists_.size());
        sort_by_rank(0, left);
        groups_.push_back({{0, sections, -1, 0}, 0, left, left, false, {0, -1}});
        return sections_hold(groups_[0], 0);
    }

    // Depth first, without recursion, from a state in which sections_hold().
    Answer solve() {
        Index group = rules_.decomposition ? split(0, groups_[0].start) : 0;
        Cursor cursor = groups_[group].start;
        for (;;) {
            while (groups_[group].left == 0) {
                group = groups_[group].next;
                if (group < 0) return Answer::kFound;
                cursor = groups_[group].start;
            }
            push_frame(group, cursor);
            for (bool placed = false; !placed;) {
                Frame& frame = frames_.back();
                if (frame.buffer >= 0) undo(frame);
                const Index rank = next_candidate(frame);
                if (rank < 0) {
                    this->leave_group([this](Frame& other) { undo(other); });
                    if (frames_.empty()) return Answer::kImpossible;
                    continue;
                }
                if (!budget_.afford()) return Answer::kBudgetEnded;
                bool falls_apart = false;
                placed = place(frame, rank, cursor, falls_apart);
                group = frame.group;
                if (placed && falls_apart && rules_.decomposition) {
                    group = split(group, cursor);
                    if (group != frame.group) cursor = groups_[group].start;
                }
            }
        }
    }

    void push_frame(Index group, Cursor cursor) {
        Frame frame{this->frame_of(group, -1),
                    watch_trail_.length(),
                    floor_trail_.length(),
                    lists_.size(),
                    -1,
                    cursor,
                    {-1, -1},
                    kInfinity};
        find_candidates(groups_[group], frame);
        frames_.push_back(frame);
    }

    // Sets the frame's ceiling, the lowest top of the group's unplaced buffers, and its only candidate: the first
    // buffer that raises no other where it is put, if there is one.
    void find_candidates(const Group& group, Frame& frame) {
        budget_.add_work(group.list_end - group.list);
        Unit lowest = kInfinity;
        for (Index i = group.list; i < group.list_end; ++i) {
            const Index b = lists_[i];
            const Unit top = low_[b] + size_[b];
            if (low_[b] == kInfinity || (group.mixed && !inside(group, b))) continue;
            lowest = std::min(lowest, top);
            if (rules_.hatless && low_[raised_by_[b]] >= top && !find_raised(b, top)) {
                if (passed(frame.cursor, low_[b], i - group.list)) {
                    frame.only = -1;
                    frame.ceiling = 0;
                    return;
                }
                if (frame.only < 0) frame.only = i - group.list;
            }
        }
        if (rules_.dominance) frame.ceiling = lowest;
    }

    // Whether what has this offset and rank should have been placed before the cursor came here.
    bool passed(Cursor cursor, Unit low, Index rank) const {
        return (rules_.monotonic && low < cursor.offset) ||
               (rules_.canonical && low == cursor.offset && rank <= cursor.rank);
    }

    // Looks for a neighbour that b, with this top, would raise.
    bool find_raised(Index b, Unit top) {
        const auto neighbours = part_.neighbours_of(b);
        const auto raised = std::ranges::find_if(neighbours, [&](Index other) { return low_[other] < top; });
        const bool found = raised != neighbours.end();
        budget_.add_work(raised - neighbours.begin() + found);
        if (found) raised_by_[b] = *raised;
        return found;
    }

    bool inside(const Group& group, Index b) const { return first(b) >= group.from && end(b) <= group.to; }

    // The rank of the first candidate after those that were tried; -1 if there is none.
    Index next_candidate(Frame& frame) {
        if (frame.only >= 0) return std::exchange(frame.tried.rank, frame.only) < 0 ? frame.only : -1;
        const Group& group = groups_[frame.group];
        const Index* const list = lists_.data() + group.list;
        const Index count = group.list_end - group.list;
        const Cursor cursor = frame.cursor, tried = frame.tried;
        budget_.add_work(count);
        Index best = -1;
        Unit lowest = frame.ceiling;
        for (Index i = rules_.ordering ? 0 : tried.rank + 1; i < count; ++i) {
            const Unit low = low_[list[i]];
            if (low >= lowest) continue;
            if (rules_.ordering && (low < tried.offset || (low == tried.offset && i <= tried.rank))) continue;
            if (passed(cursor, low, i)) continue;
            if (group.mixed && !inside(group, list[i])) continue;
            best = i;
            lowest = low;
            if (!rules_.ordering) break;
        }
        if (best >= 0) frame.tried = {lowest, best};
        return best;
    }

    // Puts the buffer of `rank` at its lowest offset and raises what shares a section with it; `cursor` is then where
    // the search goes on. False when something no longer fits.
    bool place(Frame& frame, Index rank, Cursor& cursor, bool& falls_apart) {
        Group& group = groups_[frame.group];
        const Index b = lists_[group.list + rank];
        const Unit offset = low_[b], top = offset + size_[b];
        frame.buffer = b;
        --group.left;
        offset_[b] = offset;
        low_[b] = kInfinity;
        falls_apart = this->change_unplaced(b, -1, [](Index) {});
        if (!rules_.floor) raise_floors(b, top);
        unwatch(b);
        const auto neighbours = part_.neighbours_of(b);
        budget_.add_work(static_cast<std::int64_t>(neighbours.size()));
        bool fits = true;
        for (const Index other : neighbours) {
            if (low_[other] >= top) continue;
            low_trail_.push(other, low_[other]);
            const Unit low = plain_[other] ? top : static_cast<Unit>(part_.lift(other, top));
            low_[other] = low;
            fits = low <= last_[other];
            if (!fits) break;
            unwatch(other);
        }
        cursor = frame.only < 0 ? Cursor{offset, rank} : frame.cursor;
        for (const Index s : unwatched_) fits = fits && watch(s);
        unwatched_.clear();
        return fits && sections_hold(group, cursor.offset);
    }

    // Notes the sections that b watched and can no longer watch.
    void unwatch(Index b) {
        if (watching_[b] == 0) return;
        budget_.add_work(end(b) - first(b));
        for (const auto& [from, to] : part_.runs_of(b))
            for (Index s = from; s < to; ++s)
                if (watch_[s] == b && low_[b] > limit_[s]) unwatched_.push_back(s);
    }

    // Finds a buffer to watch in s; false when the floor is above the limit.
    bool watch(Index s) {
        const auto members = part_.sections.of(s);
        const Unit limit = limit_[s];
        Index found = -1;
        for (const Index b : members) {
            if (low_[b] > limit) continue;
            found = b;
            break;
        }
        budget_.add_work(static_cast<std::int64_t>(members.size()));
        if (found < 0 && limit < static_cast<Unit>(part_.capacity)) return false;
        watch_trail_.push(s, watch_[s]);
        set_watch(s, found);
        return true;
    }

    void set_watch(Index s, Index b) {
        if (watch_[s] >= 0) --watching_[watch_[s]];
        if (b >= 0) ++watching_[b];
        watch_[s] = b;
    }

    // Without the floor rule: the floor of a section is the highest top in it.
    void raise_floors(Index b, Unit top) {
        for (const auto& [from, to] : part_.runs_of(b))
            for (Index s = from; s < to; ++s) {
                if (floor_[s] >= top) continue;
                floor_trail_.push(s, floor_[s]);
                floor_[s] = top;
            }
    }

    // Whether the unplaced buffers of each section fit above its floor and the cursor.
    TMPASS_VECTORIZED bool sections_hold(const Group& group, Unit cursor) {
        if (!rules_.section) return true;
        if (!rules_.monotonic) cursor = 0;
        budget_.add_work((group.to - group.from) / 8);
        unsigned char beyond = 0;
        for (Index s = group.from; s < group.to; ++s) {
            const Unit capacity = static_cast<Unit>(part_.capacity);
            const bool open = limit_[s] < capacity;
            beyond |= static_cast<unsigned char>(open & (std::max(floor_[s], cursor) > limit_[s]));
        }
        return beyond == 0;
    }

    void undo(Frame& frame) {
        const Index b = std::exchange(frame.buffer, -1);
        low_[b] = offset_[b];
        ++groups_[frame.group].left;
        this->change_unplaced(b, 1, [](Index) {});
        low_trail_.undo_to(frame.lows, [this](Index other, Unit low) { low_[other] = low; });
        watch_trail_.undo_to(frame.watches, [this](Index s, Index watched) { set_watch(s, watched); });
        floor_trail_.undo_to(frame.floors, [this](Index s, Unit floor) { floor_[s] = floor; });
        lists_.resize(frame.lists);
        groups_.resize(frame.groups);
    }

    // Where no unplaced buffer crosses from one section to the next, both sides are independent: when one of them
    // cannot be placed, no other packing of its neighbours will help. Returns the first of the new groups, or `group`
    // itself.
    Index split(Index group, Cursor cursor) {
        const Group whole = groups_[group];
        ranges_.clear();
        this->for_each_uncrossed_range(whole.from, whole.to, [&](Index from, Index to) {
            std::fill(range_at_.begin() + from, range_at_.begin() + to, static_cast<Index>(ranges_.size()));
            ranges_.push_back({{from, to, -1, frames_.size()}, 0, 0, 0, false, cursor});
        });
        budget_.add_work(whole.to - whole.from + whole.list_end - whole.list);
        for (Index i = whole.list; i < whole.list_end; ++i) {
            const Index b = lists_[i];
            if (low_[b] < kInfinity && (!whole.mixed || inside(whole, b))) ++ranges_[range_at_[first(b)]].left;
        }
        std::erase_if(ranges_, [](const Group& range) { return range.left == 0; });
        if (ranges_.size() < 2) return group;
        std::ranges::reverse(ranges_);  // groups are solved from the last to the first
        for (Group& range : ranges_) make_list(range, whole, cursor);
        return this->link_groups(ranges_, whole.next);
    }

    // A large group keeps most of a large list, so it keeps all of it: copies that hardly shrink would need room, and
    // time to rank them, that grow with the square of the buffers.
    void make_list(Group& group, const Group& whole, Cursor cursor) {
        const Index length = whole.list_end - whole.list;
        if (length > kSmallList && 2 * group.left > length) {
            group.list = whole.list;
            group.list_end = whole.list_end;
            group.mixed = true;
            return;
        }
        // Ranks are new, but what the cursor has passed at its own offset stays passed: it comes first, up to the
        // start.
        const auto stays = [&](Index i) { return low_[lists_[i]] == cursor.offset && i - whole.list <= cursor.rank; };
        const auto take = [&](bool passed) {
            const auto from = static_cast<Index>(lists_.size());
            for (Index i = whole.list; i < whole.list_end; ++i) {
                const Index b = lists_[i];
                if (low_[b] < kInfinity && inside(group, b) && stays(i) == passed) lists_.push_back(b);
            }
            if (rules_.rerank) sort_by_rank(from, static_cast<Index>(lists_.size()));
            return from;
        };
        budget_.add_work(2 * length);
        group.list = take(true);
        group.start.rank = take(false) - group.list - 1;
        group.list_end = static_cast<Index>(lists_.size());
    }

    // Sorts lists_[from .. to) by the rank of the attempt, its totals being those of what is unplaced.
    void sort_by_rank(Index from, Index to) {
        ranked_.clear();
        for (Index i = from; i < to; ++i) {
            const Index b = lists_[i];
            const auto width = static_cast<double>(part_.upper[b] - part_.lower[b]);
            const auto area = width * static_cast<double>(size_[b]);
            Unit least = std::numeric_limits<Unit>::max();
            for (const auto& [begin, stop] : part_.runs_of(b))
                for (Index s = begin; s < stop; ++s) least = std::min(least, limit_[s]);
            budget_.add_work(end(b) - first(b));
            const auto total = static_cast<double>(least);  // the less room is left, the larger
            if (rank_ == Rank::kTotalWidthArea) ranked_.push_back({total, -width, -area, b});
            if (rank_ == Rank::kTotalAreaWidth) ranked_.push_back({total, -area, -width, b});
            if (rank_ == Rank::kWidthAreaTotal) ranked_.push_back({-width, -area, total, b});
        }
        std::ranges::sort(ranked_);
        for (Index i = from; i < to; ++i) lists_[i] = std::get<3>(ranked_[i - from]);
    }

    const MinimallocRules rules_;
    Rank rank_ = Rank::kTotalWidthArea;

    // Per buffer.
    std::vector<unsigned char> plain_;
    std::vector<Unit> offset_;
    std::vector<Index> raised_by_;  // a neighbour that it would raise, when last seen; count() for none
    std::vector<Index> watching_;   // how many sections watch it
    // Per section.
    std::vector<Unit> floor_;  // without the floor rule: the highest top in it
    std::vector<Index> watch_;
    std::vector<Index> range_at_;  // in split(): the new group of the section

    std::vector<Index> unwatched_;  // sections that need another buffer to watch
    Trail<Index> watch_trail_;
    Trail<Unit> floor_trail_;
    std::vector<Index> lists_;
    std::vector<Group> ranges_;
    std::vector<std::tuple<double, double, double, Index>> ranked_;
};

}  // namespace tmpass::packing
