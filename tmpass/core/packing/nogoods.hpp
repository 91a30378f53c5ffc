// Nogoods: placements that no packing of postpone.hpp has all of (postpone_reasons.hpp).
//
// Each nogood is watched at one of its placements that is not made. Invariant: while it is watched at a placement,
// that one is not made; taking placements back does not change this. When it is made, another one that is not made is
// watched instead. If all are made, the nogood holds, and the search takes that placement back.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "types.hpp"

namespace tmpass::packing {

template <typename Unit>
class Nogoods {
  public:
    using Placement = std::pair<Index, Unit>;  // a buffer, and its offset

    explicit Nogoods(Index buffers) : watched_(buffers) {}

    // Adds a nogood of which all are placed. The placement of b, one of them, is about to be taken back.
    void add(std::span<const Placement> placements, Index b, Unit offset) {
        if (std::ssize(start_) > kMost) {
            start_.assign(1, 0);
            placements_.clear();
            for (auto& list : watched_) list.clear();
        }
        watched_[b].emplace_back(static_cast<Index>(start_.size() - 1), offset);
        placements_.insert(placements_.end(), placements.begin(), placements.end());
        start_.push_back(placements_.size());
    }

    // A nogood that holds since b was placed, or an empty span. `offset` is negative for buffers that are not placed.
    // Adds to `looks`.
    std::span<const Placement> holding(Index b, const std::vector<Unit>& offset, std::int64_t& looks) {
        auto& list = watched_[b];
        looks += std::ssize(list);
        for (std::size_t i = 0; i < list.size();) {
            const auto [nogood, at] = list[i];
            const std::span<const Placement> all(placements_.data() + start_[nogood],
                                                 placements_.data() + start_[nogood + 1]);
            if (at != offset[b]) {
                ++i;
                continue;
            }
            std::size_t other = 0;
            while (other < all.size() && offset[all[other].first] == all[other].second) ++other;
            looks += static_cast<std::int64_t>(other);
            if (other == all.size()) return all;
            watched_[all[other].first].emplace_back(nogood, all[other].second);
            list[i] = list.back();
            list.pop_back();
        }
        return {};
    }

  private:
    static constexpr std::ptrdiff_t kMost = 1 << 16;  // then all are forgotten

    std::vector<std::size_t> start_{0};                         // per nogood, its first in placements_
    std::vector<Placement> placements_;                         // of all nogoods
    std::vector<std::vector<std::pair<Index, Unit>>> watched_;  // per buffer: nogoods, and its offset in them
};

}  // namespace tmpass::packing
