// The lowest offset at which a buffer can cross a boundary between two sections: a sum of sizes on both sides.
//
//     capacity  +--------+--------+     c crosses the boundary t, e and f end there, b and d begin there. What is below
//               |  f |   c   | d  |     the lowest buffer that crosses fills both sides: on the left some of those that
//               +----+-------+----+     end at t, on the right some of those that begin. Placed buffers are up to 4 on
//           7   |  e     | b      |     the left and up to 5 on the right; e = 3, f = 2, b = 2, d = 4. The left can be
//               |        +--------+     filled up to 4, 6, 7 or 9, the right up to 5, 7, 9 or 11, so c is at 7 or more.
//           5   +--------+ placed |
//           4   | placed |        |     With room for `spare` bytes that nothing takes, each sum stands for a range.
//               +--------+--------+
//                        t
//
// Proof. In the search of postpone_search.hpp unplaced buffers are above placed ones in each of their sections. Let y
// be the lowest offset of an unplaced buffer that is in both sections. Below y, the left section has its placed
// buffers, some unplaced ones of those that end at t, and at most `spare` free bytes; so y is the sum of the placed
// sizes, of a subset of those that end, and of 0 .. spare. The same holds on the right. The lowest number that is such
// a sum on both sides bounds y, and all that crosses is at y or above.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "packing/depth_first.hpp"
#include "packing/parts.hpp"

namespace tmpass::packing {

// Boundary t is between sections t - 1 and t.
template <typename Unit>
class BoundarySums {
  public:
    explicit BoundarySums(const Part& part)
        : capacity_(static_cast<Unit>(part.capacity)),
          begin_(part.sections.count() + 1),
          end_(begin_),
          spare_(part.sections.count(), static_cast<Unit>(part.capacity)),
          rise_(part.sections.count() + 1, 0) {
        for (Index b = 0; b < part.count(); ++b) {
            for (const auto& [from, to] : part.runs_of(b)) {
                begin_[from].push_back({b, static_cast<Unit>(part.size[b])});
                end_[to].push_back({b, static_cast<Unit>(part.size[b])});
                for (Index s = from; s < to; ++s) spare_[s] -= static_cast<Unit>(part.size[b]);
            }
        }
    }

    // Nothing is placed.
    void reset() {
        std::ranges::fill(rise_, 0);
        trail_.clear();
    }

    std::size_t length() const { return trail_.length(); }
    void undo_to(std::size_t length) {
        trail_.undo_to(length, [this](Index t, Unit rise) { rise_[t] = rise; });
    }

    // Whether both sections of boundary t have little enough room for sums to say something.
    bool is_tight(Index t) const { return tight(t - 1) && tight(t); }

    // Brings boundary t up to date after a buffer was placed that begins or ends there. `limit` is per section, as in
    // depth_first.hpp; is_open(b) says whether b is unplaced. Returns the looks that it took.
    template <typename IsOpen>
    std::int64_t update(Index t, const std::vector<Unit>& limit, IsOpen is_open) {
        const Unit left = limit[t - 1] - spare_[t - 1], right = limit[t] - spare_[t];  // sums of placed sizes
        const Unit low = std::min(left, right), high = std::max(left, right);
        const auto words = std::min(kMostWords, static_cast<std::size_t>((capacity_ - low) / 64 + 1));
        std::int64_t looks = 0;
        Unit rise = 0;
        if (high > low && high - low < static_cast<Unit>(64 * words)) {
            looks += add_sums(lower_, words, 0, left < right ? end_[t] : begin_[t], is_open);
            looks += add_sums(upper_, words, high - low, left < right ? begin_[t] : end_[t], is_open);
            widen(lower_, words, spare_[left < right ? t - 1 : t]);
            widen(upper_, words, spare_[left < right ? t : t - 1]);
            rise = first_in_both(words) - (high - low);
        }
        if (rise != rise_[t]) {
            trail_.push(t, rise_[t]);
            rise_[t] = rise;
        }
        return looks;
    }

    // Whatever crosses boundary t is at this offset or above; 0 where sums say nothing. It follows the limits, so it
    // stays right where buffers that cross are placed.
    Unit lowest(Index t, const std::vector<Unit>& limit) const {
        return rise_[t] > 0 ? std::max(limit[t - 1] - spare_[t - 1], limit[t] - spare_[t]) + rise_[t] : Unit{0};
    }

  private:
    static constexpr std::size_t kMostWords = 17;  // sums above 64 times this are not told apart
    static constexpr Unit kMostSpare = 64;         // a section with more room has nearly all sums

    struct Edge {
        Index buffer;
        Unit size;
    };
    using Sums = std::array<std::uint64_t, kMostWords>;  // bit i: a sum that is i above the lower side

    bool tight(Index s) const { return spare_[s] <= std::min<Unit>(kMostSpare, capacity_ / 32); }

    // The sums of `base` and some open ones of `edges`.
    template <typename IsOpen>
    static std::int64_t add_sums(Sums& sums, std::size_t words, Unit base, const std::vector<Edge>& edges,
                                 IsOpen is_open) {
        std::fill_n(sums.begin(), words, 0);
        sums[base / 64] = std::uint64_t{1} << base % 64;
        std::size_t looks = edges.size();
        for (const auto& [b, size] : edges) {
            if (!is_open(b)) continue;
            shift_or(sums, words, static_cast<std::size_t>(size));
            looks += words;
        }
        return static_cast<std::int64_t>(looks);
    }

    // Adds `size` to each sum, and keeps the old ones.
    static void shift_or(Sums& sums, std::size_t words, std::size_t size) {
        const std::size_t whole = size / 64, bits = size % 64;
        for (std::size_t i = words; i-- > whole;) {
            std::uint64_t moved = sums[i - whole] << bits;
            if (bits > 0 && i > whole) moved |= sums[i - whole - 1] >> (64 - bits);
            sums[i] |= moved;
        }
    }

    // Each sum stands for itself and the next `spare` numbers.
    static void widen(Sums& sums, std::size_t words, Unit spare) {
        for (Unit done = 0; done < spare;) {
            const Unit more = std::min(done + 1, spare - done);
            shift_or(sums, words, static_cast<std::size_t>(more));
            done += more;
        }
    }

    Unit first_in_both(std::size_t words) const {
        for (std::size_t i = 0; i < words; ++i)
            if (const std::uint64_t both = lower_[i] & upper_[i])
                return static_cast<Unit>(64 * i) + static_cast<Unit>(std::countr_zero(both));
        return static_cast<Unit>(64 * words);
    }

    const Unit capacity_;
    std::vector<std::vector<Edge>> begin_, end_;  // per boundary: the buffers whose runs begin or end there
    std::vector<Unit> spare_;                     // per section: the capacity less all sizes
    std::vector<Unit> rise_;                      // per boundary: of lowest() above the higher side's placed sizes
    Trail<Unit> trail_;
    Sums lower_{}, upper_{};  // in update()
};

}  // namespace tmpass::packing
