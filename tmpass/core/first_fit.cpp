#include "first_fit.hpp"

#include <algorithm>

#include "denied.hpp"
#include "live_index.hpp"

namespace tmpass {
namespace {

constexpr std::size_t kLooksBetweenChecks = 1 << 22;  // some milliseconds

// The offset for a buffer outside the `denied` ranges of offsets, which it sorts; kNowhere if there is none.
Bytes choose_offset(std::vector<Range>& denied, Bytes alignment, Fit fit) {
    std::ranges::sort(denied);
    Bytes offset = 0, best = kNowhere, least = kMaxBytes;
    for (const auto& [from, to] : denied) {
        if (from > offset) {  // [offset, from) is free to begin in
            if (fit == Fit::kLowest) return offset;
            if (from - offset < least) {
                least = from - offset;
                best = offset;
            }
        }
        if (to > kMaxBytes) return best;
        if (to > offset) offset = align_up(to, alignment);
    }
    return best == kNowhere ? offset : best;
}

}  // namespace

std::vector<Bytes> first_fit(const Problem& problem, std::span<const std::int64_t> order, Fit fit,
                             const Interrupted& interrupted) {
    std::vector<Bytes> offsets(problem.fixed);
    LiveIndex placed(problem);
    for (Index b = 0; b < problem.count(); ++b)
        if (!problem.movable(b) && problem.size[b] > 0) placed.insert(b);
    const bool plain = problem.gaps.empty() && problem.apart.empty();
    std::vector<Range> denied;
    std::size_t looks = 0, asked = 0;
    for (const std::int64_t next : order) {
        const auto b = static_cast<Index>(next);
        if (!problem.movable(b)) continue;
        const auto barred = problem.barred.of(b);
        denied.assign(barred.begin(), barred.end());
        const Bytes below = problem.size[b] - 1;
        if (problem.size[b] > 0) {
            looks += placed.for_each_overlapping(b, [&](Index other) {
                if (plain) {
                    denied.emplace_back(offsets[other] - below, offsets[other] + problem.size[other]);
                    return;
                }
                for_each_denied(problem, other, b, [&](Bytes from, Bytes to) {
                    denied.emplace_back(offsets[other] + from, offsets[other] + to);
                });
            });
        }
        offsets[b] = choose_offset(denied, problem.alignment[b], fit);
        if (problem.size[b] > 0 && offsets[b] != kNowhere) placed.insert(b);
        if (looks - asked > kLooksBetweenChecks) {
            asked = looks;
            if (interrupted()) throw Cancelled();
        }
    }
    return offsets;
}

}  // namespace tmpass
