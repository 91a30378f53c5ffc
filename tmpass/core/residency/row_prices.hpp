// A price for each row of each memory, and the lower bound on the cost that follows (Lagrangian relaxation): a buffer
// pays for the bytes that it takes, and what a memory could earn at most is given back.
//
//     cost of any placement  >=  sum of each buffer's cheapest memory, prices included,  -  sum of price * capacity
#pragma once

#include <cstdint>
#include <vector>

#include "residency/placement_problem.hpp"

namespace tmpass::residency {

// Prices and costs are whole numbers, so that a bound is the same on every machine. A cost of 1 counts 2^shift.
class RowPrices {
  public:
    // Prices that make the bound high, by subgradient steps: the price of a row rises where the buffers that choose the
    // memory take more than its capacity, and falls where they take less.
    RowPrices(const PlacementProblem& problem, const Interrupted& interrupted);

    int shift() const { return shift_; }

    // What one byte pays from row `first` to before row `last`.
    std::int64_t of(Index memory, Index first, Index last) const {
        const std::int64_t* sums = sums_.data() + memory * stride_;
        return sums[last] - sums[first];
    }

    // What buffer i pays for its rows in a memory, without its cost there.
    std::int64_t of_buffer(Index i, Index memory) const;

    // A lower bound on what buffers i and later add, less what all rows from `row` on could earn.
    std::int64_t still_to_pay(Index i, Index row) const { return buffers_[i] - rows_[row]; }

    // A lower bound on the cost of every placement, times 2^shift.
    std::int64_t bound() const { return still_to_pay(0, 0); }

  private:
    void choose_scale();
    void improve(const Interrupted& interrupted);
    void add_up(const std::vector<std::int64_t>& price);
    Index cheapest(Index i) const;
    std::int64_t priced(Index i, Index memory) const;

    const PlacementProblem& problem_;
    std::size_t stride_;
    int shift_ = 0;
    std::int64_t highest_ = 0;           // no price is above it
    std::vector<std::int64_t> sums_;     // of prices before a row, for each memory
    std::vector<std::int64_t> buffers_;  // of the cheapest prices of buffers i and later
    std::vector<std::int64_t> rows_;     // of price times capacity, of this row and later ones, in all memories
};

}  // namespace tmpass::residency
