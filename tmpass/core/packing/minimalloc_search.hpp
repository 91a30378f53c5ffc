// The search of minimalloc.hpp, on one part.
#pragma once

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "packing/minimalloc.hpp"
#include "packing/parts.hpp"
#include "vectorized.hpp"

namespace tmpass {

// How candidates are preferred: by (W)idth in time, (A)rea, and (T)otal of the fullest section.
enum class Rank { kTotalWidthArea, kTotalAreaWidth, kWidthAreaTotal };

template <typename Unit>
class DepthFirst {
  public:
    static constexpr Unit kGone = std::numeric_limits<Unit>::max() / 4;  // the lowest offset of what is placed

    DepthFirst(const Part& part, MinimallocRules rules, std::int64_t& nodes, const Interrupted& interrupted)
        : part_(part),
          rules_(rules),
          nodes_(nodes),
          interrupted_(interrupted),
          size_(part.size.begin(), part.size.end()),
          last_(part.last.begin(), part.last.end()),
          piece_at_(part.sections.count()) {
        for (Index b = 0; b < part.count(); ++b) plain_.push_back(part.plain(b));
    }

    // At most `limit` placements, while there are less than `budget` nodes; after kFound, offset(b) holds the packing.
    Answer run(Rank rank, std::int64_t limit, std::int64_t budget) {
        rank_ = rank;
        stop_ = limit;
        budget_ = budget;
        placements_ = 0;
        return reset() ? solve() : Answer::kImpossible;
    }

    Bytes offset(Index b) const { return static_cast<Bytes>(offset_[b]); }

  private:
    static constexpr std::int64_t kWorkPerNode = 4096;         // looks at a buffer: a large part pays more for a node
    static constexpr std::int64_t kNodesBetweenChecks = 4096;  // some milliseconds
    static constexpr Index kSmall = 512;                       // up to here a group is ranked whenever it falls apart

    // A place in the canonical order: an offset, and the rank in a group's list.
    struct Cursor {
        Unit offset;
        Index rank;
    };

    // Sections [from, to) that share no unplaced buffer with others, `left` of which are in lists_[list .. list_end),
    // by rank, beside some that are placed and, where `mixed`, some of other groups. `next` is solved after it.
    struct Group {
        Index from, to, list, list_end, left, next;
        bool mixed;
        Cursor start;
        std::size_t depth;  // of the frames when it was made: those below are not its own
    };

    struct Frame {
        std::size_t lows, watches, floors, lists, groups;  // lengths of the trails, and of the stacks, to go back to
        Index group, buffer;                               // buffer: -1 while nothing is placed
        Index free;                                        // the rank of the only candidate, or -1 where there are more
        Cursor cursor, tried;
        Unit ceiling;  // where no candidate may start any more
    };

    struct Watch {
        Index section, buffer;
    };

    // Nothing placed; false when that alone breaks the capacity.
    bool reset() {
        const Index count = part_.count(), sections = part_.sections.count();
        low_.assign(count + 1, kGone);
        offset_.assign(count, 0);
        hat_.assign(count, count);
        limit_.assign(sections, static_cast<Unit>(part_.capacity));
        floor_.assign(sections, 0);
        watch_.assign(sections, -1);
        watching_.assign(count, 0);
        crossing_.assign(sections, 0);
        low_trail_.clear();
        watch_trail_.clear();
        floor_trail_.clear();
        frames_.clear();
        lists_.clear();
        for (Index b = 0; b < count; ++b) {
            const Bytes low = part_.lift(b, 0);
            if (low > part_.last[b]) return false;
            low_[b] = static_cast<Unit>(low);
            if (first(b) == end(b)) {  // all of it is gaps
                offset_[b] = std::exchange(low_[b], kGone);
                continue;
            }
            lists_.push_back(b);
            for (const auto& [from, to] : part_.runs_of(b))
                for (Index s = from; s < to; ++s) limit_[s] -= size_[b];
            for (Index s = first(b); s + 1 < end(b); ++s) ++crossing_[s];
        }
        if (rules_.section && rules_.floor)
            for (Index s = 0; s < sections; ++s)
                if (!watch(s)) return false;
        watch_trail_.clear();
        const auto left = static_cast<Index>(lists_.size());
        sort_by_rank(0, left);
        groups_.assign(1, {0, sections, 0, left, left, -1, false, {0, -1}, 0});
        return holds(groups_[0], 0);
    }

    // Depth first, without recursion, from a state that holds.
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
                    if (!retreat()) return Answer::kImpossible;
                    continue;
                }
                if (!afford()) return Answer::kBudgetEnded;
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

    // The topmost frame has failed, and with it its group. Neither can that be solved which the group came from,
    // however its siblings, which are in the frames between, were solved. False when nothing is left to try.
    bool retreat() {
        const Index group = frames_.back().group;
        const std::size_t depth = groups_[group].depth;
        frames_.pop_back();
        while (frames_.size() > depth && frames_.back().group != group) {
            undo(frames_.back());
            frames_.pop_back();
        }
        return !frames_.empty();
    }

    // Pays for one more placement, and for the work since the last one; false when the attempt or the budget has ended.
    bool afford() {
        nodes_ += std::exchange(work_, 0) / kWorkPerNode;
        if (placements_ >= stop_ || nodes_ >= budget_) return false;
        ++placements_;
        ++nodes_;
        if (nodes_ >= next_check_) {
            next_check_ = nodes_ + kNodesBetweenChecks;
            if (interrupted_()) throw Cancelled();
        }
        return true;
    }

    void push_frame(Index group, Cursor cursor) {
        Frame frame{low_trail_.size(),
                    watch_trail_.size(),
                    floor_trail_.size(),
                    lists_.size(),
                    groups_.size(),
                    group,
                    -1,
                    -1,
                    cursor,
                    {-1, -1},
                    kGone};
        look_around(groups_[group], frame);
        frames_.push_back(frame);
    }

    // The lowest top of what is unplaced in the group; and the first buffer that raises nothing where it is put, for
    // which there is no alternative.
    void look_around(const Group& group, Frame& frame) {
        work_ += group.list_end - group.list;
        Unit lowest = kGone;
        for (Index i = group.list; i < group.list_end; ++i) {
            const Index b = lists_[i];
            const Unit top = low_[b] + size_[b];
            if (low_[b] == kGone || (group.mixed && !inside(group, b))) continue;
            lowest = std::min(lowest, top);
            if (rules_.hatless && low_[hat_[b]] >= top && !find_hat(b, top)) {
                if (passed(frame.cursor, low_[b], i - group.list)) {
                    frame.free = -1;
                    frame.ceiling = 0;
                    return;
                }
                if (frame.free < 0) frame.free = i - group.list;
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
    bool find_hat(Index b, Unit top) {
        for (const Index other : part_.neighbours_of(b)) {
            ++work_;
            if (low_[other] >= top) continue;
            hat_[b] = other;
            return true;
        }
        return false;
    }

    bool inside(const Group& group, Index b) const { return first(b) >= group.from && end(b) <= group.to; }

    // The rank of the first candidate after those that were tried; -1 if there is none.
    Index next_candidate(Frame& frame) {
        if (frame.free >= 0) return std::exchange(frame.tried.rank, frame.free) < 0 ? frame.free : -1;
        const Group& group = groups_[frame.group];
        const Index* const list = lists_.data() + group.list;
        const Index count = group.list_end - group.list;
        const Cursor cursor = frame.cursor, tried = frame.tried;
        work_ += count;
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
        low_[b] = kGone;
        for (const auto& [from, to] : part_.runs_of(b)) {
            for (Index s = from; s < to; ++s) limit_[s] += size_[b];
            if (!rules_.floor) raise_floors(from, to, top);
        }
        unwatch(b);
        for (Index s = first(b); s + 1 < end(b); ++s) falls_apart |= --crossing_[s] == 0;
        const auto neighbours = part_.neighbours_of(b);
        work_ += static_cast<std::int64_t>(neighbours.size());
        bool fits = true;
        for (const Index other : neighbours) {
            if (low_[other] >= top) continue;
            low_trail_.emplace_back(other, low_[other]);
            const Unit low = plain_[other] ? top : static_cast<Unit>(part_.lift(other, top));
            low_[other] = low;
            fits = low <= last_[other];
            if (!fits) break;
            unwatch(other);
        }
        cursor = frame.free < 0 ? Cursor{offset, rank} : frame.cursor;
        for (const Index s : unwatched_) fits = fits && watch(s);
        unwatched_.clear();
        return fits && holds(group, cursor.offset);
    }

    // Floors, by an unplaced buffer of each section that can still start at or below the section's limit. While there
    // is one the floor is no higher, and need not be known.
    void unwatch(Index b) {
        if (watching_[b] == 0) return;
        work_ += end(b) - first(b);
        for (const auto& [from, to] : part_.runs_of(b))
            for (Index s = from; s < to; ++s)
                if (watch_[s] == b && low_[b] > limit_[s]) unwatched_.push_back(s);
    }

    // Finds one anew; false when the floor is above the limit.
    bool watch(Index s) {
        const auto members = part_.sections.of(s);
        const Unit limit = limit_[s];
        Index found = -1;
        for (const Index b : members) {
            if (low_[b] > limit) continue;
            found = b;
            break;
        }
        work_ += static_cast<std::int64_t>(members.size());
        if (found < 0 && limit < static_cast<Unit>(part_.capacity)) return false;
        watch_trail_.push_back({s, watch_[s]});
        set_watch(s, found);
        return true;
    }

    void set_watch(Index s, Index b) {
        if (watch_[s] >= 0) --watching_[watch_[s]];
        if (b >= 0) ++watching_[b];
        watch_[s] = b;
    }

    // Without that rule: the floor of a section is the highest top in it.
    void raise_floors(Index from, Index to, Unit top) {
        for (Index s = from; s < to; ++s) {
            if (floor_[s] >= top) continue;
            floor_trail_.emplace_back(s, floor_[s]);
            floor_[s] = top;
        }
    }

    // What is unplaced in a section stacks up from its floor, and from the cursor.
    TMPASS_VECTORIZED bool holds(const Group& group, Unit cursor) {
        if (!rules_.section) return true;
        if (!rules_.monotonic) cursor = 0;
        work_ += (group.to - group.from) / 8;
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
        for (const auto& [from, to] : part_.runs_of(b))
            for (Index s = from; s < to; ++s) limit_[s] -= size_[b];
        for (Index s = first(b); s + 1 < end(b); ++s) ++crossing_[s];
        for (; low_trail_.size() > frame.lows; low_trail_.pop_back())
            low_[low_trail_.back().first] = low_trail_.back().second;
        for (; watch_trail_.size() > frame.watches; watch_trail_.pop_back())
            set_watch(watch_trail_.back().section, watch_trail_.back().buffer);
        for (; floor_trail_.size() > frame.floors; floor_trail_.pop_back())
            floor_[floor_trail_.back().first] = floor_trail_.back().second;
        lists_.resize(frame.lists);
        groups_.resize(frame.groups);
    }

    // Where no unplaced buffer crosses from one section to the next, both sides are independent: when one of them
    // cannot be placed, no other packing of its neighbours will help. Gives the first of the new groups.
    //
    //     |    +----+  .   +--+ |
    //     | +--+----+--.---+  | |
    //     | |   placed . +-+--+ |      two groups, left and right of the dots
    //     +-+----------.-+------+
    Index split(Index group, Cursor cursor) {
        const Group whole = groups_[group];
        pieces_.clear();
        for (Index s = whole.from, from = s; s < whole.to; ++s) {
            piece_at_[s] = static_cast<Index>(pieces_.size());
            if (s + 1 < whole.to && crossing_[s] > 0) continue;
            pieces_.push_back({from, s + 1, 0, 0, 0, -1, false, cursor, frames_.size()});
            from = s + 1;
        }
        work_ += whole.to - whole.from + whole.list_end - whole.list;
        for (Index i = whole.list; i < whole.list_end; ++i) {
            const Index b = lists_[i];
            if (low_[b] < kGone && (!whole.mixed || inside(whole, b))) ++pieces_[piece_at_[first(b)]].left;
        }
        std::erase_if(pieces_, [](const Group& piece) { return piece.left == 0; });
        if (pieces_.size() < 2) return group;
        Index next = whole.next;
        for (std::size_t i = pieces_.size(); i-- > 0;) {
            Group& piece = pieces_[i];
            piece.next = next;
            next = static_cast<Index>(groups_.size());
            make_list(piece, whole, cursor);
            groups_.push_back(piece);
        }
        return next;
    }

    // A large piece keeps most of a large list, so it keeps all of it: copies that hardly shrink would need room, and
    // time to rank them, that grow with the square of the buffers.
    void make_list(Group& piece, const Group& whole, Cursor cursor) {
        const Index length = whole.list_end - whole.list;
        if (length > kSmall && 2 * piece.left > length) {
            piece.list = whole.list;
            piece.list_end = whole.list_end;
            piece.mixed = true;
            return;
        }
        // Ranks are new, but what the cursor has passed at its own offset stays passed: it comes first, up to the
        // start.
        const auto stays = [&](Index i) { return low_[lists_[i]] == cursor.offset && i - whole.list <= cursor.rank; };
        const auto take = [&](bool passed) {
            const auto from = static_cast<Index>(lists_.size());
            for (Index i = whole.list; i < whole.list_end; ++i) {
                const Index b = lists_[i];
                if (low_[b] < kGone && inside(piece, b) && stays(i) == passed) lists_.push_back(b);
            }
            if (rules_.rerank) sort_by_rank(from, static_cast<Index>(lists_.size()));
            return from;
        };
        work_ += 2 * length;
        piece.list = take(true);
        piece.start.rank = take(false) - piece.list - 1;
        piece.list_end = static_cast<Index>(lists_.size());
    }

    // Orders lists_[from .. to) by the rank of the attempt, its totals being those of what is unplaced.
    void sort_by_rank(Index from, Index to) {
        keys_.clear();
        for (Index i = from; i < to; ++i) {
            const Index b = lists_[i];
            const auto width = static_cast<double>(part_.upper[b] - part_.lower[b]);
            const auto area = width * static_cast<double>(size_[b]);
            Unit least = std::numeric_limits<Unit>::max();
            for (const auto& [begin, stop] : part_.runs_of(b))
                for (Index s = begin; s < stop; ++s) least = std::min(least, limit_[s]);
            work_ += end(b) - first(b);
            const auto total = static_cast<double>(least);  // the less room is left, the larger
            if (rank_ == Rank::kTotalWidthArea) keys_.push_back({total, -width, -area, b});
            if (rank_ == Rank::kTotalAreaWidth) keys_.push_back({total, -area, -width, b});
            if (rank_ == Rank::kWidthAreaTotal) keys_.push_back({-width, -area, total, b});
        }
        std::ranges::sort(keys_);
        for (Index i = from; i < to; ++i) lists_[i] = std::get<3>(keys_[i - from]);
    }

    Index first(Index b) const { return part_.sections.first[b]; }
    Index end(Index b) const { return part_.sections.last[b]; }

    const Part& part_;
    const MinimallocRules rules_;
    std::int64_t& nodes_;
    std::int64_t stop_ = 0, budget_ = 0, placements_ = 0, work_ = 0, next_check_ = 0;
    const Interrupted& interrupted_;
    Rank rank_ = Rank::kTotalWidthArea;

    const std::vector<Unit> size_, last_;  // per buffer
    std::vector<unsigned char> plain_;
    std::vector<Index> watching_;
    std::vector<Unit> low_, offset_;  // low_: kGone once placed
    std::vector<Index> hat_;          // a neighbour that it would raise, when last seen
    // Per section. limit_: the highest offset above which all that is unplaced fits; support_: who is at the floor;
    // crossing_: unplaced buffers that reach into the next; piece_at_: scratch of split().
    std::vector<Unit> limit_, floor_;
    std::vector<Index> watch_, crossing_, piece_at_, unwatched_;

    std::vector<std::pair<Index, Unit>> low_trail_;
    std::vector<Watch> watch_trail_;
    std::vector<std::pair<Index, Unit>> floor_trail_;
    std::vector<Frame> frames_;
    std::vector<Index> lists_;
    std::vector<Group> groups_, pieces_;
    std::vector<std::tuple<double, double, double, Index>> keys_;
};

}  // namespace tmpass
