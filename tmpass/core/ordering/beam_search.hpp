// Beam search for an order: of all sets of equally many operators that ran, only the best few are followed.
#pragma once

#include "ordering/order_problem.hpp"

namespace tmpass {

// An order of all operators. Sets are ranked by their peak so far, where peaks up to `enough` are equally good, then by
// what is alive; `width` of each size are followed. Throws Cancelled.
std::vector<Index> beam_order(const OrderProblem& problem, Index width, Bytes enough, const Interrupted& interrupted);

}  // namespace tmpass
