// The set of operators that have run, and the live bytes then. Operators run and are taken back.
//
// Invariant: live bytes depend only on the set, not on the order in which it ran.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "ordering/order_problem.hpp"

namespace tmpass::ordering {

// Of running an operator: `during` bytes are alive in its step, and `change` more after it than before.
struct Effect {
    Bytes during, change;
};

class OrderState {
  public:
    explicit OrderState(const OrderProblem& problem);

    Bytes live() const { return live_; }
    Index done() const { return done_; }
    bool complete() const { return done_ == problem_->count(); }
    const std::vector<Index>& ready() const { return ready_; }  // in no particular order
    bool waits(Index op) const { return waiting_[op] != 0; }

    Effect effect(Index op) const;
    void run(Index op);
    void take_back(Index op);  // the one that ran last

  private:
    void make_ready(Index op);
    void make_unready(Index op);

    const OrderProblem* problem_;
    Bytes live_ = 0;
    Index done_ = 0;
    std::vector<Index> ready_, place_;  // place_: where in ready_ an operator stands
    std::vector<Index> waiting_;        // per operator: those it waits for that have not run
    std::vector<Index> left_;           // per item: users that have not run
};

inline Effect OrderState::effect(Index op) const {
    const OrderProblem& p = *problem_;
    Bytes born = 0, freed = 0;
    for (const Index item : p.items.of(op)) {
        const Index users = p.users.start[item + 1] - p.users.start[item];
        if (left_[item] == users && !p.first[item]) born += p.size[item];
        if (left_[item] == 1 && !p.last[item]) freed += p.size[item];
    }
    const auto ends = [&](Index item) { return left_[item] == 1 && !p.last[item]; };
    const Bytes saved = saved_in_place(p, p.in_place.of(op), ends);
    const Bytes beginning = done_ == 0 ? p.beginning : 0;
    return {live_ + born + p.scratch[op] - saved + beginning, born - freed};
}

inline void OrderState::make_ready(Index op) {
    place_[op] = static_cast<Index>(ready_.size());
    ready_.push_back(op);
}

inline void OrderState::make_unready(Index op) {
    const Index hole = place_[op], moved = ready_.back();
    ready_[hole] = moved;
    place_[moved] = hole;
    ready_.pop_back();
}

inline void OrderState::run(Index op) {
    live_ += effect(op).change;
    ++done_;
    for (const Index item : problem_->items.of(op)) --left_[item];
    make_unready(op);
    for (const Index next : problem_->after.of(op))
        if (--waiting_[next] == 0) make_ready(next);
}

inline void OrderState::take_back(Index op) {
    for (const Index next : problem_->after.of(op))
        if (waiting_[next]++ == 0) make_unready(next);
    make_ready(op);
    for (const Index item : problem_->items.of(op)) ++left_[item];
    --done_;
    live_ -= effect(op).change;
}

}  // namespace tmpass::ordering
