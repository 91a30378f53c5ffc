// Lossless steps: steps that can be taken at once, because they leave no more bytes alive than before.
#pragma once

#include <vector>

#include "ordering/least_peak_search.hpp"
#include "ordering/order_state.hpp"

namespace tmpass::ordering {

// An operator that may run next without loss, as long as no step may need more than `ceiling` bytes; -1 where none is
// known. Either it leaves no more bytes alive, or it begins a chain of steps, each of which waited for the one before
// it, that does at its end and not before. `state` is changed on the way and left as it was.
Index lossless_step(OrderState& state, const OrderProblem& problem, Bytes ceiling, const OrderRules& rules);

}  // namespace tmpass::ordering
