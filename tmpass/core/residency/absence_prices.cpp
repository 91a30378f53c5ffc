#include "residency/absence_prices.hpp"

#include <algorithm>

namespace tmpass::residency {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 60;
constexpr int kMaxShift = 20;

// The first prices: enough for the networks of the problem files.
constexpr int kRounds = 300;
constexpr int kSlower = 32;        // the step loses one part in this many in each round
constexpr int kFractionBits = 20;  // of a step, which is a fraction of the highest price

// With a choice in view. On drawn networks of 200 to 3,000 operators, the bound ends at 0.91 to 1.09 of that of linear
// programming on the plain rows, 0.98 in the median; the first prices reach 0.48 to 1.09, 0.88 in the median.
constexpr std::int64_t kTargetRounds = 3000;
constexpr std::int64_t kTargetLooks = 100'000'000;  // at covers
constexpr std::int64_t kVain = 30;                  // rounds before the step is halved
constexpr std::int64_t kRepair = 10;                // rounds from one choice to the next
constexpr double kLeastPart = 0.002;                // of a whole step
constexpr double kMomentum = 0.5;                   // the weight of earlier directions

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
        if (!is_taken(i)) continue;
        for (const Cover& cover : problem_.covers.of(i)) covered_[cover.row] += cover.bytes;
    }
    return bound;
}

// Whether absence i earns more than it costs, with its version, after `relax`.
bool AbsencePrices::is_taken(Index i) const {
    const Index version = problem_.version[i];
    return net(i) < 0 && (version < 0 || earned_[version] < 0);
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

// Each step is as long as would meet the target if the bound went on rising as steeply as here (Polyak's rule), but
// along the mean of the last directions. It is shortened where no step of some rounds raised the bound.
//
// Fractions decide only which whole prices are tried. They are the same everywhere: no operation is contracted
// (-ffp-contract=off).
void AbsencePrices::raise_towards(AbsenceChoice& known, const Interrupted& interrupted) {
    std::vector<std::int64_t> best = price_;
    std::vector<double> direction(problem_.rows(), 0.0);
    double part = 1.0;
    std::int64_t vain = 0;
    const auto looks = static_cast<std::int64_t>(problem_.covers.rows.size()) + 1;
    const std::int64_t rounds = std::min(kTargetRounds, std::max(kVain, kTargetLooks / looks));
    for (std::int64_t round = 0; round < rounds && part > kLeastPart; ++round) {
        std::int64_t found = relax();
        if (found > bound_) {
            bound_ = found, best = price_, vain = 0;
        } else if (++vain > kVain) {
            price_ = best, vain = 0, part /= 2;
            std::ranges::fill(direction, 0.0);
            found = relax();
        }
        if (round % kRepair == 0) {
            std::vector<bool> taken(problem_.count());
            for (Index i = 0; i < problem_.count(); ++i) taken[i] = is_taken(i);
            AbsenceChoice made = repaired(problem_, price_, std::move(taken));
            if (made.cost < known.cost) known = std::move(made);
        }
        const double goal = static_cast<double>(known.cost) * static_cast<double>(std::int64_t{1} << shift_);
        if (static_cast<double>(bound_) >= goal) break;
        move(found, goal, part, direction);
        if (interrupted()) throw Cancelled();
    }
    price_ = best;
}

// Moves the prices along the direction. With `part` 1, a bound that goes on rising as steeply would meet the goal.
void AbsencePrices::move(std::int64_t found, double goal, double part, std::vector<double>& direction) {
    const Index rows = problem_.rows();
    double norm = 0.0;
    for (Index r = 0; r < rows; ++r) {
        double missing = static_cast<double>(problem_.demand[r] - covered_[r]);
        if (price_[r] == 0 && missing < 0) missing = 0;
        direction[r] = missing + kMomentum * direction[r];
        const double bytes = direction[r] * static_cast<double>(problem_.unit[r]);
        norm += bytes * bytes;
    }
    if (norm == 0.0) return;
    const double rate = part * (goal - static_cast<double>(found)) / norm;
    for (Index r = 0; r < rows; ++r) {
        const double unit = static_cast<double>(problem_.unit[r]), most = static_cast<double>(highest_[r]);
        const double change = std::clamp(rate * direction[r] * unit * unit, -most, most);
        price_[r] = std::clamp<std::int64_t>(price_[r] + static_cast<std::int64_t>(change), 0, highest_[r]);
    }
}

}  // namespace tmpass::residency
