#include "packing/block_guesses.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

#include "packing/merge_blocks.hpp"

namespace tmpass::packing {
namespace {

constexpr std::int64_t kNoise = 192;  // of all guesses but the first
constexpr std::int64_t kLooksPerNode = 64;
constexpr std::int64_t kAnyOdds = std::numeric_limits<std::int64_t>::max();
// One is drawn with each beginning where cuts are mixed: the search packs 100 to 200 right blocks, but not 60 with a
// wrong one among them.
constexpr std::int64_t kMostOdds[] = {kEven / 64, kEven / 16, kEven / 8, kEven / 4,
                                      kEven / 2,  kEven,      2 * kEven, kAnyOdds};
constexpr Index kBuffersPerPinwheel = 64;     // or fewer, where cuts are mixed; straight cuts have one of 300 by chance
constexpr std::int64_t kStraightLooks = 4;    // beginnings, of which one looks for pinwheels where cuts are straight
constexpr int kMinSteps = 5, kMaxSteps = 25;  // between two guesses
constexpr int kMaxStepsInVain = 200, kMaxMixedStepsInVain = 40;
constexpr std::int64_t kDeepest = 4;  // levels that are taken apart
constexpr std::int64_t kWidest = 3;   // at most one of this many boundaries is near
constexpr std::int64_t kKept = 30;    // percent of the roots near there

}  // namespace

BlockGuesses::BlockGuesses(const Part& part, bool pinwheels, const Interrupted& interrupted)
    : part_(part), pinwheels_(pinwheels), interrupted_(interrupted), unmerged_(part), forest_(unmerged_) {}

MergedPart BlockGuesses::next(bool refuted, Random& random, std::int64_t& nodes) {
    if (fewest_ == 0) {
        begin_anew(0, false, random);
    } else if (pinwheels_ && guesses_ == 1) {
        begin_anew(0, true, random);
    } else {
        steps_ = std::clamp(2 * steps_, kMinSteps, kMaxSteps);
        if (refuted || steps_in_vain_ > (is_mixed_ ? kMaxMixedStepsInVain : kMaxStepsInVain))
            begin_anew(kNoise, pinwheels_ && (is_mixed_ || random.below(kStraightLooks) == 0), random);
        for (int i = 0; i < steps_; ++i) step(random);
    }
    ++guesses_;
    nodes += std::exchange(looked_at_, 0) / kLooksPerNode + 1;
    return merged_part();
}

void BlockGuesses::begin_anew(std::int64_t noise, bool pinwheels, Random& random) {
    ++beginnings_;
    forest_ = unmerged_;
    is_mixed_ = found_pinwheels_ * kBuffersPerPinwheel >= part_.count();
    most_odds_ = is_mixed_ ? kMostOdds[random.below(std::size(kMostOdds))] : kAnyOdds;
    std::vector<Index> all(forest_.boundaries());
    std::iota(all.begin(), all.end(), 0);
    const MergeRules rules = rules_with(noise, pinwheels, random);
    const Index found = merge_blocks(forest_, std::move(all), rules, looked_at_, interrupted_);
    looks_ = pinwheels && found > 0;
    if (pinwheels) found_pinwheels_ = found;
    fewest_ = forest_.count();
    steps_in_vain_ = 0;
}

MergeRules BlockGuesses::rules_with(std::int64_t noise, bool pinwheels, Random& random) const {
    return {noise, random.next(), is_mixed_ ? kMixedOdds : kStraightOdds, most_odds_, pinwheels};
}

void BlockGuesses::step(Random& random) {
    BlockForest trial = forest_;
    auto boundaries = take_apart_somewhere(trial, random);
    merge_blocks(trial, std::move(boundaries), rules_with(kNoise, looks_, random), looked_at_, interrupted_);
    steps_in_vain_ = trial.count() < fewest_ ? 0 : steps_in_vain_ + 1;
    fewest_ = std::min(fewest_, trial.count());
    if (trial.count() <= forest_.count()) forest_ = std::move(trial);
}

// Takes blocks apart that are near a random place in time, down to a random depth. Returns the boundaries of their
// children.
std::vector<Index> BlockGuesses::take_apart_somewhere(BlockForest& forest, Random& random) {
    const Index count = forest.boundaries();
    const auto from = static_cast<Index>(random.below(count));
    const auto to = std::min(count, static_cast<Index>(from + 1 + random.below(count / kWidest + 1)));
    std::vector<Index> touched, chosen, roots;
    for (auto depth = 1 + random.below(kDeepest); depth > 0; --depth) {
        chosen.clear();
        for (Index boundary = 0; boundary < to; ++boundary) {
            forest.list_beginning(boundary, roots);
            for (const Index i : roots)
                if (forest[i].end > from && forest[i].child >= 0 && random.below(100) >= kKept) chosen.push_back(i);
        }
        for (const Index i : chosen) {
            for (Index child = forest[i].child; child >= 0; child = forest[child].next_sibling)
                touched.insert(touched.end(), {forest[child].begin, forest[child].end});
            forest.take_apart(i);
        }
        looked_at_ += forest.count();
    }
    std::ranges::sort(touched);
    touched.erase(std::ranges::unique(touched).begin(), touched.end());
    return touched;
}

MergedPart BlockGuesses::merged_part() const {
    MergedPart merged{{}, {}, forest_};
    Part& part = merged.part;
    part.unit = part_.unit;
    part.capacity = part_.capacity;
    std::vector<Index> roots;
    for (Index boundary = 0; boundary < forest_.boundaries(); ++boundary) {
        forest_.list_beginning(boundary, roots);
        for (const Index i : roots) {
            const Block& root = forest_[i];
            const bool is_buffer = root.child < 0;
            merged.roots.push_back(i);
            part.lower.push_back(forest_.step(root.begin));
            part.upper.push_back(forest_.step(root.end));
            part.size.push_back(root.size);
            part.last.push_back(root.ceiling - root.size);
            part.alignment.push_back(is_buffer ? part_.alignment[i] : 1);
            part.residues.push_back(is_buffer ? kAnyResidue : root.residues);
            part.forbidden.push_back(is_buffer ? part_.forbidden[i] : std::vector<Range>());
        }
    }
    find_overlaps(part, interrupted_);
    return merged;
}

}  // namespace tmpass::packing
