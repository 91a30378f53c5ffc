#include "ordering/order_parts.hpp"

#include <algorithm>

#include "ordering/order_state.hpp"

namespace tmpass::ordering {

OrderParts::OrderParts(const OrderProblem& problem, std::vector<Index> order)
    : problem_(&problem), order_(std::move(order)), position_(order_.size()), part_item_(problem.item_count(), -1) {
    OrderState state(problem);
    for (Index at = 0; at < problem.count(); ++at) {
        position_[order_[at]] = at;
        live_before_.push_back(state.live());
        during_.push_back(state.effect(order_[at]).during);
        state.run(order_[at]);
    }
}

OrderProblem OrderParts::part(Index begin, Index end) {
    OrderProblem part;
    part.partial = problem_->partial;
    if (begin == 0) part.beginning = problem_->beginning;
    add_items(part, begin, end);
    add_operators(part, begin, end);
    part.before = transposed(part.after, part.count());
    part.items = transposed(part.users, part.count());
    for (Index at = begin; at < end; ++at)
        for (const Index item : problem_->items.of(order_[at])) part_item_[item] = -1;
    return part;
}

void OrderParts::add_items(OrderProblem& part, Index begin, Index end) {
    Bytes passing = live_before_[begin];
    std::vector<Index> inside;
    for (Index at = begin; at < end; ++at) {
        for (const Index item : problem_->items.of(order_[at])) {
            if (part_item_[item] >= 0) continue;
            part_item_[item] = part.item_count();
            bool first = problem_->first[item], last = problem_->last[item];
            inside.clear();
            for (const Index op : problem_->users.of(item)) {
                if (position_[op] < begin)
                    first = true;
                else if (position_[op] >= end)
                    last = true;
                else
                    inside.push_back(position_[op] - begin);
            }
            std::ranges::sort(inside);
            part.size.push_back(problem_->size[item]);
            part.first.push_back(first);
            part.last.push_back(last);
            part.users.values.insert(part.users.values.end(), inside.begin(), inside.end());
            part.users.end_list();
            if (first) passing -= problem_->size[item];
        }
    }
    if (passing > 0) {
        part.size.push_back(passing);
        part.first.push_back(true);
        part.last.push_back(true);
        part.users.end_list();
    }
}

void OrderParts::add_operators(OrderProblem& part, Index begin, Index end) const {
    std::vector<Index> next;
    part.in_place.start.push_back(0);
    for (Index at = begin; at < end; ++at) {
        const Index op = order_[at];
        next.clear();
        for (const Index other : problem_->after.of(op))
            if (position_[other] < end) next.push_back(position_[other] - begin);
        std::ranges::sort(next);
        part.after.values.insert(part.after.values.end(), next.begin(), next.end());
        part.after.end_list();
        part.scratch.push_back(problem_->scratch[op]);
        for (const InPlace& option : problem_->in_place.of(op)) {
            InPlace& kept = part.in_place.rows.emplace_back(option);
            for (Index& item : kept.items) item = part_item_[item];
        }
        part.in_place.start.push_back(static_cast<Index>(part.in_place.rows.size()));
    }
}

void OrderParts::reorder(Index begin, std::span<const Index> local) {
    const Index end = begin + static_cast<Index>(local.size());
    const OrderProblem changed = part(begin, end);
    OrderState state(changed);
    std::vector<Index> ops;
    for (Index at = begin; at < end; ++at) {
        const Index op = local[at - begin];
        ops.push_back(order_[begin + op]);
        live_before_[at] = state.live();
        during_[at] = state.effect(op).during;
        state.run(op);
    }
    for (Index at = begin; at < end; ++at) {
        order_[at] = ops[at - begin];
        position_[order_[at]] = at;
    }
}

}  // namespace tmpass::ordering
