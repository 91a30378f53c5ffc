// Finds the buffers that share a step with a given one, without a list of all pairs.
//
//     by start     | 0  1  2 | 3  4  5 | 6  7     blocks of buffers in the order of their starts, each with those
//     carried      |         | 1  2    | 2  5     that were alive before its first one and still are
//
// The buffers that share a step with b are among those that its block carries and those that start from the block's
// beginning to the end of b. Memory and the time to build it are linear in the buffers.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "packing/problem.hpp"

namespace tmpass::packing {

inline constexpr Bytes kNarrow = Bytes{1} << 31;  // numbers below it fit into the index

// Ranges of offsets [from, to), the first `count` of each.
struct ForbiddenOffsets {
    std::vector<std::int32_t> from, to;
    std::size_t count = 0;
};

class LiveIndex {
  public:
    explicit LiveIndex(const Problem& problem);

    // From now on b is found. Only find_forbidden() reads its bytes [low, high), which have a meaning below kNarrow.
    void insert(Index b, Bytes low = 0, Bytes high = 0) {
        entries_[place_[b]] = {end_of_[place_[b]], static_cast<std::int32_t>(low), static_cast<std::int32_t>(high)};
    }
    void clear() { std::ranges::fill(entries_, Entry{}); }

    const std::vector<Index>& by_start() const { return by_start_; }

    // Puts the inserted buffers other than b that share a step of b's live range, gaps included, into `found`. Returns
    // the number of buffers looked at.
    std::size_t find_overlapping(Index b, std::vector<Index>& found) const {
        found.resize(at_most(b));
        const std::size_t count = find(b, [&](std::size_t i, Index place) { found[i] = by_start_[place]; });
        const std::size_t looked = found.size() + 1;
        found.resize(count);
        return looked;
    }

    // The same for the offsets that each of these buffers forbids to b, which has bytes. All bytes are below kNarrow.
    std::size_t find_forbidden(Index b, Bytes size, ForbiddenOffsets& forbidden) const {
        forbidden.from.resize(at_most(b));
        forbidden.to.resize(forbidden.from.size());
        const auto below = static_cast<std::int32_t>(size - 1);
        forbidden.count =
            find(b, [&, from = forbidden.from.data(), to = forbidden.to.data()](std::size_t i, Index place) {
                from[i] = std::max(entries_[place].low - below, 0);
                to[i] = entries_[place].high;
            });
        return forbidden.from.size() + 1;
    }

    // Places of buffers by start: all that share a step with the one at `place`, inserted or not, are among them.
    struct Candidates {
        std::span<const Index> carried;
        Index from, to;  // places [from, to)
    };
    Candidates candidates(Index place) const {
        const Index block = block_of_[place];
        return {std::span(carried_).subspan(carried_start_[block], carried_start_[block + 1] - carried_start_[block]),
                block_start_[block], next_[place]};
    }

    // Puts the inserted buffers that are alive in [lower, upper) into `found`.
    void find_alive(Step lower, Step upper, std::vector<Index>& found) const {
        found.clear();
        auto place = static_cast<Index>(std::ranges::lower_bound(lower_, lower) - lower_.begin());
        if (place > 0) {
            const Index block = block_of_[place - 1];
            for (std::size_t i = carried_start_[block]; i < carried_start_[block + 1]; ++i)
                if (entries_[carried_[i]].until > lower) found.push_back(by_start_[carried_[i]]);
            place = block_start_[block];
        }
        for (; place < static_cast<Index>(lower_.size()) && lower_[place] < upper; ++place)
            if (entries_[place].until > lower) found.push_back(by_start_[place]);
    }

  private:
    struct Entry {
        std::int32_t until = -1;  // the end of the live range, if inserted
        std::int32_t low = 0, high = 0;
    };

    std::size_t at_most(Index b) const {
        const Index own = place_[b], block = block_of_[own];
        return carried_start_[block + 1] - carried_start_[block] + (next_[own] - block_start_[block]);
    }

    // Calls put(i, place) for each candidate, and raises i, which begins at 0, where the candidate is found: else the
    // next call overwrites what was put. Without branches, since whether a candidate is found is as good as random.
    template <typename Put>
    std::size_t find(Index b, Put put) const {
        const Index own = place_[b], block = block_of_[own];
        const std::int32_t lower = lower_[own];
        std::size_t count = 0;
        for (std::size_t i = carried_start_[block]; i < carried_start_[block + 1]; ++i) {
            put(count, carried_[i]);
            count += entries_[carried_[i]].until > lower;
        }
        for (Index place = block_start_[block]; place < next_[own]; ++place) {
            put(count, place);
            count += (entries_[place].until > lower) & (place != own);
        }
        return count;
    }

    std::vector<Index> by_start_;               // buffers in the order of their starts; a place is an index into it
    std::vector<Index> place_;                  // per buffer
    std::vector<std::int32_t> lower_, end_of_;  // per place: the live range
    std::vector<Entry> entries_;                // per place
    std::vector<Index> next_;                   // per place: the first place that starts at or after its end
    std::vector<Index> block_of_;               // per place
    std::vector<Index> block_start_;            // per block: its first place
    std::vector<std::size_t> carried_start_;
    std::vector<Index> carried_;  // per block: places from before that reach into it
};

}  // namespace tmpass::packing
