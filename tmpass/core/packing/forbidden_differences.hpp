// The differences of offsets that two buffers cannot have, because they would share a byte at some step.
//
// A buffer is a row of rectangles in time and bytes: one, unless it has gaps. Two rectangles that share a step forbid
// one range of differences.
#pragma once

#include <algorithm>
#include <utility>

#include "packing/problem.hpp"

namespace tmpass::packing {

// The bytes [low, high), from its offset on, that a buffer needs in the steps [lower, upper).
struct LiveRectangle {
    Step lower, upper;
    Bytes low, high;
};

// The rectangles of a buffer one after the other, by time: all of it between two gaps, in a gap its window.
class LiveRectangles {
  public:
    LiveRectangles(const Problem& problem, Index b)
        : gaps_(problem.gaps.of(b)), at_(problem.lower[b]), upper_(problem.upper[b]), size_(problem.size[b]) {}

    // Puts the next rectangle into `rectangle`; false after the last one.
    bool next(LiveRectangle& rectangle) {
        while (!gaps_.empty()) {
            const Gap& gap = gaps_.front();
            if (at_ < gap.lower) {
                rectangle = {std::exchange(at_, gap.lower), gap.lower, 0, size_};
                return true;
            }
            gaps_ = gaps_.subspan(1);
            at_ = gap.upper;
            if (gap.window_lower < gap.window_upper) {
                rectangle = {gap.lower, gap.upper, gap.window_lower, gap.window_upper};
                return true;
            }
        }
        rectangle = {std::exchange(at_, upper_), upper_, 0, size_};
        return rectangle.lower < rectangle.upper;
    }

  private:
    std::span<const Gap> gaps_;
    Step at_, upper_;
    Bytes size_;
};

// Calls visit(rectangle) for each rectangle of b, by time.
template <typename Visit>
void for_each_rectangle(const Problem& problem, Index b, Visit visit) {
    LiveRectangle rectangle;
    for (LiveRectangles rectangles(problem, b); rectangles.next(rectangle);) visit(rectangle);
}

inline bool must_be_apart(const Problem& problem, Index a, Index b) {
    auto one = problem.apart.of(a), two = problem.apart.of(b);  // both have the pair, in order
    return one.size() < two.size() ? std::ranges::binary_search(one, b) : std::ranges::binary_search(two, a);
}

// Calls visit(from, to) for ranges of offset(b) - offset(a) that a and b, which have bytes, cannot have; the ranges may
// overlap. Takes time linear in their rectangles. `slack` is 1 where the two must not touch either.
//
//     a at 0     +-------+            size a = 8, size b = 3: differences -2 .. 7 overlap,
//     b     +--+ :       : +--+       and -3 and 8 touch
//          -3            8
template <typename Visit>
void for_each_forbidden_difference(const Problem& problem, Index a, Index b, Visit visit) {
    const Bytes slack = !problem.apart.empty() && must_be_apart(problem, a, b) ? 1 : 0;
    if (problem.gaps.of(a).empty() && problem.gaps.of(b).empty()) {
        if (problem.lower[a] < problem.upper[b] && problem.lower[b] < problem.upper[a])
            visit(1 - problem.size[b] - slack, problem.size[a] + slack);
        return;
    }
    LiveRectangle one, two;
    LiveRectangles ones(problem, a), twos(problem, b);
    Range last{0, 0};
    for (bool both = ones.next(one) && twos.next(two); both;) {
        const Range range(one.low - two.high + 1 - slack, one.high - two.low + slack);
        if (one.lower < two.upper && two.lower < one.upper && range != last) {
            last = range;
            visit(range.first, range.second);
        }
        both = one.upper <= two.upper ? ones.next(one) : twos.next(two);
    }
}

// Whether a and b, which have bytes, both need all of them at some step before the first of their gaps or after the
// last. Then no gap changes which differences are forbidden. False says nothing about the steps between gaps.
inline bool both_whole_at_some_step(const Problem& problem, Index a, Index b) {
    const auto ones = problem.gaps.of(a), twos = problem.gaps.of(b);
    const Step begin = std::max(problem.lower[a], problem.lower[b]), end = std::min(problem.upper[a], problem.upper[b]);
    Step head = end, tail = begin;
    for (const auto& gaps : {ones, twos})
        if (!gaps.empty()) {
            head = std::min(head, gaps.front().lower);
            tail = std::max(tail, gaps.back().upper);
        }
    return begin < head || tail < end;
}

// Calls visit(from, to) for ranges that cover the same differences as those of for_each_forbidden_difference, but may
// be fewer.
template <typename Visit>
void cover_forbidden_differences(const Problem& problem, Index a, Index b, Visit visit) {
    if (!both_whole_at_some_step(problem, a, b)) return for_each_forbidden_difference(problem, a, b, visit);
    const Bytes slack = !problem.apart.empty() && must_be_apart(problem, a, b) ? 1 : 0;
    visit(1 - problem.size[b] - slack, problem.size[a] + slack);
}

}  // namespace tmpass::packing
