#include "residency/placement_search.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <utility>

#include "residency/placement_states.hpp"
#include "residency/row_prices.hpp"

namespace tmpass::residency {
namespace {

constexpr Index kFirstWidth =
    64;  // states for each buffer in the first search: finds the cheapest one on most networks
constexpr Index kWider = 16;
constexpr Index kMaxWidth = Index{1} << 26;
constexpr std::int64_t kLook = 4096;  // states between two looks at Ctrl-C

class Search {
  public:
    Search(const PlacementProblem& problem, std::int64_t limit, const Interrupted& interrupted)
        : problem_(problem), prices_(problem, interrupted), limit_(limit), interrupted_(interrupted) {
        for (Index i = 0; i < problem_.count(); ++i) {
            const std::int64_t first = problem_.cost_of(i, cheap(i));
            for (Index m = 0; m < problem_.memories; ++m)
                if (problem_.cost_of(i, m) >= 0) unit_ = std::gcd(unit_, problem_.cost_of(i, m) - first);
        }
        unit_ = std::max<std::int64_t>(unit_, 1);
        for (std::size_t c = 0; c < problem_.forbidden.size(); ++c) all_open_ |= std::uint64_t{1} << c;
        members_.resize(problem_.count());
        for (std::size_t c = 0; c < problem_.forbidden.size(); ++c)
            for (const Index i : problem_.forbidden[c].buffers) members_[i].push_back(static_cast<Index>(c));
    }

    PlacementResult run() {
        std::int64_t bound = prices_.bound();
        for (Index width = kFirstWidth;; width = std::min(width, kMaxWidth / kWider) * kWider) {
            const std::int64_t left_out = search(width);
            if (left_out == kNoBound) {
                best_.complete = true;
                break;
            }
            bound = std::max(bound, left_out);
            if (worth() < bound) {
                best_.complete = true;
                break;
            }
            if (states_ >= limit_) break;
        }
        const std::int64_t whole =
            (bound >> prices_.shift()) + ((bound & ((std::int64_t{1} << prices_.shift()) - 1)) != 0);
        best_.bound = best_.found ? std::min(whole, best_.cost) : whole;
        if (best_.complete && best_.found) best_.bound = best_.cost;
        best_.states = states_;
        return std::move(best_);
    }

  private:
    // What a state may be worth: the largest bound of a placement that is cheaper than the best one so far.
    std::int64_t worth() const { return !best_.found ? kNoBound - 1 : (best_.cost - unit_) << prices_.shift(); }

    Index cheap(Index i) const {
        Index m = 0;
        while (problem_.cost_of(i, m) < 0) ++m;
        return m;
    }

    // Decides all buffers. Returns the lowest bound of a state that was left out, or kNoBound.
    std::int64_t search(Index width) {
        std::int64_t left_out = kNoBound;
        std::vector<std::vector<Origin>> origins;
        PlacementLayer layer(problem_.memories);
        PlacementState root;
        root.open = all_open_;
        layer.add(root, std::vector<Bytes>(problem_.memories, 0), {});
        row_ = 0;
        for (Index i = 0; i < problem_.count(); ++i) {
            PlacementLayer next(problem_.memories);
            for (Index s = 0; s < layer.count(); ++s)
                if (advance(layer, s, problem_.first_row(i))) extend(next, s, i);
            row_ = problem_.first_row(i);
            left_out = std::min(left_out, next.keep_best(states_ < limit_ ? width : kFirstWidth));
            origins.push_back(next.origins());
            layer = std::move(next);
        }
        finish(layer, origins);
        return left_out;
    }

    // Brings the state s to a row, into the members below. False where a memory is over-full on the way, since a buffer
    // needs more bytes again after a gap.
    bool advance(const PlacementLayer& layer, Index s, Index target) {
        now_ = layer.state(s);
        const auto load = layer.load(s);
        load_.assign(load.begin(), load.end());
        const auto changes = layer.changes(s);
        Index at = row_;
        std::size_t next = 0;
        while (next < changes.size() && changes[next].at / problem_.memories <= target) {
            const Index row = static_cast<Index>(changes[next].at / problem_.memories);
            pay(at, row);
            at = row;
            for (; next < changes.size() && changes[next].at / problem_.memories == row; ++next)
                load_[changes[next].at % problem_.memories] += changes[next].bytes;
            for (Index m = 0; m < problem_.memories; ++m)
                if (load_[m] > problem_.capacity[m]) return false;
        }
        pay(at, target);
        changes_.assign(changes.begin() + static_cast<std::ptrdiff_t>(next), changes.end());
        return true;
    }

    // Rows that are over are no longer ahead.
    void pay(Index from, Index to) {
        for (Index m = 0; m < problem_.memories; ++m)
            if (load_[m] != 0) now_.ahead -= load_[m] * prices_.of(m, from, to);
    }

    // Adds to `next` what the present state becomes with buffer i in each memory.
    void extend(PlacementLayer& next, Index parent, Index i) {
        const Index first = problem_.pieces.start[i], row = problem_.first_row(i);
        for (Index m = 0; m < problem_.memories; ++m) {
            if (problem_.cost_of(i, m) < 0) continue;
            const Bytes bytes = problem_.bytes_of(first, m);
            if (load_[m] + bytes > problem_.capacity[m]) continue;
            PlacementState made = now_;
            if (!keep_allowed(made, i, m)) continue;
            made.cost += problem_.cost_of(i, m) << prices_.shift();
            made.ahead += prices_.of_buffer(i, m);
            made.bound = made.cost + made.ahead + prices_.still_to_pay(i + 1, row);
            if (made.bound > worth()) continue;
            made.parent = parent;
            made.choice = m;
            with_pieces(i, m);
            load_[m] += bytes;
            next.add(made, load_, merged_);
            load_[m] -= bytes;
            if (++states_ % kLook == 0 && interrupted_()) throw Cancelled();
        }
    }

    // False where a forbidden combination is complete.
    bool keep_allowed(PlacementState& made, Index i, Index memory) const {
        for (const Index c : members_[i]) {
            const Combination& combination = problem_.forbidden[c];
            const std::uint64_t bit = std::uint64_t{1} << c;
            if (combination.memory != memory)
                made.open &= ~bit;
            else if (combination.buffers.back() == i && (made.open & bit) != 0)
                return false;
        }
        return true;
    }

    // The present changes and those of buffer i in a memory, into `merged_`.
    void with_pieces(Index i, Index memory) {
        own_.clear();
        for (Index p = problem_.pieces.start[i]; p < problem_.pieces.start[i + 1]; ++p) {
            const Piece& piece = problem_.pieces.rows[p];
            const Bytes bytes = problem_.bytes_of(p, memory);
            if (bytes == 0) continue;
            if (p != problem_.pieces.start[i]) push(own_, {at(piece.first, memory), bytes});
            push(own_, {at(piece.last, memory), -bytes});
        }
        merged_.clear();
        std::size_t mine = 0;
        for (const Change& change : changes_) {
            for (; mine < own_.size() && own_[mine].at < change.at; ++mine) push(merged_, own_[mine]);
            push(merged_, change);
            if (mine < own_.size() && own_[mine].at == change.at) push(merged_, own_[mine++]);
        }
        for (; mine < own_.size(); ++mine) push(merged_, own_[mine]);
    }

    std::int64_t at(Index row, Index memory) const { return std::int64_t{row} * problem_.memories + memory; }

    // Adds a change to the last one where both are at the same place; two that cancel vanish.
    static void push(std::vector<Change>& to, const Change& change) {
        if (to.empty() || to.back().at != change.at) {
            to.push_back(change);
        } else if ((to.back().bytes += change.bytes) == 0) {
            to.pop_back();
        }
    }

    // Keeps the cheapest of the last states if it is the best placement so far.
    void finish(const PlacementLayer& layer, const std::vector<std::vector<Origin>>& origins) {
        Index found = -1;
        for (Index s = 0; s < layer.count(); ++s)
            if (advance(layer, s, problem_.rows) && (found < 0 || now_.cost < layer.state(found).cost)) found = s;
        if (found < 0) return;
        const std::int64_t cost = layer.state(found).cost >> prices_.shift();
        if (best_.found && cost >= best_.cost) return;
        best_.found = true;
        best_.cost = cost;
        best_.memory.assign(problem_.count(), 0);
        for (Index i = problem_.count() - 1; i >= 0; --i) {
            best_.memory[i] = origins[i][found].choice;
            found = origins[i][found].parent;
        }
    }

    const PlacementProblem& problem_;
    const RowPrices prices_;
    const std::int64_t limit_;
    const Interrupted& interrupted_;
    std::int64_t unit_ = 0;  // the costs of two placements differ by a multiple of it
    std::uint64_t all_open_ = 0;
    std::vector<std::vector<Index>> members_;  // the forbidden combinations of each buffer
    PlacementResult best_;
    std::int64_t states_ = 0;
    Index row_ = 0;  // of the states of the present layer

    // The state that is being extended.
    PlacementState now_;
    std::vector<Bytes> load_;
    std::vector<Change> changes_, own_, merged_;
};

}  // namespace

PlacementResult search_placements(const PlacementProblem& problem, std::int64_t limit, const Interrupted& interrupted) {
    return Search(problem, limit, interrupted).run();
}

}  // namespace tmpass::residency
