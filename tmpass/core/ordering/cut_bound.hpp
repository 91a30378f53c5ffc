// What no order can go below.
//
// While operator v runs, all that it waits for has run and nothing that waits for it has. Among the sets of operators
// like that, the one that keeps least alive is a minimum cut:
//
//      ran before                        |  runs later
//      what v waits for ── made it ──> (item) ── uses it ──> what waits for v
//                                        |  an item is cut, at its size, where it is alive
//
// The largest over all v bounds every order; where an order's peak meets it, the order is proved to be the best.
#pragma once

#include "ordering/order_problem.hpp"

namespace tmpass {

struct OrderBound {
    Bytes bytes;   // no order has a lower peak
    Index op;      // the operator whose step needs that much in any order; -1 where there is none
    Index solved;  // minimum cuts computed
};

// `during` are the bytes of each operator, by its number, in some order, which no cut at that operator can exceed:
// those that need most are looked at first, until no other can give more, or after `limit` cuts. Throws Cancelled.
OrderBound bound_orders(const OrderProblem& problem, std::span<const Bytes> during, Index limit,
                        const Interrupted& interrupted);

}  // namespace tmpass
