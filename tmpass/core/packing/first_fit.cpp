#include "packing/first_fit.hpp"

#include <algorithm>

#include "packing/forbidden_differences.hpp"
#include "packing/offset_index.hpp"
#include "vectorized.hpp"

namespace tmpass {
namespace {

constexpr std::size_t kLooksBetweenChecks = 1 << 22;  // some milliseconds
constexpr int kMostClimbs = 48, kClimbsToTry = 8;
constexpr Index kFew = 200;
constexpr double kCrowded = 0.1;

// The offset for a buffer outside the `denied` ranges of offsets, which it sorts; kNowhere if there is none.
Bytes choose_offset(std::vector<Range>& denied, Bytes alignment, Fit fit) {
    std::ranges::sort(denied);
    Bytes top = 0, offset = 0, best = kNowhere, least = kMaxBytes;
    for (const auto& [from, to] : denied) {
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

// The lowest offset that is a multiple of `alignment` and in no denied range: whatever begins at an offset or below it
// denies all up to its end. Where many small ones are on each other, sorting them takes fewer looks.
TMPASS_VECTORIZED Bytes choose_offset(const Denied& denied, Bytes alignment, std::vector<std::uint64_t>& sorted) {
    const std::int32_t* const from = denied.from.data();
    const std::int32_t* const to = denied.to.data();
    Bytes offset = 0;
    std::int32_t highest = 0;
    for (std::size_t i = 0; i < denied.count; ++i) highest = to[i] > highest ? to[i] : highest;
    for (int climbs = 1; climbs <= kMostClimbs; ++climbs) {
        const auto begun = static_cast<std::int32_t>(offset);
        std::int32_t top = 0;
        for (std::size_t i = 0; i < denied.count; ++i) {
            const std::int32_t end = from[i] <= begun ? to[i] : 0;
            top = end > top ? end : top;
        }
        if (top <= offset) return offset;
        offset = align_up(top, alignment);
        if (offset >= highest) return offset;
        if (climbs % kClimbsToTry == 0 && offset * kMostClimbs < highest * Bytes{climbs}) break;
    }
    sorted.clear();
    for (std::size_t i = 0; i < denied.count; ++i)  // as from * 2^32 + to, which sort twice as fast
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

// The lowest multiple of `alignment` where what is `placed` leaves `size` bytes in [lower, upper), and which is in none
// of the `denied` ranges, which it sorts; kNowhere if there is none.
Bytes lowest_beside(PlacedByOffset& placed, std::vector<Range>& denied, Step lower, Step upper, Bytes size,
                    Bytes alignment) {
    std::ranges::sort(denied);
    Bytes offset = 0;
    for (auto next = denied.begin();;) {
        offset = placed.lowest(lower, upper, size, alignment, offset);
        const Bytes before = offset;
        for (; next != denied.end() && next->first <= offset; ++next) {
            if (next->second > kMaxBytes) return kNowhere;
            if (next->second > offset) offset = align_up(next->second, alignment);
        }
        if (offset == before) return offset;
    }
}

// First fit with the placed ones by offset, but those with gaps or pairs apart, which are kept beside them.
std::vector<Bytes> first_fit_by_offset(const Problem& problem, std::span<const Index> order, Fit fit,
                                       const Interrupted& interrupted) {
    std::vector<Bytes> offsets(problem.fixed);
    PlacedByOffset placed(problem.size.size());
    std::vector<Index> plain, odd;  // so far
    std::vector<Range> denied;
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
    const auto deny = [&](const std::vector<Index>& others, Index b) {
        for (const Index other : others) {
            looks += 1 + problem.gaps.of(other).size() + problem.gaps.of(b).size();
            if (problem.lower[other] < problem.upper[b] && problem.lower[b] < problem.upper[other])
                for_all_denied(problem, other, b, [&](Bytes from, Bytes to) {
                    denied.emplace_back(offsets[other] + from, offsets[other] + to);
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
        const auto barred = problem.barred.of(b);
        denied.assign(barred.begin(), barred.end());
        if (size == 0) {
            offsets[b] = choose_offset(denied, alignment, fit);
            continue;
        }
        deny(odd, b);
        if (any_odd && is_odd(b)) {
            deny(plain, b);
            offsets[b] = choose_offset(denied, alignment, fit);
        } else if (fit == Fit::kTightest) {
            offsets[b] = placed.tightest(lower, upper, size, alignment);
        } else {
            offsets[b] = denied.empty() ? placed.lowest(lower, upper, size, alignment)
                                        : lowest_beside(placed, denied, lower, upper, size, alignment);
        }
        if (offsets[b] != kNowhere) insert(b);
    }
    return offsets;
}

Bytes peak_of_fixed(const Problem& problem) {
    Bytes peak = 0;
    for (Index b = 0; b < problem.count(); ++b)
        if (!problem.movable(b)) peak = std::max(peak, problem.fixed[b] + problem.size[b]);
    return peak;
}

// Whether to keep the placed ones by offset rather than by time: then all of them are looked at, or blocks of them,
// which costs little where they are few or most of them overlap.
bool by_offset(const Problem& problem, Fit fit) {
    const bool plain = problem.gaps.empty() && problem.apart.empty() && problem.barred.empty();
    if (fit == Fit::kTightest && !plain) return false;
    if (problem.count() <= kFew) return plain;
    double lives = 0;
    for (Index b = 0; b < problem.count(); ++b) lives += static_cast<double>(problem.upper[b] - problem.lower[b]);
    const Step span = std::ranges::max(problem.upper) - std::ranges::min(problem.lower);
    return lives > kCrowded * problem.count() * static_cast<double>(span);
}

}  // namespace

std::vector<Bytes> first_fit(const Problem& problem, std::span<const Index> order, Fit fit, LiveIndex& index,
                             const Interrupted& interrupted) {
    std::vector<Bytes> offsets(problem.fixed);
    index.clear();
    for (Index b = 0; b < problem.count(); ++b)
        if (!problem.movable(b) && problem.size[b] > 0) index.insert(b, offsets[b], offsets[b] + problem.size[b]);
    const bool solid = problem.gaps.empty() && problem.apart.empty(), plain = solid && problem.barred.empty();
    std::vector<Range> denied;
    Denied narrow;
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
            looks += index.find_denied(b, problem.size[b], narrow);
            offsets[b] = choose_offset(narrow, problem.alignment[b], packed);
            index.insert(b, offsets[b], offsets[b] + problem.size[b]);
            peak = std::max(peak, offsets[b] + problem.size[b]);
            continue;
        }
        const auto barred = problem.barred.of(b);
        denied.assign(barred.begin(), barred.end());
        if (problem.size[b] > 0) {
            looks += index.find_overlapping(b, near);
            const Bytes below = problem.size[b] - 1;
            for (const Index other : near) {
                const Bytes at = offsets[other];
                if (solid) {
                    denied.emplace_back(at - below, at + problem.size[other]);
                } else {
                    looks += problem.gaps.of(other).size() + problem.gaps.of(b).size();
                    ask();
                    for_all_denied(problem, other, b,
                                   [&](Bytes from, Bytes to) { denied.emplace_back(at + from, at + to); });
                }
            }
        }
        offsets[b] = choose_offset(denied, problem.alignment[b], fit);
        if (problem.size[b] == 0 || offsets[b] == kNowhere) continue;
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

std::vector<Bytes> first_fit(const Problem& problem, std::span<const Index> order, Fit fit,
                             const Interrupted& interrupted) {
    if (by_offset(problem, fit)) return first_fit_by_offset(problem, order, fit, interrupted);
    LiveIndex index(problem);
    return first_fit(problem, order, fit, index, interrupted);
}

Packing pack(const Problem& problem, Bytes stop, Fit fit, const Interrupted& interrupted) {
    const bool few = by_offset(problem, fit);
    Packing best{{}, kMaxBytes + 1, Order::kSize};
    std::vector<Index> by_start;
    std::vector<LiveIndex> index;
    if (!few || problem.count() >= kMany) index.emplace_back(problem);  // of many, the order by size needs it
    const int orders = problem.count() < kMany ? kOrders : 1;  // of many buffers, repair() lowers what is too high
    for (int i = 0; i < orders; ++i) {
        const auto kind = static_cast<Order>(i);
        const std::vector<Index> order = make_order(problem, kind, index.empty() ? by_start : index.front().by_start());
        std::vector<Bytes> offsets = few ? first_fit_by_offset(problem, order, fit, interrupted)
                                         : first_fit(problem, order, fit, index.front(), interrupted);
        const Bytes peak = peak_of(problem, offsets);
        if (best.offsets.empty() || peak < best.peak) best = {std::move(offsets), peak, kind};
        if (best.peak <= stop) break;
    }
    return best;
}

}  // namespace tmpass
