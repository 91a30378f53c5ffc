// The order with the least peak, by a search over what has run.
//
// What is alive between two steps depends only on the set of operators that have run, which is closed under "comes
// before" (a downset). The search walks from the empty set to the full one and never enters a set twice (Liberis and
// Lane, arXiv 1910.05110; Ahn et al., "Ordering Chaos", MLSys 2020). A ceiling bounds the bytes in any step; when no
// set is left below it, it rises to the least that a refused step would need, and the search goes on from the sets that
// refused it:
//
//     ceiling 10    {} ── a ──> {a} ── b ──> {a,b}       c needs 14: the set {a,b} waits in a heap under 14
//     ceiling 14                               └── c ──> {a,b,c} ...
//
// So the first order found has the least peak, and the ceiling is a lower bound at any time. What is alive is a
// submodular function of the set that ran; hence, without loss, where a step under the ceiling leaves no more alive
// than before it, it is taken at once, and so is a chain of steps that does (the valleys of Liu, SIAM J. Algebraic and
// Discrete Methods 8, 1987).
#pragma once

#include "ordering/order_problem.hpp"

namespace tmpass {

struct OrderRules {
    bool descend = true;  // take a step that leaves no more alive
    bool chains = true;   // take a chain of steps that does
    bool hills = true;    // of parallel chains, take only the one with the right hill and valley further
    bool twins = true;    // sets that differ only in which of several equal chains ran are the same
};

struct SearchedOrder {
    std::vector<Index> order;  // empty where none has a peak below `upper`, or where the states were used up
    Bytes bound;               // no order has a peak below it
    std::int64_t states;       // sets entered; more where those cost more than in any real model
};

inline constexpr std::int64_t kMostStates = std::int64_t{1} << 30;  // sets are numbered with 32 bits

// Looks for an order with a peak below `upper`, where none is known below `lower`, entering at most `limit` sets, which
// is at most kMostStates.
// The same arguments give the same answer. Throws Cancelled.
SearchedOrder search_orders(const OrderProblem& problem, Bytes lower, Bytes upper, std::int64_t limit,
                            const OrderRules& rules, const Interrupted& interrupted);

}  // namespace tmpass
