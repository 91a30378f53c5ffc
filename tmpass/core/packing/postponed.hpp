// The buffers that a search has postponed, with the place that each is refused.
//
//     |         window ->  +---+         b was postponed: it is above this place, and something else takes bytes of it.
//     |         refused -> | b?|         The window is the end of the place.
//     +--------------------+---+
#pragma once

#include <vector>

#include "packing/depth_first.hpp"

namespace tmpass::packing {

template <typename Unit>
class Postponed {
  public:
    // Nothing is postponed.
    void reset(Index count) {
        window_.assign(count, 0);
        place_in_list_.assign(count, -1);
        list_.clear();
        trail_.clear();
    }

    std::size_t length() const { return trail_.length(); }
    void undo_to(std::size_t length) {
        trail_.undo_to(length, [this](Index b, Unit window) { change(b, window); });
    }

    // The end of the place that b is refused; 0 when it is free again.
    void set(Index b, Unit window) {
        trail_.push(b, window_[b]);
        change(b, window);
    }
    Unit window(Index b) const { return window_[b]; }

    // Exactly the buffers whose window is above 0.
    const std::vector<Index>& list() const { return list_; }

  private:
    void change(Index b, Unit window) {
        window_[b] = window;
        Index& at = place_in_list_[b];
        if (window > 0 && at < 0) {
            at = static_cast<Index>(list_.size());
            list_.push_back(b);
        } else if (window == 0 && at >= 0) {
            place_in_list_[list_.back()] = at;
            list_[at] = list_.back();
            list_.pop_back();
            at = -1;
        }
    }

    std::vector<Unit> window_;  // per buffer
    std::vector<Index> list_, place_in_list_;
    Trail<Unit> trail_;
};

}  // namespace tmpass::packing
