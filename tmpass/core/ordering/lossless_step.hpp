// Steps that can be taken without loss, because they leave no more alive than before.
#pragma once

#include <vector>

#include "ordering/least_peak_search.hpp"
#include "ordering/order_state.hpp"

namespace tmpass {

// An operator that may run next without loss, as long as no step is above `ceiling`; -1 where none is known. Either it
// leaves no more alive, or it begins a chain, in which each step waits for the one before, that does in the end and
// stays above that until then. `state` is changed on the way and left as it was.
Index step_without_loss(OrderState& state, const OrderProblem& problem, Bytes ceiling, const OrderRules& rules);

}  // namespace tmpass
