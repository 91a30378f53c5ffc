#include "residency/row_prices.hpp"

#include <algorithm>

namespace tmpass::residency {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 60;
constexpr int kMaxShift = 30;

// On 21 networks, with fast memories of 1/2, 1/4 and 1/8 of their peak, the bound ends within 1 % of that of linear
// programming, most often within 0.1 %.
constexpr int kRounds = 400;
constexpr int kSlower = 48;  // the step loses one part in this many in each round

}  // namespace

RowPrices::RowPrices(const PlacementProblem& problem, const Interrupted& interrupted)
    : problem_(problem), stride_(std::size_t(problem.rows) + 1) {
    choose_scale();
    improve(interrupted);
}

// A price above the most that a byte can save helps nobody. Prices up to that must not overflow when they are added up
// over all rows and multiplied by all bytes.
void RowPrices::choose_scale() {
    std::int64_t costs = 1, per_byte = 1;
    Bytes bytes = 1;
    for (const Bytes capacity : problem_.capacity) bytes += capacity;
    for (const Bytes taken : problem_.bytes) bytes += taken;
    for (Index i = 0; i < problem_.count(); ++i) {
        std::int64_t most = 0;
        for (Index m = 0; m < problem_.memories; ++m) most = std::max(most, problem_.cost_of(i, m));
        costs += most;
        for (Index p = problem_.pieces.start[i]; p < problem_.pieces.start[i + 1]; ++p)
            for (Index m = 0; m < problem_.memories; ++m)
                if (problem_.bytes_of(p, m) > 0) per_byte = std::max(per_byte, most / problem_.bytes_of(p, m) + 1);
    }
    const std::int64_t room = std::max<std::int64_t>(kMost / std::max<Index>(problem_.rows, 1) / bytes, 1);
    highest_ = std::min(per_byte, room);
    while (shift_ < kMaxShift && costs <= kMost >> (shift_ + 1) && highest_ <= room / 2) {
        ++shift_;
        highest_ *= 2;
    }
}

void RowPrices::improve(const Interrupted& interrupted) {
    const Index rows = problem_.rows, memories = problem_.memories;
    std::vector<std::int64_t> price(std::size_t(memories) * rows, 0), best = price;
    std::vector<Bytes> load(memories * stride_);
    add_up(price);
    std::int64_t highest = bound(), step = highest_ / 2;
    for (int round = 0; round < kRounds && step > 0; ++round, step -= step / kSlower + 1) {
        std::ranges::fill(load, 0);
        for (Index i = 0; i < problem_.count(); ++i) {
            const Index m = cheapest(i);
            for (Index p = problem_.pieces.start[i]; p < problem_.pieces.start[i + 1]; ++p) {
                load[m * stride_ + problem_.pieces.rows[p].first] += problem_.bytes_of(p, m);
                load[m * stride_ + problem_.pieces.rows[p].last] -= problem_.bytes_of(p, m);
            }
        }
        for (Index m = 0; m < memories; ++m) {
            const Bytes capacity = problem_.capacity[m];
            Bytes taken = 0;
            for (Index r = 0; r < rows && capacity > 0; ++r) {
                taken += load[m * stride_ + r];
                const Bytes excess = std::min(taken - capacity, capacity);
                const auto change = static_cast<std::int64_t>(static_cast<__int128>(step) * excess / capacity);
                std::int64_t& own = price[std::size_t(m) * rows + r];
                own = std::clamp<std::int64_t>(own + change, 0, highest_);
            }
        }
        add_up(price);
        if (bound() > highest) highest = bound(), best = price;
        if (interrupted()) throw Cancelled();
    }
    add_up(best);
}

void RowPrices::add_up(const std::vector<std::int64_t>& price) {
    const Index rows = problem_.rows, memories = problem_.memories;
    sums_.assign(memories * stride_, 0);
    rows_.assign(stride_, 0);
    for (Index m = 0; m < memories; ++m) {
        const std::int64_t* own = price.data() + std::size_t(m) * rows;
        for (Index r = 0; r < rows; ++r) sums_[m * stride_ + r + 1] = sums_[m * stride_ + r] + own[r];
        for (Index r = rows - 1; r >= 0; --r) rows_[r] += of(m, r, rows) * problem_.capacity[m];
    }
    buffers_.assign(problem_.count() + 1, 0);
    for (Index i = problem_.count() - 1; i >= 0; --i) buffers_[i] = buffers_[i + 1] + priced(i, cheapest(i));
}

Index RowPrices::cheapest(Index i) const {
    Index best = -1;
    for (Index m = 0; m < problem_.memories; ++m)
        if (problem_.cost_of(i, m) >= 0 && (best < 0 || priced(i, m) < priced(i, best))) best = m;
    return best;
}

std::int64_t RowPrices::priced(Index i, Index memory) const {
    return (problem_.cost_of(i, memory) << shift_) + of_buffer(i, memory);
}

std::int64_t RowPrices::of_buffer(Index i, Index memory) const {
    std::int64_t sum = 0;
    for (Index p = problem_.pieces.start[i]; p < problem_.pieces.start[i + 1]; ++p) {
        const Piece& piece = problem_.pieces.rows[p];
        sum += problem_.bytes_of(p, memory) * of(memory, piece.first, piece.last);
    }
    return sum;
}

}  // namespace tmpass::residency
