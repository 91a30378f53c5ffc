// The order with the fewest bytes moved off chip and back, by a search over labels: sets of operators that have run,
// and where each item is then. Addresses are left out: at each step the bytes on chip are within the capacity.
//
//     {}  cost 0 ── a ──> {a} ── b, after x has left ──> {a,b}  cost 2 |x|, x is away ── c, which reads x ──> ...
//
// The cheapest label goes on first, so the first complete one is optimal, and the cost of the cheapest open label is a
// lower bound on every order at any time.
#pragma once

#include "residency/free_chains.hpp"

namespace tmpass::residency {

struct FreeOrder {
    std::vector<Index> order;  // empty where none costs less than `upper`, or the budget ended
    Bytes cost = 0;            // of that order, without addresses
    Bytes bound = 0;           // no order costs less, or less than `upper`
    std::int64_t labels = 0;   // kept; more where comparing them takes long
};

// Looks for the cheapest order, where that costs less than `upper`, with at most `limit` labels. Where `sets` is not 0,
// labels are rated by the least peak that is still to come as well; that many sets may be entered to find it. Throws
// Cancelled.
FreeOrder search_labels(const FreeOrderProblem& problem, Bytes upper, std::int64_t limit, std::int64_t sets,
                        Chains chains, const Interrupted& interrupted);

}  // namespace tmpass::residency
