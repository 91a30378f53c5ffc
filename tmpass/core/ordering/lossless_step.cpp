#include "ordering/lossless_step.hpp"

#include <tuple>

namespace tmpass::ordering {

namespace {

constexpr int kLongestChain = 64;

// Of the operators that waited only for `op`, which has just run, the one within the ceiling that leaves the fewest
// bytes alive; -1 if there is none.
Index follower(const OrderState& state, const OrderProblem& problem, Index op, Bytes ceiling) {
    Index best = -1;
    Bytes least = 0;
    for (const Index next : problem.after.of(op)) {
        if (state.waits(next)) continue;
        const Effect effect = state.effect(next);
        if (effect.during <= ceiling && (best < 0 || effect.change < least)) {
            best = next;
            least = effect.change;
        }
    }
    return best;
}

bool chain_ends_lower(OrderState& state, const OrderProblem& problem, Index op, Bytes ceiling) {
    const Bytes start = state.live();
    std::vector<Index> chain;
    while (op >= 0 && static_cast<int>(chain.size()) < kLongestChain) {
        state.run(op);
        chain.push_back(op);
        if (state.live() <= start) break;
        op = follower(state, problem, op, ceiling);
    }
    const bool lower = state.live() <= start;
    for (; !chain.empty(); chain.pop_back()) state.take_back(chain.back());
    return lower;
}

}  // namespace

Index lossless_step(OrderState& state, const OrderProblem& problem, Bytes ceiling, const OrderRules& rules) {
    std::tuple<Bytes, Bytes, Index> best{0, 0, -1};
    if (!rules.descend) return -1;
    for (const Index op : state.ready()) {
        const auto [during, change] = state.effect(op);
        if (during > ceiling || change > 0) continue;
        if (std::get<2>(best) < 0 || std::tuple(change, during, op) < best) best = {change, during, op};
    }
    if (std::get<2>(best) >= 0 || !rules.chains) return std::get<2>(best);
    std::vector<Index> ready(state.ready());  // running changes the list
    std::ranges::sort(ready);
    for (const Index op : ready)
        if (state.effect(op).during <= ceiling && chain_ends_lower(state, problem, op, ceiling)) return op;
    return -1;
}

}  // namespace tmpass::ordering
