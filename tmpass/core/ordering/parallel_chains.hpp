// Parallel chains of operators, of which the search needs to continue only one at a time.
//
//           ┌─ a1 ─ a2 ─┐        The bytes that an operator of such a chain adds and frees do not depend on what else
//      f ──>├─ b1 ─ b2 ─┤──> j   ran. Then some optimal order runs each chain from valley to valley, and the next chain
//           └─ c1 ─ c2 ─┘        follows from hills and valleys alone:
//
//      live bytes  /\  hill      first chains that end no higher than they begin, the lowest hill first;
//                 /  \_ valley   then the others, the greatest fall from hill to valley first.
//              __/
//
// Liu, SIAM J. Algebraic and Discrete Methods 8 (1987), for trees; Abdel-Wahab and Kameda, Operations Research 26
// (1978), and Monma and Sidney, Mathematics of Operations Research 4 (1979), for series-parallel orders.
#pragma once

#include <tuple>
#include <vector>

#include "ordering/order_problem.hpp"

namespace tmpass::ordering {

class ParallelChains {
  public:
    explicit ParallelChains(const OrderProblem& problem);

    // Chains of one group begin anywhere and end before the same operators. -1: the operator does not begin such a
    // chain.
    Index group(Index op) const { return group_[op]; }

    // Of the operators of one group that can run, only the one with the least rank needs to be tried.
    std::tuple<bool, Bytes, Index> rank(Index op) const { return {rises_[op], key_[op], op}; }

  private:
    std::vector<Index> group_;
    std::vector<char> rises_;  // the chain never falls to the bytes before it
    std::vector<Bytes> key_;   // the hill, or where it rises the valley less the hill
};

}  // namespace tmpass::ordering
