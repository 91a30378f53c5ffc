// A lower bound on the peak of every order, by minimum cuts.
//
// While operator v runs, all that it waits for has run and nothing that waits for it has. Of the sets of operators that
// may have run then, the one with the fewest live bytes is a minimum cut:
//
//      ran before                          |  runs later
//      what v waits for ── made it ──> (item) ── uses it ──> what waits for v
//                                          |  an item is cut, at its size, where it is alive
//
// The largest over all v bounds every order. An order whose peak meets it is proved to be optimal.
#pragma once

#include "ordering/order_problem.hpp"

namespace tmpass::ordering {

struct OrderBound {
    Bytes bytes;   // no order has a lower peak
    Index op;      // the operator whose step needs that much in any order; -1 where there is none
    Index solved;  // minimum cuts computed
};

// `during` are the bytes alive while each operator runs, by its number, in some order; no cut at an operator exceeds
// them. So operators with the most bytes come first, until no other can raise the bound, or after `limit` cuts. Throws
// Cancelled.
OrderBound bound_orders(const OrderProblem& problem, std::span<const Bytes> during, Index limit,
                        const Interrupted& interrupted);

}  // namespace tmpass::ordering
