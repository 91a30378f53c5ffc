// The method is that of MiniMalloc (Moffitt, ASPLOS 2023), its rules of dominance and section inference.
//
// Any packing can be pushed down until each buffer rests on another, on a fixed one, or on the ground:
//
//     |   +---+        |                      Such a packing is *canonical*. Placing its buffers in
//     | +-+ c |        |   +---+              the order of (offset, rank) gives each the lowest free
//     | |a+---+ +---+  | +-+ c |  +---+       offset above those placed before it, so it is enough
//     | +-+     | b |  | |a+---+  | b |       to search over orders. Fixed buffers are obstacles that
//     +---------+---+  +-+--------+---+       stand from the beginning.
#include "search.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "parts.hpp"

namespace tmpass {
namespace {

constexpr std::int64_t kNodesBetweenChecks = 4096;
constexpr Index kMaxDepth = 1500;  // a frame for each buffer of a part must fit a thread's stack of 512 KiB

// How an attempt orders its candidates: by (W)idth in time, (A)rea, and (T)otal of the fullest section; those
// are MiniMalloc's static ranks. With `renew` the totals count only what is unplaced when a part falls apart.
struct Preference {
    enum class Rank { kTotalAreaWidth, kTotalWidthArea, kWidthAreaTotal } rank;
    bool renew;
};

constexpr Preference kPortfolio[] = {
    {Preference::Rank::kTotalAreaWidth, true},  {Preference::Rank::kTotalWidthArea, true},
    {Preference::Rank::kWidthAreaTotal, true},  {Preference::Rank::kTotalAreaWidth, false},
    {Preference::Rank::kTotalWidthArea, false}, {Preference::Rank::kWidthAreaTotal, false},
};

// One depth-first search over a part, with one order of preference among its buffers.
class DepthFirst {
  public:
    DepthFirst(const Part& part, Preference preference, std::int64_t limit, std::int64_t& nodes,
               const Interrupted& interrupted)
        : part_(part),
          preference_(preference),
          stop_(nodes + limit),
          nodes_(nodes),
          interrupted_(interrupted),
          placed_(part.count(), false),
          low_(part.count(), 0),
          unplaced_sum_(part.sections.count(), 0),
          floor_(part.sections.count(), 0),
          crossing_(part.sections.count(), 0),
          touched_(part.sections.count(), false) {}

    // After kFound, offset(b) holds the packing.
    Answer run() {
        std::vector<Index> all(part_.count());
        std::iota(all.begin(), all.end(), 0);
        if (!open(all)) return Answer::kImpossible;
        return solve({ranked(std::move(all)), 0, part_.sections.count()}, 0, -1, 0);
    }

    Bytes offset(Index b) const { return low_[b]; }

  private:
    // Unplaced buffers that share no section with any other unplaced one; some of `order` may be placed.
    struct Group {
        std::vector<Index> order;  // by preference
        Index from, to;            // its sections
    };

    // Lowest offsets, sections and floors with nothing placed; false when that alone breaks the capacity.
    bool open(std::span<const Index> all) {
        for (Index b : all) {
            low_[b] = part_.lift(b, 0);
            if (low_[b] > part_.last[b]) return false;
            const Index first = part_.sections.first[b], last = part_.sections.last[b];
            for (Index s = first; s < last; ++s) {
                unplaced_sum_[s] += part_.size[b];
                touched_[s] = true;
                if (s + 1 < last) ++crossing_[s];
            }
        }
        refresh_floors(0, part_.sections.count());
        return sections_hold(0, part_.sections.count(), 0);
    }

    // Places every buffer of `group` at or after (cursor, cursor_rank); `depth` of them are placed already.
    Answer solve(const Group& group, Bytes cursor, Index cursor_rank, std::size_t depth) {
        if (depth == group.order.size()) return Answer::kFound;
        const Bytes ceiling = lowest_top(group);
        for (Index rank = 0; rank < static_cast<Index>(group.order.size()); ++rank) {
            const Index b = group.order[rank];
            if (placed_[b] || low_[b] >= ceiling || low_[b] < cursor) continue;
            if (low_[b] == cursor && rank <= cursor_rank) continue;
            if (nodes_ >= stop_) return Answer::kBudgetEnded;
            if (++nodes_ % kNodesBetweenChecks == 0 && interrupted_()) throw Cancelled();

            const Mark mark{low_trail_.size(), floor_trail_.size(), placed_trail_.size()};
            bool falls_apart = false;
            if (place(b, group, falls_apart)) {
                const Answer answer = falls_apart ? solve_apart(group) : solve(group, low_[b], rank, depth + 1);
                if (answer != Answer::kImpossible) return answer;
            }
            undo(mark);
        }
        return Answer::kImpossible;
    }

    // Where no unplaced buffer crosses from one section to the next, both sides are independent: when one
    // of them cannot be placed, no other packing of its neighbours will help.
    //
    //     |    +----+  .   +--+ |
    //     | +--+----+--.---+  | |
    //     | |   placed . +-+--+ |      two groups, left and right of the dots
    //     +-+----------.-+------+
    Answer solve_apart(const Group& group) {
        Index from = group.from;
        for (Index s = group.from; s < group.to; ++s) {
            if (s + 1 < group.to && crossing_[s] > 0) continue;
            Group piece{{}, from, s + 1};
            from = s + 1;
            for (const Index b : group.order)
                if (!placed_[b] && part_.sections.first[b] >= piece.from && part_.sections.last[b] <= piece.to)
                    piece.order.push_back(b);
            if (piece.order.empty()) continue;
            if (preference_.renew) piece.order = ranked(std::move(piece.order));
            const Answer answer = solve(piece, 0, -1, 0);
            if (answer != Answer::kFound) return answer;
        }
        return Answer::kFound;
    }

    // Dominance: in a packing pushed down as far as it goes nothing starts at or above the lowest possible
    // top of a buffer still to come, since that buffer would then fit below.
    Bytes lowest_top(const Group& group) const {
        Bytes top = std::numeric_limits<Bytes>::max();
        for (Index b : group.order)
            if (!placed_[b]) top = std::min(top, low_[b] + part_.size[b]);
        return top;
    }

    std::vector<Index> ranked(std::vector<Index> buffers) const {
        using Key = std::tuple<double, double, double>;
        std::vector<std::pair<Key, Index>> keyed;
        for (Index b : buffers) {
            const auto width = static_cast<double>(part_.upper[b] - part_.lower[b]);
            const auto area = width * static_cast<double>(part_.size[b]);
            Bytes most = 0;
            for (Index s = part_.sections.first[b]; s < part_.sections.last[b]; ++s)
                most = std::max(most, unplaced_sum_[s]);
            const auto total = static_cast<double>(most);
            switch (preference_.rank) {
                case Preference::Rank::kTotalAreaWidth:
                    keyed.emplace_back(Key(-total, -area, -width), b);
                    break;
                case Preference::Rank::kTotalWidthArea:
                    keyed.emplace_back(Key(-total, -width, -area), b);
                    break;
                case Preference::Rank::kWidthAreaTotal:
                    keyed.emplace_back(Key(-width, -area, -total), b);
                    break;
            }
        }
        std::ranges::sort(keyed);
        for (std::size_t i = 0; i < keyed.size(); ++i) buffers[i] = keyed[i].second;
        return buffers;
    }

    // Puts b at its lowest offset and raises what overlaps it; false when something no longer fits.
    bool place(Index b, const Group& group, bool& falls_apart) {
        placed_[b] = true;
        placed_trail_.push_back(b);
        Index from = part_.sections.first[b], to = part_.sections.last[b];
        for (Index s = from; s < to; ++s) {
            unplaced_sum_[s] -= part_.size[b];
            touched_[s] = true;
            if (s + 1 < to && --crossing_[s] == 0) falls_apart = true;
        }
        const Bytes top = low_[b] + part_.size[b];
        bool fits = true;
        for (Index other : part_.neighbours_of(b)) {
            if (placed_[other] || low_[other] >= top) continue;
            low_trail_.emplace_back(other, low_[other]);
            low_[other] = part_.lift(other, top);
            if (low_[other] > part_.last[other]) {
                fits = false;
                break;
            }
            for (Index s = part_.sections.first[other]; s < part_.sections.last[other]; ++s) touched_[s] = true;
            from = std::min(from, part_.sections.first[other]);
            to = std::max(to, part_.sections.last[other]);
        }
        refresh_floors(from, to);
        return fits && sections_hold(group.from, group.to, low_[b]);
    }

    struct Mark {
        std::size_t low, floor, placed;
    };

    void undo(const Mark& mark) {
        for (; low_trail_.size() > mark.low; low_trail_.pop_back())
            low_[low_trail_.back().first] = low_trail_.back().second;
        for (; floor_trail_.size() > mark.floor; floor_trail_.pop_back()) {
            floor_[floor_trail_.back().first] = floor_trail_.back().second;
        }
        for (; placed_trail_.size() > mark.placed; placed_trail_.pop_back()) {
            const Index b = placed_trail_.back(), last = part_.sections.last[b];
            placed_[b] = false;
            for (Index s = part_.sections.first[b]; s < last; ++s) {
                unplaced_sum_[s] += part_.size[b];
                if (s + 1 < last) ++crossing_[s];
            }
        }
    }

    // A section's floor: the lowest offset that one of its unplaced buffers can still have.
    void refresh_floors(Index from, Index to) {
        for (Index s = from; s < to; ++s) {
            if (!touched_[s]) continue;
            touched_[s] = false;
            Bytes floor = std::numeric_limits<Bytes>::max();
            for (const Index b : part_.sections.of(s))
                if (!placed_[b]) floor = std::min(floor, low_[b]);
            if (floor == std::numeric_limits<Bytes>::max()) floor = 0;  // nothing left to place
            if (floor == floor_[s]) continue;
            floor_trail_.emplace_back(s, floor_[s]);
            floor_[s] = floor;
        }
    }

    // Section inference: what is unplaced in a section stacks up from its floor, and from the cursor.
    bool sections_hold(Index from, Index to, Bytes cursor) const {
        for (Index s = from; s < to; ++s)
            if (unplaced_sum_[s] > 0 && std::max(floor_[s], cursor) + unplaced_sum_[s] > part_.capacity) return false;
        return true;
    }

    const Part& part_;
    const Preference preference_;
    const std::int64_t stop_;
    std::int64_t& nodes_;
    const Interrupted& interrupted_;
    std::vector<bool> placed_;
    std::vector<Bytes> low_;                   // offset of a placed buffer, lowest possible one of an unplaced
    std::vector<Bytes> unplaced_sum_, floor_;  // per section
    std::vector<Index> crossing_;              // per section: unplaced buffers that reach into the next
    std::vector<bool> touched_;                // sections whose floor may have changed
    std::vector<std::pair<Index, Bytes>> low_trail_;
    std::vector<std::pair<Index, Bytes>> floor_trail_;
    std::vector<Index> placed_trail_;
};

// Preferences in turn under limits that double: which of them is quick differs by orders of magnitude.
Answer search_part(const Part& part, std::int64_t node_limit, SearchResult& result, const Interrupted& interrupted) {
    for (auto limit = 2 * static_cast<std::int64_t>(part.count());; limit *= 2) {
        for (const Preference preference : kPortfolio) {
            const std::int64_t left = node_limit - result.nodes;
            if (left <= 0) return Answer::kBudgetEnded;
            DepthFirst attempt(part, preference, std::min(limit, left), result.nodes, interrupted);
            const Answer answer = attempt.run();
            if (answer == Answer::kFound)
                for (Index b = 0; b < part.count(); ++b) result.offsets[part.origin[b]] = attempt.offset(b) * part.unit;
            if (answer != Answer::kBudgetEnded) return answer;
        }
    }
}

}  // namespace

SearchResult search(const Problem& problem, Bytes capacity, std::int64_t node_limit, const Interrupted& interrupted) {
    return solve_apart(problem, capacity, interrupted, [&](const Part& part, SearchResult& result) {
        if (part.count() > kMaxDepth) return Answer::kBudgetEnded;
        return search_part(part, node_limit, result, interrupted);
    });
}

}  // namespace tmpass
