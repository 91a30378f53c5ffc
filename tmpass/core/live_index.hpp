// Who shares a step with a buffer, without the list of all pairs.
//
//     by start     | 0  1  2 | 3  4  5 | 6  7     blocks of buffers in the order of their starts, each with those
//     carried      |         | 1  2    | 2  5     that were alive before its first one and still are
//
// Those that share a step with b are among what its block carries and what starts from there to the end of b.
#pragma once

#include <algorithm>
#include <vector>

#include "problem.hpp"

namespace tmpass {

class LiveIndex {
  public:
    explicit LiveIndex(const Problem& problem);

    // From now on b is found. Its bytes [low, high) are what find_denied() reads, and nothing else.
    void insert(Index b, Bytes low = 0, Bytes high = 0) {
        Entry& entry = entries_[place_[b]];
        entry = {end_of_[place_[b]], low, high};
    }
    void clear() { std::ranges::fill(entries_, Entry{}); }

    const std::vector<Index>& by_start() const { return by_start_; }

    // Puts into `found` the inserted buffers, b apart, that share a step of b's live range, gaps included. Returns how
    // many were looked at.
    std::size_t find_overlapping(Index b, std::vector<Index>& found) const {
        return find(b, found, [&](Index place) { return by_start_[place]; });
    }

    // The same, but what it puts into `found` are the offsets that each denies to b, which has bytes, from a to below
    // z, as a * 2^32 + z. All bytes are below 2^32.
    std::size_t find_denied(Index b, Bytes size, std::vector<std::uint64_t>& found) const {
        return find(b, found, [&, below = size - 1](Index place) {
            const Entry& entry = entries_[place];
            const auto from = static_cast<std::uint64_t>(std::max<Bytes>(entry.low - below, 0));
            return from << 32 | static_cast<std::uint64_t>(entry.high);
        });
    }

    // Puts into `found` the inserted buffers that are alive in [lower, upper).
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
        Step until = -1;  // the end of the live range, if inserted
        Bytes low = 0, high = 0;
    };

    template <typename Found, typename Make>
    std::size_t find(Index b, std::vector<Found>& found, Make make) const {
        const Index own = place_[b], block = block_of_[own];
        const std::size_t carried = carried_start_[block + 1] - carried_start_[block];
        const Index from = block_start_[block], to = next_[own];
        found.resize(carried + (to - from));
        // Without branches: whether a buffer is found is as good as random.
        Found* out = found.data();
        const Step lower = lower_[own];
        for (std::size_t i = carried_start_[block]; i < carried_start_[block + 1]; ++i) {
            *out = make(carried_[i]);
            out += entries_[carried_[i]].until > lower;
        }
        for (Index place = from; place < to; ++place) {
            *out = make(place);
            out += (entries_[place].until > lower) & (place != own);
        }
        const std::size_t looked = found.size() + 1;
        found.resize(out - found.data());
        return looked;
    }

    std::vector<Index> by_start_;       // buffers in the order of their starts; a place is an index into it
    std::vector<Index> place_;          // per buffer
    std::vector<Step> lower_, end_of_;  // per place: the live range
    std::vector<Entry> entries_;        // per place
    std::vector<Index> next_;           // per place: the first place that starts at or after its end
    std::vector<Index> block_of_;       // per place
    std::vector<Index> block_start_;    // per block: its first place
    std::vector<std::size_t> carried_start_;
    std::vector<Index> carried_;  // per block: places from before that reach into it
};

}  // namespace tmpass
