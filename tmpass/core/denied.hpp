// Which offsets one buffer denies another.
#pragma once

#include "problem.hpp"

namespace tmpass {

// The steps [lower, upper) of a buffer and the bytes [low, high) from its offset on that it needs there.
struct Piece {
    Step lower, upper;
    Bytes low, high;
};

// Calls visit(piece) for each piece of b, by time.
template <typename Visit>
void for_each_piece(const Problem& problem, Index b, Visit visit) {
    Step at = problem.lower[b];
    for (const Gap& gap : problem.gaps.of(b)) {
        if (at < gap.lower) visit(Piece{at, gap.lower, 0, problem.size[b]});
        if (gap.window_lower < gap.window_upper) visit(Piece{gap.lower, gap.upper, gap.window_lower, gap.window_upper});
        at = gap.upper;
    }
    if (at < problem.upper[b]) visit(Piece{at, problem.upper[b], 0, problem.size[b]});
}

inline bool must_be_apart(const Problem& problem, Index a, Index b) {
    for (const Index other : problem.apart.of(a))
        if (other == b) return true;
    return false;
}

// Calls visit(from, to) for ranges of offset(b) - offset(a) that a and b, which have bytes, cannot have; they may
// overlap. `slack` is 1 where the two must not touch either.
//
//     a at 0     +-------+            size a = 8, size b = 3: differences -2 .. 7 overlap,
//     b     +--+ :       : +--+       and -3 and 8 touch
//          -3            8
template <typename Visit>
void for_each_denied(const Problem& problem, Index a, Index b, Visit visit) {
    const Bytes slack = !problem.apart.empty() && must_be_apart(problem, a, b) ? 1 : 0;
    if (problem.gaps.of(a).empty() && problem.gaps.of(b).empty()) {
        if (problem.lower[a] < problem.upper[b] && problem.lower[b] < problem.upper[a])
            visit(1 - problem.size[b] - slack, problem.size[a] + slack);
        return;
    }
    for_each_piece(problem, a, [&](const Piece& one) {
        for_each_piece(problem, b, [&](const Piece& two) {
            if (one.lower < two.upper && two.lower < one.upper)
                visit(one.low - two.high + 1 - slack, one.high - two.low + slack);
        });
    });
}

}  // namespace tmpass
