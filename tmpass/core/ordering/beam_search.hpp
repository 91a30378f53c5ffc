// Beam search for an order: of all sets of a size that have run, only the best few are followed.
#pragma once

#include "ordering/order_problem.hpp"

namespace tmpass::ordering {

// An order of all operators. Sets are ranked by their peak so far, where peaks up to `enough` bytes are equally good,
// then by live bytes; `width` sets of each size are followed. Throws Cancelled.
std::vector<Index> beam_order(const OrderProblem& problem, Index width, Bytes enough, const Interrupted& interrupted);

}  // namespace tmpass::ordering
