// A price for each byte of demand of each row, and the lower bound on the cost that follows (Lagrangian relaxation): an
// absence earns the price of what it covers, and whatever is not covered is paid.
//
//     cost of any choice  >=  sum of price * demand  +  sum over versions of costs less earnings, where that is below 0
#pragma once

#include <cstdint>
#include <vector>

#include "residency/absence_repair.hpp"
#include "residency/absences.hpp"

namespace tmpass::residency {

// Prices and costs are whole numbers, so that a bound is the same on every machine. A cost of 1 counts 2^shift.
class AbsencePrices {
  public:
    // Prices that make the bound high, by subgradient steps: the price of a row rises where the absences that earn more
    // than they cost do not cover its demand, and falls where they cover more.
    AbsencePrices(const AbsenceProblem& problem, const Interrupted& interrupted);

    // Raises the bound where that is possible, with the cost of a known choice in view. Where prices suggest a cheaper
    // choice, it takes the place of the known one.
    void raise_towards(AbsenceChoice& known, const Interrupted& interrupted);

    int shift() const { return shift_; }

    std::int64_t of_row(Index row) const { return price_[row]; }

    // The cost of absence i, without its spill, less its earnings; 0 where that is above 0. Times 2^shift.
    std::int64_t net(Index i) const;

    // A lower bound on the cost of every choice, times 2^shift.
    std::int64_t bound() const { return bound_; }

  private:
    void choose_scale();
    void improve(const Interrupted& interrupted);
    std::int64_t relax();
    void move(std::int64_t found, double goal, double part, std::vector<double>& direction);
    bool is_taken(Index i) const;

    const AbsenceProblem& problem_;
    int shift_ = 0;
    std::vector<std::int64_t> price_, highest_;  // of each row; no price is above the highest
    std::vector<std::int64_t> earned_;           // by the absences of each version, what they cost less
    std::vector<Bytes> covered_;                 // of each row, by the absences that earn more than they cost
    std::int64_t bound_ = 0;
};

}  // namespace tmpass::residency
