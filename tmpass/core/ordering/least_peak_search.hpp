// The order with the least peak, by a search over sets of operators that have run.
//
// The bytes alive between two steps depend only on the set of operators that have run, which is closed under "comes
// before" (a downset). The search walks from the empty set to the full one and never enters a set twice (Liberis and
// Lane, arXiv 1910.05110; Ahn et al., "Ordering Chaos", MLSys 2020). A ceiling bounds the bytes in any step. When no
// set is left below it, it rises to the least that a refused step would need, and the search goes on from the sets that
// refused such a step:
//
//     ceiling 10    {} ── a ──> {a} ── b ──> {a,b}       c needs 14: the set {a,b} waits in a heap under 14
//     ceiling 14                               └── c ──> {a,b,c} ...
//
// So the first order found has the least peak, and the ceiling is a lower bound at any time. Live bytes are a
// submodular function of the set that ran. Hence, without loss, a step under the ceiling that leaves no more bytes
// alive than before is taken at once, and so is a chain of steps that does (the valleys of Liu, SIAM J. Algebraic and
// Discrete Methods 8, 1987).
#pragma once

#include "ordering/order_problem.hpp"

namespace tmpass::ordering {

// Switches of the rules, for tests. No switch changes a proof.
struct OrderRules {
    bool descend = true;  // a step that leaves no more bytes alive is taken at once
    bool chains = true;   // so is a chain of steps that leaves no more bytes alive
    bool hills = true;    // of parallel chains, only the one with the best hill and valley goes on
    bool twins = true;    // sets that differ only in which of equal components ran are the same
};

struct SearchedOrder {
    std::vector<Index> order;  // empty where none has a peak below `upper`, or the budget ended
    Bytes bound;               // a lower bound on the peak of every order
    std::int64_t states;       // sets entered; more where a set costs more than in any real model
};

inline constexpr std::int64_t kMaxStates = std::int64_t{1} << 30;  // sets are numbered with 32 bits

// Looks for an order with a peak below `upper`; `lower` is a proved lower bound. Enters at most `limit` sets, which is
// at most kMaxStates. The same arguments give the same answer. Throws Cancelled.
SearchedOrder search_orders(const OrderProblem& problem, Bytes lower, Bytes upper, std::int64_t limit,
                            const OrderRules& rules, const Interrupted& interrupted);

}  // namespace tmpass::ordering
