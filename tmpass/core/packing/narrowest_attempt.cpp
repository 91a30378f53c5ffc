#include "packing/narrowest_attempt.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace tmpass::packing {
namespace {

constexpr std::int64_t kNothing = std::numeric_limits<std::int64_t>::max();  // the key of an empty section
constexpr int kPlacedBetweenChecks = 256;
constexpr std::int64_t kLooksOfAnAttempt = 4096, kLooksToSort = 16;  // besides those at members and overlaps

}  // namespace

template <typename Number>
NarrowestAttempt<Number>::NarrowestAttempt(const Problem& problem, const LiveIndex& index, const Sections& watched)
    : problem_(problem), index_(index), sections_(watched.count()), place_(problem.count()) {
    const auto& by_start = index.by_start();
    for (Index i = 0; i < problem.count(); ++i) {
        const Index b = by_start[i];
        place_[b] = i;
        lower_.push_back(static_cast<std::int32_t>(problem.lower[b]));
        upper_.push_back(static_cast<std::int32_t>(problem.upper[b]));
        first_.push_back(watched.first[b]);
        last_.push_back(watched.last[b]);
        size_.push_back(static_cast<Number>(problem.size[b]));
        alignment_.push_back(static_cast<Number>(problem.alignment[b]));
        aligned_ |= problem.alignment[b] > 1;
    }
    start_ = watched.start;
    members_ = watched.members;
    for (Index& member : members_) member = place_[member];
    total_.assign(sections_, 0);
    for (Index s = 0; s < sections_; ++s)
        for (Index at = start_[s]; at < start_[s + 1]; ++at) total_[s] += size_[members_[at]];
}

template <typename Number>
void NarrowestAttempt<Number>::reset(const AttemptOptions& options, Random& random) {
    const auto varied = [&] { return options.noise ? 256 - options.noise + random.below(2 * options.noise + 1) : 256; };
    const auto count = static_cast<Index>(size_.size());
    low_.assign(count, kInfinity);
    open_.assign(count, kInfinity);
    offset_.assign(count, 0);
    std::vector<std::tuple<double, Number, Index>> ranked;
    for (Index i = 0; i < count; ++i) {
        if (first_[i] == last_[i]) continue;
        low_[i] = 0;
        open_[i] = size_[i];
        const auto life = static_cast<double>(upper_[i] - lower_[i]), size = static_cast<double>(size_[i]);
        const double worth = options.among == Among::kLongest   ? life
                             : options.among == Among::kLargest ? size
                                                                : life * size;
        ranked.emplace_back(-worth * static_cast<double>(varied()), -size_[i], i);
    }
    std::ranges::sort(ranked);
    rank_.assign(count, 0);
    for (std::size_t at = 0; at < ranked.size(); ++at) rank_[std::get<2>(ranked[at])] = static_cast<Index>(at);
    limit_.resize(sections_);
    factor_.resize(sections_);
    unplaced_.resize(sections_);
    for (Index s = 0; s < sections_; ++s) {
        limit_[s] = static_cast<Number>(options.capacity) - total_[s];
        factor_[s] = varied();
        unplaced_[s] = start_[s + 1] - start_[s];
    }
    const Index blocks = (sections_ + kBlock - 1) / kBlock;
    key_.assign(sections_, kNothing);
    stale_.assign(sections_, 1);
    stale_block_.assign(blocks, 1);
    narrowest_.assign(blocks, 0);
    looks_ += kLooksOfAnAttempt + kLooksToSort * std::int64_t{count} + sections_;
}

template <typename Number>
bool NarrowestAttempt<Number>::run(const AttemptOptions& options, Random& random, const Interrupted& interrupted) {
    reset(options, random);
    for (int placed = 1;; ++placed) {
        if (placed % kPlacedBetweenChecks == 0 && interrupted()) throw Cancelled();
        const Index section = narrowest_section();
        if (section < 0) return true;
        Index next = lowest_of(section);
        for (Index below = next; below >= 0; below = lowest_below(next)) next = below;
        if (low_[next] + size_[next] > options.ceiling || looks_ > options.looks) return false;
        place(next);
    }
}

// The section with the fewest firsts, times its factor; where it has none, the one with the lowest limit comes first.
// -1 when all is placed.
template <typename Number>
Index NarrowestAttempt<Number>::narrowest_section() {
    std::int64_t least = kNothing;
    Index found = -1;
    looks_ += static_cast<std::int64_t>(narrowest_.size());
    for (std::size_t block = 0; block < narrowest_.size(); ++block) {
        if (stale_block_[block]) {
            const Index from = static_cast<Index>(block) * kBlock, to = std::min(from + kBlock, sections_);
            Index best = from;
            for (Index s = from; s < to; ++s) {
                if (stale_[s]) count_firsts(s);
                if (key_[s] < key_[best]) best = s;
            }
            narrowest_[block] = best;
            stale_block_[block] = 0;
        }
        if (key_[narrowest_[block]] < least) {
            found = narrowest_[block];
            least = key_[found];
        }
    }
    return found;
}

template <typename Number>
TMPASS_VECTORIZED void NarrowestAttempt<Number>::count_firsts(Index section) {
    stale_[section] = 0;
    if (unplaced_[section] == 0) {
        key_[section] = kNothing;
        return;
    }
    const Number limit = limit_[section];
    const Number* const low = low_.data();
    const Index* const members = members_.data();
    Index firsts = 0;
    for (Index at = start_[section]; at < start_[section + 1]; ++at) firsts += low[members[at]] <= limit;
    looks_ += start_[section + 1] - start_[section];
    key_[section] = firsts > 0 ? firsts * factor_[section] : static_cast<std::int64_t>(limit) - kInfinity;
}

template <typename Number>
Index NarrowestAttempt<Number>::lowest_of(Index section) {
    Index best = -1;
    for (Index at = start_[section]; at < start_[section + 1]; ++at) {
        const Index i = members_[at];
        if (low_[i] < kInfinity && (best < 0 || before(i, best))) best = i;
    }
    looks_ += start_[section + 1] - start_[section];
    return best;
}

// Returns the lowest of the unplaced buffers that overlap i in time and fit below i, or -1.
template <typename Number>
TMPASS_VECTORIZED Index NarrowestAttempt<Number>::lowest_below(Index i) {
    const auto [carried, from, to] = index_.candidates(i);
    const std::int32_t lower = lower_[i];
    const Number low = low_[i];
    Index best = -1;
    const auto look = [&](Index other) {
        if (low_[other] + open_[other] <= low && upper_[other] > lower && other != i &&
            (best < 0 || before(other, best)))
            best = other;
    };
    for (const Index other : carried) look(other);
    for (Index other = from; other < to; ++other) look(other);
    looks_ += static_cast<std::int64_t>(carried.size()) + (to - from);
    return best;
}

template <typename Number>
TMPASS_VECTORIZED void NarrowestAttempt<Number>::place(Index i) {
    const Number top = low_[i] + size_[i];
    offset_[i] = low_[i];
    low_[i] = kInfinity;
    open_[i] = kInfinity;
    Index stale_from = first_[i], stale_to = last_[i];
    for (Index s = first_[i]; s < last_[i]; ++s) {
        limit_[s] += size_[i];
        --unplaced_[s];
    }
    const auto [carried, from, to] = index_.candidates(i);
    const std::int32_t lower = lower_[i];
    const auto raise = [&](Index other) {
        const bool raised = upper_[other] > lower && low_[other] < top;
        low_[other] = raised ? top : low_[other];
        stale_from = raised && first_[other] < stale_from ? first_[other] : stale_from;
        stale_to = raised && last_[other] > stale_to ? last_[other] : stale_to;
    };
    for (const Index other : carried) raise(other);
    for (Index other = from; other < to; ++other) raise(other);
    looks_ += static_cast<std::int64_t>(carried.size()) + (to - from);
    if (aligned_) {
        const auto align = [&](Index other) {
            if (low_[other] == top) low_[other] = static_cast<Number>(align_up(top, alignment_[other]));
        };
        for (const Index other : carried) align(other);
        for (Index other = from; other < to; ++other) align(other);
    }
    mark_stale(stale_from, stale_to);
}

template <typename Number>
void NarrowestAttempt<Number>::mark_stale(Index from, Index to) {
    std::fill(stale_.begin() + from, stale_.begin() + to, 1);
    if (from < to) std::fill(stale_block_.begin() + from / kBlock, stale_block_.begin() + (to - 1) / kBlock + 1, 1);
}

template class NarrowestAttempt<std::int32_t>;
template class NarrowestAttempt<Bytes>;

}  // namespace tmpass::packing
