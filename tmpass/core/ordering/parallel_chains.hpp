// Chains side by side, of which only one needs to be taken further at a time.
//
//           ┌─ a1 ─ a2 ─┐        What an operator of such a chain brings and frees does not depend on what else ran.
//      f ──>├─ b1 ─ b2 ─┤──> j   Then an order is best in which each chain runs from valley to valley, and which goes
//           └─ c1 ─ c2 ─┘        next follows from its hill and valley alone:
//
//      alive     /\  hill        first what ends no higher than it begins, the lowest hill first;
//               /  \_ valley     then the others, the greatest fall from hill to valley first.
//            __/
//
// Liu, SIAM J. Algebraic and Discrete Methods 8 (1987), for trees; Abdel-Wahab and Kameda, Operations Research 26
// (1978), and Monma and Sidney, Mathematics of Operations Research 4 (1979), for series-parallel orders.
#pragma once

#include <tuple>
#include <vector>

#include "ordering/order_problem.hpp"

namespace tmpass {

class ParallelChains {
  public:
    explicit ParallelChains(const OrderProblem& problem);

    // Chains of one group begin anywhere and end before the same operators; -1: the operator begins no such chain.
    Index group(Index op) const { return group_[op]; }

    // Of the operators of one group that can run, the one with the least rank needs to be tried.
    std::tuple<bool, Bytes, Index> rank(Index op) const { return {rises_[op], key_[op], op}; }

  private:
    std::vector<Index> group_;
    std::vector<char> rises_;  // its first stretch ends higher than it begins
    std::vector<Bytes> key_;
};

}  // namespace tmpass
