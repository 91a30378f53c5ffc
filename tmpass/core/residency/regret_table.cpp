#include "residency/regret_table.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace tmpass::residency {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 60;

using Row = std::vector<std::int64_t>;  // the least regrets for each sum, in units; above `most_` where there is none

class RegretTable {
  public:
    RegretTable(OptionGroups groups, std::vector<std::int64_t> regrets, Bytes capacity, std::int64_t most)
        : groups_(std::move(groups)), regrets_(std::move(regrets)), most_(most) {
        for (const Bytes bytes : groups_.options) unit_ = std::gcd(unit_, bytes);
        unit_ = std::max<Bytes>(unit_, 1);
        for (Bytes& bytes : groups_.options) bytes /= unit_;
        for (std::int64_t& regret : regrets_) regret = std::min(regret, most_ + 1);
        cells_ = capacity / unit_ + 1;
        while (stride_ * stride_ < groups_.count()) ++stride_;
    }

    LeastLoss solve(Bytes capacity, std::int64_t price, const Interrupted& interrupted) {
        Row row(cells_, most_ + 1);
        row[0] = 0;
        for (Index g = 0; g < groups_.count(); ++g) {
            if (g % stride_ == 0) kept_.push_back(row);
            row = with_group(row, g);
            if (interrupted()) throw Cancelled();
        }
        LeastLoss found;
        Bytes best = -1;
        for (Bytes sum = 0; sum < cells_; ++sum) {
            if (row[sum] > most_) continue;
            const std::int64_t loss = row[sum] + price * (capacity - sum * unit_);
            if (found.loss < 0 || loss < found.loss) found.loss = loss, best = sum;
        }
        if (best >= 0) found.options = choose(best);
        return found;
    }

  private:
    Row with_group(const Row& before, Index g) const {
        Row after(cells_, most_ + 1);
        for (Index o = groups_.start[g]; o < groups_.start[g + 1]; ++o) {
            const Bytes bytes = groups_.options[o];
            const std::int64_t regret = regrets_[o];
            if (bytes >= cells_ || regret > most_) continue;
            const std::int64_t* in = before.data();
            std::int64_t* out = after.data() + bytes;
            const Bytes count = cells_ - bytes;
            for (Bytes i = 0; i < count; ++i) out[i] = std::min(out[i], in[i] + regret);
        }
        return after;
    }

    std::vector<Index> choose(Bytes sum) const {
        std::vector<Index> chosen(groups_.count());
        for (Index segment = static_cast<Index>(kept_.size()) - 1; segment >= 0; --segment) {
            const Index first = segment * stride_, last = std::min(first + stride_, groups_.count());
            std::vector<Row> rows{kept_[segment]};
            for (Index g = first; g < last; ++g) rows.push_back(with_group(rows.back(), g));
            for (Index g = last - 1; g >= first; --g) {
                const Row &before = rows[g - first], &after = rows[g - first + 1];
                Index o = groups_.start[g];
                while (groups_.options[o] > sum || before[sum - groups_.options[o]] + regrets_[o] != after[sum]) ++o;
                chosen[g] = o - groups_.start[g];
                sum -= groups_.options[o];
            }
        }
        return chosen;
    }

    OptionGroups groups_;
    std::vector<std::int64_t> regrets_;
    std::int64_t most_;
    Bytes unit_ = 0, cells_ = 1;
    Index stride_ = 1;
    std::vector<Row> kept_;  // kept_[i] is the row of the first i * stride_ groups
};

}  // namespace

LeastLoss least_loss(OptionGroups groups, std::vector<std::int64_t> regrets, Bytes capacity, std::int64_t price,
                     std::int64_t most, const Interrupted& interrupted) {
    if (regrets.size() != groups.options.size()) throw std::invalid_argument("each option must have a regret");
    if (std::ranges::any_of(regrets, [](std::int64_t regret) { return regret < 0 || regret > kMost; }))
        throw std::invalid_argument("a regret is not in 0 .. 2^60");
    if (most < 0 || most > kMost || capacity < 0 || price < 0 || (price > 0 && capacity > kMost / price))
        throw std::invalid_argument("the most, or the price of the capacity, is not in 0 .. 2^60");
    return RegretTable(std::move(groups), std::move(regrets), capacity, most).solve(capacity, price, interrupted);
}

}  // namespace tmpass::residency
