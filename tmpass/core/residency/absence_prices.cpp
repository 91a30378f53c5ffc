#include "residency/absence_prices.hpp"

#include <algorithm>

namespace tmpass::residency {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 60;
constexpr int kMaxShift = 20;

constexpr int kRounds = 300;
constexpr int kSlower = 32;        // the step loses one part in this many in each round
constexpr int kFractionBits = 20;  // of a step, which is a fraction of the highest price

}  // namespace

AbsencePrices::AbsencePrices(const AbsenceProblem& problem, const Interrupted& interrupted)
    : problem_(problem), price_(problem.rows(), 0), earned_(problem.spill.size()), covered_(problem.rows()) {
    choose_scale();
    improve(interrupted);
}

// A price above the most that an absence costs for each byte that it covers helps nobody. What all absences earn, and
// what all demands cost, must not overflow.
void AbsencePrices::choose_scale() {
    std::int64_t costs = 1, paid = 1;
    highest_.assign(problem_.rows(), 1);
    std::vector<Bytes> most_bytes(problem_.rows(), 0);
    for (const std::int64_t spill : problem_.spill) costs += spill;
    for (Index i = 0; i < problem_.count(); ++i) {
        const Index version = problem_.version[i];
        costs += problem_.fetch[i];
        const std::int64_t most = problem_.fetch[i] + (version >= 0 ? problem_.spill[version] : 0);
        for (const Cover& cover : problem_.covers.of(i)) {
            highest_[cover.row] = std::max(highest_[cover.row], most / cover.bytes + 1);
            most_bytes[cover.row] += cover.bytes;
        }
    }
    for (Index r = 0; r < problem_.rows(); ++r) {
        const Bytes bytes = most_bytes[r];  // at least the demand
        highest_[r] = std::min(highest_[r], std::max<std::int64_t>(kMost / problem_.rows() / bytes, 1));
        paid += highest_[r] * bytes;
    }
    while (shift_ < kMaxShift && costs <= kMost >> (shift_ + 1) && paid <= kMost >> (shift_ + 1)) ++shift_;
    for (std::int64_t& highest : highest_) highest <<= shift_;
}

std::int64_t AbsencePrices::net(Index i) const {
    std::int64_t cost = problem_.fetch[i] << shift_;
    for (const Cover& cover : problem_.covers.of(i)) cost -= price_[cover.row] * cover.bytes;
    return std::min<std::int64_t>(cost, 0);
}

// The bound of the present prices. Leaves in `covered_` what the absences cover that earn more than they cost.
std::int64_t AbsencePrices::relax() {
    std::int64_t bound = 0;
    for (Index r = 0; r < problem_.rows(); ++r) bound += price_[r] * problem_.demand[r];
    for (std::size_t v = 0; v < earned_.size(); ++v) earned_[v] = problem_.spill[v] << shift_;
    for (Index i = 0; i < problem_.count(); ++i) {
        const std::int64_t own = net(i);
        if (problem_.version[i] < 0)
            bound += own;
        else
            earned_[problem_.version[i]] += own;
    }
    for (const std::int64_t earned : earned_) bound += std::min<std::int64_t>(earned, 0);
    std::ranges::fill(covered_, 0);
    for (Index i = 0; i < problem_.count(); ++i) {
        const Index version = problem_.version[i];
        if (net(i) == 0 || (version >= 0 && earned_[version] >= 0)) continue;
        for (const Cover& cover : problem_.covers.of(i)) covered_[cover.row] += cover.bytes;
    }
    return bound;
}

void AbsencePrices::improve(const Interrupted& interrupted) {
    std::vector<std::int64_t> best = price_;
    std::int64_t step = std::int64_t{1} << (kFractionBits - 1);
    for (int round = 0; round < kRounds && step > 0; ++round, step -= step / kSlower + 1) {
        const std::int64_t found = relax();
        if (round == 0 || found > bound_) bound_ = found, best = price_;
        for (Index r = 0; r < problem_.rows(); ++r) {
            const Bytes demand = problem_.demand[r], missing = std::max(demand - covered_[r], -demand);
            const auto change = static_cast<std::int64_t>(
                static_cast<__int128>(highest_[r]) * step * missing / demand >> kFractionBits);
            price_[r] = std::clamp<std::int64_t>(price_[r] + change, 0, highest_[r]);
        }
        if (interrupted()) throw Cancelled();
    }
    price_ = best;
}

}  // namespace tmpass::residency
