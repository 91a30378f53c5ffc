#include "packing/merge_blocks.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <span>
#include <tuple>
#include <utility>

#include "random.hpp"

namespace tmpass::packing {
namespace {

constexpr std::int64_t kEven = 1 << 16;  // even odds
constexpr std::size_t kMaxTried = 12;    // roots that live equally long, of which two are to match one
constexpr std::size_t kMaxPairs = 1 << 20;
constexpr std::int64_t kLooksBetweenChecks = 1 << 16;  // some milliseconds

// A round looks for matches, then merges the safest of them. Larger blocks match better, and each merge leaves fewer
// other matches in the way, so the next round decides more safely.
class BlockMerger {
  public:
    BlockMerger(BlockForest& forest, const MergeRules& rules, std::int64_t& looked_at)
        : forest_(forest), rules_(rules), looked_at_(looked_at), is_open_(forest.boundaries(), false) {
        for (Index boundary = 0; boundary < forest.boundaries(); ++boundary) {
            forest.list_beginning(boundary, starting_);
            for (const Index i : starting_) sizes_.push_back(forest[i].size);
        }
        std::ranges::sort(sizes_);
        merged_.resize(forest.size());
        looked_at_ += forest.count();
    }

    void run(std::vector<Index> boundaries, const Interrupted& interrupted) {
        open_ = std::move(boundaries);
        for (const Index boundary : open_) is_open_[boundary] = true;
        for (std::int64_t next_check = looked_at_; !open_.empty();) {
            if (looked_at_ >= next_check) {
                next_check = looked_at_ + kLooksBetweenChecks;
                if (interrupted()) throw Cancelled();
            }
            find_matches();
            merge_safest();
        }
    }

  private:
    using Roots = std::span<const Index>;

    struct Match {
        std::int64_t odds;     // that it is a coincidence, in kEven
        std::size_t from, to;  // its roots, in matched_
        bool stacked;          // on each other, rather than one after the other
    };

    // At the open boundaries; those without a match are closed.
    void find_matches() {
        matches_.clear();
        matched_.clear();
        std::ranges::sort(open_);  // matches do not depend on the order in which boundaries were opened
        std::erase_if(open_, [&](Index boundary) {
            const std::size_t before = matches_.size();
            find_matches(boundary);
            is_open_[boundary] = matches_.size() > before;
            return !is_open_[boundary];
        });
    }

    void find_matches(Index boundary) {
        forest_.list_ending(boundary, ending_);
        forest_.list_beginning(boundary, starting_);
        looked_at_ += static_cast<std::int64_t>(ending_.size() + starting_.size());
        const auto begin = [&](Index i) { return forest_[i].begin; };
        const auto end = [&](Index i) { return forest_[i].end; };
        std::ranges::sort(starting_, {}, [&](Index i) { return std::tuple(end(i), size(i), name(i)); });
        match_lifetimes();
        if (ending_.empty() || starting_.empty()) return;
        std::ranges::sort(ending_, {}, [&](Index i) { return std::tuple(begin(i), size(i), name(i)); });
        sort_by_size(ending_, ending_by_size_);
        sort_by_size(starting_, starting_by_size_);
        match_sizes();
        match_sums(ending_by_size_, starting_, end);
        match_sums(starting_by_size_, ending_, begin);
    }

    void sort_by_size(const std::vector<Index>& roots, std::vector<Index>& sorted) const {
        sorted = roots;
        std::ranges::sort(sorted, {}, [&](Index i) { return std::pair(size(i), name(i)); });
    }

    // Takes those off the front of `rest` whose keys are equal.
    template <typename Projection>
    static Roots take_equal(Roots& rest, Projection key) {
        std::size_t count = 1;
        while (count < rest.size() && key(rest[count]) == key(rest.front())) ++count;
        const Roots taken = rest.first(count);
        rest = rest.subspan(count);
        return taken;
    }

    // Matches a root that ends with one that begins, of the same size. Where others have that size too, two are drawn.
    void match_sizes() {
        const std::size_t pairs = ending_.size() * starting_.size();
        for (Roots ends = ending_by_size_, starts = starting_by_size_; !ends.empty() && !starts.empty();) {
            if (size(ends.front()) != size(starts.front())) {
                Roots& smaller = size(ends.front()) < size(starts.front()) ? ends : starts;
                smaller = smaller.subspan(1);
                continue;
            }
            const auto of_size = [&](Index i) { return size(i); };
            const Roots before = take_equal(ends, of_size), after = take_equal(starts, of_size);
            const std::int64_t odds = pairs == 1 ? 0 : 1 + by_chance(size(before[0]), pairs) * 2 / 3;
            if (before.size() == 1 && after.size() == 1) {
                add(odds, {before[0], after[0]}, false);
            } else {
                Random draw(rules_.seed + name(before[0]));
                const Index one = before[draw.below(before.size())];
                add(odds + kEven / 4, {one, after[draw.below(after.size())]}, false);
            }
        }
    }

    // Of `many`, sorted by their other end, matches all or two of those that share it where their sizes add up to the
    // size of one of `ones`, sorted by size. They are stacked; the result matches that one in the next round.
    template <typename OtherEnd>
    void match_sums(Roots ones, Roots many, OtherEnd other_end) {
        const auto is_there = [&](Bytes sum) {
            return std::ranges::binary_search(ones, sum, {}, [&](Index i) { return size(i); });
        };
        for (Roots rest = many; !rest.empty();) {
            const Roots group = take_equal(rest, other_end);
            if (group.size() < 2) continue;
            Bytes sum = 0;
            for (const Index i : group) sum += size(i);
            if (is_there(sum)) {
                const bool all = ones.size() == 1 && group.size() == many.size();
                add(all ? 0 : 1 + root(by_chance(sum, ones.size())) * 2 / 5, group, true);
            }
            if (group.size() == 2 || group.size() > kMaxTried) continue;
            const std::size_t tries = ones.size() * group.size() * (group.size() - 1) / 2;
            for (std::size_t i = 0; i < group.size(); ++i) {
                for (std::size_t k = 0; k < i; ++k) {
                    const Bytes two = size(group[i]) + size(group[k]);
                    if (is_there(two)) add(1 + 4 * by_chance(two, tries), {group[k], group[i]}, true);
                }
            }
        }
    }

    // Matches roots that live equally long, whatever is beside them: all where they are few, else two that are drawn.
    void match_lifetimes() {
        for (Roots rest = starting_; !rest.empty();) {
            const Roots equal = take_equal(rest, [&](Index i) { return forest_[i].end; });
            if (equal.size() == 2) {
                forest_.list_ending(forest_[equal[0]].end, beside_);
                const auto pairs = static_cast<std::int64_t>(starting_.size() * beside_.size());
                add(std::min(10 * kEven * pairs / forest_.count(), kEven * 7 / 10), equal, true);
            } else if (equal.size() == 3) {
                add(kEven * 9 / 10, equal, true);
            } else if (equal.size() > 3) {
                Random draw(rules_.seed + name(equal[0]));
                const auto last = static_cast<std::int64_t>(equal.size()) - 1, one = draw.below(last);
                add(kEven * 19 / 20, {equal[one], equal[one + 1 + draw.below(last - one)]}, true);
            }
        }
    }

    // How many of `tries` sizes equal `size` by chance, in kEven, estimated from how many sizes are about as large. The
    // odds derived from it were tuned on cuts of rectangles, whose true matches are known.
    std::int64_t by_chance(Bytes size, std::size_t tries) const {
        const Bytes about = size / 4;
        const auto from = std::ranges::lower_bound(sizes_, size - about);
        const auto to = std::ranges::upper_bound(sizes_, size + about);
        const auto near = static_cast<std::int64_t>(std::min(tries, kMaxPairs)) * (to - from);
        return kEven * near / static_cast<std::int64_t>(sizes_.size()) / (2 * about + 1);
    }

    static std::int64_t root(std::int64_t odds) {
        return static_cast<std::int64_t>(std::sqrt(static_cast<double>(odds * kEven)));
    }

    void add(std::int64_t odds, std::initializer_list<Index> roots, bool stacked) {
        add(odds, Roots(roots.begin(), roots.size()), stacked);
    }

    // Noise depends only on the names of the roots, so that a match which went first does so in every round.
    void add(std::int64_t odds, Roots roots, bool stacked) {
        std::uint64_t key = rules_.seed;
        for (const Index i : roots) {
            if (!forest_[i].plain) return;
            key += Random(static_cast<std::uint64_t>(name(i))).next();
        }
        odds = odds * (256 - rules_.noise + Random(key).below(2 * rules_.noise + 1)) / 256;
        matches_.push_back({odds, matched_.size(), matched_.size() + roots.size(), stacked});
        matched_.insert(matched_.end(), roots.begin(), roots.end());
    }

    // Merges the safest match, and others about as safe, as far as they share no root. Opens their boundaries.
    void merge_safest() {
        if (matches_.empty()) return;
        std::ranges::stable_sort(matches_, {}, &Match::odds);
        const std::int64_t most = std::max(2 * matches_.front().odds, kEven / 256);
        for (const Match& match : matches_) {
            if (match.odds > most) break;
            const Roots roots(matched_.data() + match.from, match.to - match.from);
            if (std::ranges::any_of(roots, [&](Index i) { return merged_[i]; })) continue;
            for (const Index i : roots) {
                merged_[i] = true;
                open(forest_[i]);
            }
            const Index made = forest_.merge(roots, match.stacked);
            merged_.resize(std::max<std::size_t>(merged_.size(), made + 1));
            merged_[made] = false;
        }
    }

    void open(const Block& block) {
        for (const Index boundary : {block.begin, block.end}) {
            if (is_open_[boundary]) continue;
            is_open_[boundary] = true;
            open_.push_back(boundary);
        }
    }

    Bytes size(Index i) const { return forest_[i].size; }
    Index name(Index i) const { return forest_[i].name; }

    BlockForest& forest_;
    const MergeRules rules_;
    std::int64_t& looked_at_;
    std::vector<bool> is_open_;  // per boundary
    std::vector<bool> merged_;   // per block: merged since the run began
    std::vector<Index> open_;
    std::vector<Bytes> sizes_;  // of the roots when the run began, sorted
    std::vector<Match> matches_;
    std::vector<Index> matched_, ending_, starting_, ending_by_size_, starting_by_size_, beside_;
};

}  // namespace

void merge_blocks(BlockForest& forest, std::vector<Index> boundaries, const MergeRules& rules, std::int64_t& looked_at,
                  const Interrupted& interrupted) {
    BlockMerger(forest, rules, looked_at).run(std::move(boundaries), interrupted);
}

}  // namespace tmpass::packing
