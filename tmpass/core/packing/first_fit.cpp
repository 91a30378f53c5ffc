#include "packing/first_fit.hpp"

#include <algorithm>
#include <optional>

#include "packing/forbidden_differences.hpp"
#include "packing/offset_index.hpp"
#include "vectorized.hpp"

namespace tmpass::packing {
namespace {

constexpr std::size_t kLooksBetweenChecks = 1 << 22;  // some milliseconds
constexpr int kMaxClimbs = 48, kClimbsToTry = 8;
constexpr Index kFewBuffers = 200;
constexpr double kCrowded = 0.1;
constexpr Index kFewAbove = 500;  // of 100,000 buffers with short lives some dozens end above the target

// An offset outside the `forbidden` ranges, which it sorts; kNowhere if there is none.
Bytes choose_offset(std::vector<Range>& forbidden, Bytes alignment, Fit fit) {
    std::ranges::sort(forbidden);
    Bytes top = 0, offset = 0, best = kNowhere, least = kMaxBytes;
    for (const auto& [from, to] : forbidden) {
        if (from > offset) {  // [offset, from) is free to begin in
            if (fit == Fit::kLowest) return offset;
            if (from - offset < least) {
                least = from - top;
                best = offset;
            }
        }
        if (to > kMaxBytes) return best;
        if (to > top) {
            top = to;
            offset = align_up(top, alignment);
        }
    }
    return best == kNowhere ? offset : best;
}

// The lowest multiple of `alignment` in no forbidden range. Climbs: a range that begins at the offset or below it
// forbids everything up to its end. Where many short ranges lie one above another, sorting them takes fewer looks.
TMPASS_VECTORIZED Bytes choose_offset(const ForbiddenOffsets& forbidden, Bytes alignment,
                                      std::vector<std::uint64_t>& sorted) {
    const std::int32_t* const from = forbidden.from.data();
    const std::int32_t* const to = forbidden.to.data();
    Bytes offset = 0;
    std::int32_t highest = 0;
    for (std::size_t i = 0; i < forbidden.count; ++i) highest = to[i] > highest ? to[i] : highest;
    for (int climbs = 1; climbs <= kMaxClimbs; ++climbs) {
        const auto begun = static_cast<std::int32_t>(offset);
        std::int32_t top = 0;
        for (std::size_t i = 0; i < forbidden.count; ++i) {
            const std::int32_t end = from[i] <= begun ? to[i] : 0;
            top = end > top ? end : top;
        }
        if (top <= offset) return offset;
        offset = align_up(top, alignment);
        if (offset >= highest) return offset;
        if (climbs % kClimbsToTry == 0 && offset * kMaxClimbs < highest * Bytes{climbs}) break;
    }
    sorted.clear();
    for (std::size_t i = 0; i < forbidden.count; ++i)  // as from * 2^32 + to, which sort twice as fast
        if (to[i] > offset)
            sorted.push_back(static_cast<std::uint64_t>(from[i]) << 32 | static_cast<std::uint32_t>(to[i]));
    std::ranges::sort(sorted);
    for (const std::uint64_t range : sorted) {
        if (static_cast<Bytes>(range >> 32) > offset) break;
        const auto end = static_cast<Bytes>(range & 0xFFFFFFFF);
        if (end > offset) offset = align_up(end, alignment);
    }
    return offset;
}

// The lowest multiple of `alignment` where the placed buffers leave `size` bytes free in [lower, upper), outside the
// `forbidden` ranges, which it sorts; kNowhere if there is none.
Bytes lowest_beside(OffsetIndex& placed, std::vector<Range>& forbidden, Step lower, Step upper, Bytes size,
                    Bytes alignment) {
    std::ranges::sort(forbidden);
    Bytes offset = 0;
    for (auto next = forbidden.begin();;) {
        offset = placed.lowest(lower, upper, size, alignment, offset);
        const Bytes before = offset;
        for (; next != forbidden.end() && next->first <= offset; ++next) {
            if (next->second > kMaxBytes) return kNowhere;
            if (next->second > offset) offset = align_up(next->second, alignment);
        }
        if (offset == before) return offset;
    }
}

// First fit with the placed buffers in an OffsetIndex, except `odd` ones, which have gaps or pairs that must be apart.
std::vector<Bytes> first_fit_by_offset(const Problem& problem, std::span<const Index> order, Fit fit, Bytes ceiling,
                                       const Interrupted& interrupted) {
    std::vector<Bytes> offsets(problem.fixed);
    OffsetIndex placed(problem.size.size());
    std::vector<Index> plain, odd;  // so far
    std::vector<Range> forbidden;
    const auto is_odd = [&](Index b) { return !problem.gaps.of(b).empty() || !problem.apart.of(b).empty(); };
    const bool any_odd = !problem.gaps.empty() || !problem.apart.empty();
    const auto insert = [&](Index b) {
        if (any_odd && is_odd(b)) {
            odd.push_back(b);
            return;
        }
        if (any_odd) plain.push_back(b);
        placed.insert({offsets[b], offsets[b] + problem.size[b], problem.lower[b], problem.upper[b]});
    };
    std::size_t looks = 0;
    const auto forbid = [&](const std::vector<Index>& others, Index b) {
        for (const Index other : others) {
            looks += 1 + problem.gaps.of(other).size() + problem.gaps.of(b).size();
            if (problem.lower[other] < problem.upper[b] && problem.lower[b] < problem.upper[other])
                cover_forbidden_differences(problem, other, b, [&](Bytes from, Bytes to) {
                    forbidden.emplace_back(offsets[other] + from, offsets[other] + to);
                });
        }
    };
    for (Index b = 0; b < problem.count(); ++b)
        if (!problem.movable(b) && problem.size[b] > 0) insert(b);
    std::size_t asked = 0;
    for (const Index b : order) {
        if (looks + placed.looks() - asked > kLooksBetweenChecks) {
            asked = looks + placed.looks();
            if (interrupted()) throw Cancelled();
        }
        if (!problem.movable(b)) continue;
        const Step lower = problem.lower[b], upper = problem.upper[b];
        const Bytes size = problem.size[b], alignment = problem.alignment[b];
        const auto own = problem.forbidden.of(b);
        forbidden.assign(own.begin(), own.end());
        if (size == 0) {
            offsets[b] = choose_offset(forbidden, alignment, fit);
            continue;
        }
        forbid(odd, b);
        if (any_odd && is_odd(b)) {
            forbid(plain, b);
            offsets[b] = choose_offset(forbidden, alignment, fit);
        } else if (fit == Fit::kTightest) {
            offsets[b] = placed.tightest(lower, upper, size, alignment);
        } else {
            offsets[b] = forbidden.empty() ? placed.lowest(lower, upper, size, alignment)
                                           : lowest_beside(placed, forbidden, lower, upper, size, alignment);
        }
        if (offsets[b] == kNowhere) continue;
        if (offsets[b] + size > ceiling) return {};
        insert(b);
    }
    return offsets;
}

Bytes peak_of_fixed(const Problem& problem) {
    Bytes peak = 0;
    for (Index b = 0; b < problem.count(); ++b)
        if (!problem.movable(b)) peak = std::max(peak, problem.fixed[b] + problem.size[b]);
    return peak;
}

Index count_above(const Problem& problem, std::span<const Bytes> offsets, Bytes stop) {
    Index count = 0;
    for (Index b = 0; b < problem.count(); ++b) count += problem.size[b] > 0 && offsets[b] + problem.size[b] > stop;
    return count;
}

// Whether to keep the placed buffers by offset rather than by time. Then all of them, or blocks of them, are looked at,
// which costs little where they are few or most of them overlap.
bool by_offset(const Problem& problem, Fit fit) {
    const bool plain = problem.gaps.empty() && problem.apart.empty() && problem.forbidden.empty();
    if (fit == Fit::kTightest && !plain) return false;
    if (problem.count() <= kFewBuffers) return plain;
    double lives = 0;
    for (Index b = 0; b < problem.count(); ++b) lives += static_cast<double>(problem.upper[b] - problem.lower[b]);
    const Step span = std::ranges::max(problem.upper) - std::ranges::min(problem.lower);
    return lives > kCrowded * problem.count() * static_cast<double>(span);
}

}  // namespace

std::vector<Bytes> first_fit(const Problem& problem, std::span<const Index> order, Fit fit, LiveIndex& index,
                             Bytes ceiling, const Interrupted& interrupted) {
    std::vector<Bytes> offsets(problem.fixed);
    index.clear();
    for (Index b = 0; b < problem.count(); ++b)
        if (!problem.movable(b) && problem.size[b] > 0) index.insert(b, offsets[b], offsets[b] + problem.size[b]);
    const bool solid = problem.gaps.empty() && problem.apart.empty(), plain = solid && problem.forbidden.empty();
    std::vector<Range> forbidden;
    ForbiddenOffsets narrow;
    std::vector<std::uint64_t> packed;
    Bytes peak = peak_of_fixed(problem);
    std::vector<Index> near;
    std::size_t looks = 0, asked = 0;
    for (const Index b : order) {
        const auto ask = [&] {
            if (looks - asked <= kLooksBetweenChecks) return;
            asked = looks;
            if (interrupted()) throw Cancelled();
        };
        ask();
        if (!problem.movable(b)) continue;
        if (plain && fit == Fit::kLowest && problem.size[b] > 0 && std::max(peak, problem.size[b]) < kNarrow) {
            looks += index.find_forbidden(b, problem.size[b], narrow);
            offsets[b] = choose_offset(narrow, problem.alignment[b], packed);
            if (offsets[b] + problem.size[b] > ceiling) return {};
            index.insert(b, offsets[b], offsets[b] + problem.size[b]);
            peak = std::max(peak, offsets[b] + problem.size[b]);
            continue;
        }
        const auto own = problem.forbidden.of(b);
        forbidden.assign(own.begin(), own.end());
        if (problem.size[b] > 0) {
            looks += index.find_overlapping(b, near);
            const Bytes below = problem.size[b] - 1;
            for (const Index other : near) {
                const Bytes at = offsets[other];
                if (solid) {
                    forbidden.emplace_back(at - below, at + problem.size[other]);
                } else {
                    looks += problem.gaps.of(other).size() + problem.gaps.of(b).size();
                    ask();
                    cover_forbidden_differences(
                        problem, other, b, [&](Bytes from, Bytes to) { forbidden.emplace_back(at + from, at + to); });
                }
            }
        }
        offsets[b] = choose_offset(forbidden, problem.alignment[b], fit);
        if (problem.size[b] == 0 || offsets[b] == kNowhere) continue;
        if (offsets[b] + problem.size[b] > ceiling) return {};
        index.insert(b, offsets[b], offsets[b] + problem.size[b]);
        peak = std::max(peak, offsets[b] + problem.size[b]);
    }
    return offsets;
}

Bytes peak_of(const Problem& problem, std::span<const Bytes> offsets) {
    Bytes peak = 0;
    for (Index b = 0; b < problem.count(); ++b) {
        if (offsets[b] == kNowhere) return kMaxBytes + 1;
        if (problem.size[b] > 0) peak = std::max(peak, offsets[b] + problem.size[b]);
    }
    return peak;
}

std::vector<Bytes> first_fit(const Problem& problem, std::span<const Index> order, Fit fit, Bytes ceiling,
                             const Interrupted& interrupted) {
    if (by_offset(problem, fit)) return first_fit_by_offset(problem, order, fit, ceiling, interrupted);
    LiveIndex index(problem);
    return first_fit(problem, order, fit, index, ceiling, interrupted);
}

namespace {

// First or best fit in one order after another, each ended where it is not below the best one.
class OrderTrials {
  public:
    OrderTrials(const Problem& problem, Fit fit, Packing best, const Interrupted& interrupted)
        : problem_(problem),
          fit_(fit),
          interrupted_(interrupted),
          few_(by_offset(problem, fit)),
          best_(std::move(best)) {
        if (!few_ || problem.count() >= kManyBuffers) index_.emplace(problem);  // the order by size needs it
    }

    bool few() const { return few_; }
    const Packing& best() const { return best_; }

    void attempt(Order kind) {
        const std::vector<Index> order = make_order(problem_, kind, index_ ? index_->by_start() : no_index_);
        const Bytes ceiling = best_.peak > kMaxBytes ? kNoCeiling : best_.peak - 1;
        std::vector<Bytes> offsets = few_ ? first_fit_by_offset(problem_, order, fit_, ceiling, interrupted_)
                                          : first_fit(problem_, order, fit_, *index_, ceiling, interrupted_);
        if (offsets.empty() && !order.empty()) return;
        const Bytes peak = peak_of(problem_, offsets);
        const bool first = best_.offsets.empty() && best_.peak > kMaxBytes;  // kept even where a buffer is nowhere
        if (first || peak < best_.peak) best_ = {std::move(offsets), peak, kind};
    }

  private:
    const Problem& problem_;
    const Fit fit_;
    const Interrupted& interrupted_;
    const bool few_;
    Packing best_;
    std::optional<LiveIndex> index_;
    const std::vector<Index> no_index_;
};

}  // namespace

Packing pack(const Problem& problem, Bytes stop, Fit fit, const Interrupted& interrupted) {
    OrderTrials trials(problem, fit, {{}, kMaxBytes + 1, Order::kSize}, interrupted);
    std::vector<Order> orders = orders_for(problem.count());
    for (std::size_t i = 0; i < orders.size(); ++i) {
        const Order kind = orders[i];
        trials.attempt(kind);
        if (trials.best().peak <= stop) break;
        // Of many buffers, repair() lowers the few that are too high; where there are more, another order may help.
        if (kind == Order::kSize && orders.size() == 1 && count_above(problem, trials.best().offsets, stop) > kFewAbove)
            orders = {Order::kSize, trials.few() ? Order::kContention : Order::kGiven,
                      trials.few() ? Order::kGiven : Order::kStart};
    }
    return trials.best();
}

Packing pack_further(const Problem& problem, Bytes stop, Bytes below, std::size_t begin, std::size_t end,
                     const Interrupted& interrupted) {
    below = std::clamp<Bytes>(below, 0, kMaxBytes + 1);
    OrderTrials trials(problem, Fit::kLowest, {{}, below, Order::kSize}, interrupted);
    const std::vector<Order> orders = further_orders(trials.few());
    for (std::size_t i = begin; i < std::min(end, orders.size()); ++i) {
        trials.attempt(orders[i]);
        if (trials.best().peak <= stop) break;
    }
    if (trials.best().peak >= below) return {{}, below, Order::kSize};
    return trials.best();
}

}  // namespace tmpass::packing
