#include "residency/regret_table.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "vectorized.hpp"

namespace tmpass::residency {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 60;

// A row of the table: the least regrets for each sum, in units; `none` where no choice makes it.
template <typename Cell>
using Row = std::vector<Cell>;

// Most tables fit into 32 bits, where a vector holds twice as many cells. Regrets and cells are at most `none`, twice
// which is still a cell.
TMPASS_VECTORIZED void take_least(std::int32_t* out, const std::int32_t* in, std::int32_t regret, Bytes count) {
    for (Bytes i = 0; i < count; ++i) out[i] = std::min(out[i], in[i] + regret);
}

TMPASS_VECTORIZED void take_least(std::int64_t* out, const std::int64_t* in, std::int64_t regret, Bytes count) {
    for (Bytes i = 0; i < count; ++i) out[i] = std::min(out[i], in[i] + regret);
}

template <typename Cell>
class RegretTable {
  public:
    RegretTable(OptionGroups groups, const std::vector<std::int64_t>& regrets, Bytes capacity, std::int64_t most)
        : groups_(std::move(groups)), none_(static_cast<Cell>(most + 1)) {
        for (const Bytes bytes : groups_.options) unit_ = std::gcd(unit_, bytes);
        unit_ = std::max<Bytes>(unit_, 1);
        for (Bytes& bytes : groups_.options) bytes /= unit_;
        for (const std::int64_t regret : regrets) regrets_.push_back(static_cast<Cell>(std::min(regret, most + 1)));
        cells_ = capacity / unit_ + 1;
        while (stride_ * stride_ < groups_.count()) ++stride_;
    }

    LeastLoss solve(Bytes capacity, std::int64_t price, const Interrupted& interrupted) {
        Row<Cell> row(cells_, none_), next(cells_);
        row[0] = 0;
        for (Index g = 0; g < groups_.count(); ++g) {
            if (g % stride_ == 0) kept_.push_back(row);
            add_group(row, g, next);
            row.swap(next);
            if (interrupted()) throw Cancelled();
        }
        LeastLoss found;
        Bytes best = -1;
        for (Bytes sum = 0; sum < cells_; ++sum) {
            if (row[sum] >= none_) continue;
            const std::int64_t loss = row[sum] + price * (capacity - sum * unit_);
            if (found.loss < 0 || loss < found.loss) found.loss = loss, best = sum;
        }
        if (best >= 0) found.options = choose(best);
        return found;
    }

  private:
    void add_group(const Row<Cell>& before, Index g, Row<Cell>& after) const {
        std::ranges::fill(after, none_);
        for (Index o = groups_.start[g]; o < groups_.start[g + 1]; ++o) {
            const Bytes bytes = groups_.options[o];
            if (bytes < cells_ && regrets_[o] < none_)
                take_least(after.data() + bytes, before.data(), regrets_[o], cells_ - bytes);
        }
    }

    std::vector<Index> choose(Bytes sum) const {
        std::vector<Index> chosen(groups_.count());
        std::vector<Row<Cell>> rows(stride_ + 1, Row<Cell>(cells_));
        for (Index segment = static_cast<Index>(kept_.size()) - 1; segment >= 0; --segment) {
            const Index first = segment * stride_, last = std::min(first + stride_, groups_.count());
            rows[0] = kept_[segment];
            for (Index g = first; g < last; ++g) add_group(rows[g - first], g, rows[g - first + 1]);
            for (Index g = last - 1; g >= first; --g) {
                const Row<Cell>&before = rows[g - first], &after = rows[g - first + 1];
                Index o = groups_.start[g];
                while (groups_.options[o] > sum || before[sum - groups_.options[o]] + regrets_[o] != after[sum]) ++o;
                chosen[g] = o - groups_.start[g];
                sum -= groups_.options[o];
            }
        }
        return chosen;
    }

    OptionGroups groups_;
    std::vector<Cell> regrets_;
    Cell none_;  // above the most regrets
    Bytes unit_ = 0, cells_ = 1;
    Index stride_ = 1;
    std::vector<Row<Cell>> kept_;  // kept_[i] is the row of the first i * stride_ groups
};

}  // namespace

LeastLoss least_loss(OptionGroups groups, const std::vector<std::int64_t>& regrets, Bytes capacity, std::int64_t price,
                     std::int64_t most, const Interrupted& interrupted) {
    if (regrets.size() != groups.options.size()) throw std::invalid_argument("each option must have a regret");
    if (std::ranges::any_of(regrets, [](std::int64_t regret) { return regret < 0 || regret > kMost; }))
        throw std::invalid_argument("a regret is not in 0 .. 2^60");
    if (most < 0 || most > kMost || capacity < 0 || price < 0 || (price > 0 && capacity > kMost / price))
        throw std::invalid_argument("the most, or the price of the capacity, is not in 0 .. 2^60");
    if (most < (std::int64_t{1} << 30) - 1)
        return RegretTable<std::int32_t>(std::move(groups), regrets, capacity, most)
            .solve(capacity, price, interrupted);
    return RegretTable<std::int64_t>(std::move(groups), regrets, capacity, most).solve(capacity, price, interrupted);
}

}  // namespace tmpass::residency
