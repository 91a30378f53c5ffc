// One order of all operators, and stretches of it as problems of their own.
//
//     order      a  b [c  d  e] f  g        what c, d and e use and others use before or after is alive before or
//     after;
//                      part(2, 5)           what only passes through is one item without users
//
// A better order of a part goes back with reorder: nothing outside the stretch changes.
#pragma once

#include <span>
#include <vector>

#include "ordering/order_problem.hpp"

namespace tmpass {

class OrderParts {
  public:
    // `order` is one of all operators of `problem` in which each comes after those it waits for.
    OrderParts(const OrderProblem& problem, std::vector<Index> order);

    const std::vector<Index>& order() const { return order_; }
    const std::vector<Bytes>& profile() const { return during_; }  // bytes alive while each runs, in order

    // The operators at [begin, end), numbered from 0 in the present order.
    OrderProblem part(Index begin, Index end);

    // Puts the operators from `begin` on into the order `local`, of numbers as in the part.
    void reorder(Index begin, std::span<const Index> local);

  private:
    void note_items(OrderProblem& part, Index begin, Index end);
    void note_operators(OrderProblem& part, Index begin, Index end) const;

    const OrderProblem* problem_;
    std::vector<Index> order_, position_;
    std::vector<Bytes> during_, live_before_;  // by position
    std::vector<Index> part_item_;             // item -> its number in the part at hand, -1 in none
};

}  // namespace tmpass
