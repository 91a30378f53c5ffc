// One order of all operators, and ranges of it as problems of their own.
//
//     order      a  b [c  d  e] f  g        An item that c, d or e uses, and others use before or after them, is alive
//                      part(2, 5)           before or after the part. All items that are only alive throughout the part
//                                           are one item without users.
//
// A better order of a part goes back with reorder(): nothing outside the range changes.
#pragma once

#include <span>
#include <vector>

#include "ordering/order_problem.hpp"

namespace tmpass::ordering {

class OrderParts {
  public:
    // `order` is a topological order of all operators of `problem`, which must outlive this.
    OrderParts(const OrderProblem& problem, std::vector<Index> order);

    const std::vector<Index>& order() const { return order_; }
    const std::vector<Bytes>& profile() const { return during_; }  // live bytes while each runs, by position

    // The operators at [begin, end), numbered from 0 in the present order.
    OrderProblem part(Index begin, Index end);

    // Puts the operators from `begin` on into the order `local`, which has their numbers in the part.
    void reorder(Index begin, std::span<const Index> local);

  private:
    void add_items(OrderProblem& part, Index begin, Index end);
    void add_operators(OrderProblem& part, Index begin, Index end) const;

    const OrderProblem* problem_;
    std::vector<Index> order_, position_;
    std::vector<Bytes> during_, live_before_;  // by position
    std::vector<Index> part_item_;             // item -> its number in the part at hand, -1 in none
};

}  // namespace tmpass::ordering
