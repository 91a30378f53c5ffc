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

constexpr std::int64_t kSafe = kEven / 256;  // odds at which matches are merged together
constexpr std::size_t kMaxTried = 12;        // roots that live equally long, of which two are to match one
constexpr std::size_t kMaxPaired = 64;  // roots at a boundary, of which two are to match one as parts of a pinwheel
constexpr std::size_t kMaxPairs = 1 << 20;
constexpr std::int64_t kMaxLooks = 1 << 13;     // for the pinwheels whose cores begin, or end, at one boundary
constexpr std::int64_t kLooksPerPinwheel = 32;  // that one is found and weighed costs as much
constexpr std::int64_t kPairsPerLook = 8;
constexpr std::int64_t kLooksBetweenChecks = 1 << 16;  // some milliseconds

// A round looks for matches, then merges the safest of them. Larger blocks match better, and each merge leaves fewer
// other matches in the way, so the next round decides more safely.
class BlockMerger {
  public:
    BlockMerger(BlockForest& forest, const MergeRules& rules, std::int64_t& looked_at, const Interrupted& interrupted)
        : forest_(forest),
          rules_(rules),
          looked_at_(looked_at),
          interrupted_(interrupted),
          next_check_(looked_at),
          is_open_(forest.boundaries(), false),
          is_changed_(is_open_) {
        for (Index boundary = 0; boundary < forest.boundaries(); ++boundary) {
            forest.list_beginning(boundary, starting_);
            for (const Index i : starting_) sizes_.push_back(forest[i].size);
        }
        std::ranges::sort(sizes_);
        merged_.resize(forest.size());
        looked_at_ += forest.count();
    }

    Index run(std::vector<Index> boundaries) {
        for (const Index boundary : boundaries) open(boundary);
        while (!open_.empty() || !changed_.empty()) {
            look(0);
            find_matches();
            // Looking for pinwheels takes longer, so it waits until nothing else is safe.
            if (matches_.empty() || std::ranges::min(matches_, {}, &Match::odds).odds > kSafe) find_pinwheels();
            merge_safest();
        }
        return pinwheels_;
    }

  private:
    using Roots = std::span<const Index>;

    struct Match {
        std::int64_t odds;     // that it is a coincidence, in kEven
        std::size_t from, to;  // its roots, in matched_
        Shape shape;           // that they form
    };

    void look(std::size_t times) {
        looked_at_ += static_cast<std::int64_t>(times);
        if (looked_at_ < next_check_) return;
        next_check_ = looked_at_ + kLooksBetweenChecks;
        if (interrupted_()) throw Cancelled();
    }

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

    // At the boundaries that changed since they had none.
    void find_pinwheels() {
        std::ranges::sort(changed_);
        std::erase_if(changed_, [&](Index boundary) {
            const std::size_t before = matches_.size();
            find_pinwheels(boundary);
            is_changed_[boundary] = matches_.size() > before;
            return !is_changed_[boundary];
        });
    }

    void find_matches(Index boundary) {
        forest_.list_ending(boundary, ending_);
        forest_.list_beginning(boundary, starting_);
        look(ending_.size() + starting_.size());
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
                add(odds, {before[0], after[0]}, Shape::kRow);
            } else {
                Random draw(rules_.seed + name(before[0]));
                const Index one = before[draw.below(before.size())];
                add(odds + kEven / 4, {one, after[draw.below(after.size())]}, Shape::kRow);
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
                add(all ? 0 : 1 + root(by_chance(sum, ones.size())) * rules_.odds.sum / 10, group, Shape::kStack);
            }
            if (group.size() == 2 || group.size() > kMaxTried) continue;
            const std::size_t tries = ones.size() * group.size() * (group.size() - 1) / 2;
            for (std::size_t i = 0; i < group.size(); ++i) {
                for (std::size_t k = 0; k < i; ++k) {
                    const Bytes two = size(group[i]) + size(group[k]);
                    if (is_there(two)) add(1 + 4 * by_chance(two, tries), {group[k], group[i]}, Shape::kStack);
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
                add(std::min(10 * kEven * pairs / forest_.count(), kEven * rules_.odds.two / 10), equal, Shape::kStack);
            } else if (equal.size() == 3) {
                add(kEven * rules_.odds.three / 10, equal, Shape::kStack);
            } else if (equal.size() > 3) {
                Random draw(rules_.seed + name(equal[0]));
                const auto last = static_cast<std::int64_t>(equal.size()) - 1, one = draw.below(last);
                add(kEven * rules_.odds.many / 10, {equal[one], equal[one + 1 + draw.below(last - one)]},
                    Shape::kStack);
            }
        }
    }

    void find_pinwheels(Index boundary) {
        forest_.list_ending(boundary, ending_);
        forest_.list_beginning(boundary, starting_);
        look(ending_.size() + starting_.size());
        if (ending_.empty() || starting_.empty()) return;
        const std::size_t ends = ending_.size(), starts = starting_.size();
        keep_different(ending_);
        keep_different(starting_);
        match_pinwheels(true, choose_two(starts) * ends);
        match_pinwheels(false, choose_two(ends) * starts);
    }

    static std::size_t choose_two(std::size_t count) { return count * (count - 1) / 2; }

    // Keeps one of those that can stand for one another, sorted by size. The others are found in later rounds.
    void keep_different(std::vector<Index>& roots) const {
        const auto kind = [&](Index i) {
            const Block& root = forest_[i];
            return std::tuple(root.size, root.begin, root.end, root.ceiling, root.residues);
        };
        std::erase_if(roots, [&](Index i) { return !forest_[i].plain; });
        std::ranges::sort(roots, {}, [&](Index i) { return std::pair(kind(i), name(i)); });
        const auto others = std::ranges::unique(roots, {}, kind);
        roots.erase(others.begin(), others.end());
    }

    // Of `roots` sorted by size.
    Roots with_size(const std::vector<Index>& roots, Bytes wanted) const {
        return std::ranges::equal_range(roots, wanted, {}, [&](Index i) { return size(i); });
    }

    // Matches the pieces of pinwheels in which the core begins, or ends, at `boundary`. Both arms beside a pair of arm
    // and core are as large as the pair:
    //
    //     +---+-------+
    //     |   |   3   |     4 = 5 + 3 where the core begins, and 2 = 1 + 5 where it ends
    //     | 4 +---+---+
    //     |   | 5 |   |
    //     +---+---+ 2 |
    //     |   1   |   |
    //     +-------+---+
    void match_pinwheels(bool begins, std::size_t tries) {
        const std::vector<Index>& pairs = begins ? starting_ : ending_;
        const std::vector<Index>& ones = begins ? ending_ : starting_;
        if (pairs.size() > kMaxPaired) return;
        const auto other_end = [&](Index i) { return begins ? forest_[i].end : forest_[i].begin; };
        std::uint64_t present = 0;  // bits of the sizes of `ones`, which rule out nearly all pairs
        for (const Index i : ones) present |= bit_of(size(i));
        pair_sizes_.clear();
        for (const Index i : pairs) pair_sizes_.push_back(size(i));
        last_look_ = looked_at_ + kMaxLooks;
        look(choose_two(pairs.size()) / kPairsPerLook);
        for (std::size_t i = 1; i < pairs.size(); ++i) {
            for (std::size_t k = 0; k < i; ++k) {
                const Bytes sum = pair_sizes_[i] + pair_sizes_[k];
                if (!(present & bit_of(sum))) continue;
                Index core = pairs[i], arm = pairs[k];
                if (other_end(core) == other_end(arm)) continue;
                if ((other_end(core) > other_end(arm)) == begins) std::swap(core, arm);  // the arm is longer
                for (const Index one : with_size(ones, sum)) {
                    if (looked_at_ >= last_look_) return;
                    match_pinwheel(core, arm, one, begins, tries);
                }
            }
        }
    }

    static std::uint64_t bit_of(Bytes size) { return std::uint64_t{1} << ((size ^ size >> 6) & 63); }

    // Completes the core, the arm and the one beside both, with those at the other end of the core: an arm between
    // them, and one beside that and the core.
    void match_pinwheel(Index core, Index arm, Index one, bool begins, std::size_t tries) {
        const Index far = begins ? forest_[core].end : forest_[core].begin;
        std::vector<Index>& between = begins ? ending_far_ : starting_far_;
        std::vector<Index>& beside = begins ? starting_far_ : ending_far_;
        forest_.list_ending(far, ending_far_);
        forest_.list_beginning(far, starting_far_);
        look(1 + ending_far_.size() + starting_far_.size());
        std::erase_if(ending_far_, [&](Index i) { return forest_[i].begin != forest_[begins ? one : arm].begin; });
        std::erase_if(starting_far_, [&](Index i) { return forest_[i].end != forest_[begins ? arm : one].end; });
        if (between.empty() || beside.empty()) return;
        const std::size_t far_tries = between.size() * beside.size();
        keep_different(between);
        keep_different(beside);
        for (const Index other : between) {
            for (const Index last : with_size(beside, size(other) + size(core))) {
                if (looked_at_ >= last_look_) return;
                look(kLooksPerPinwheel);
                const std::int64_t odds =
                    1 + by_chance(size(one), tries) * by_chance(size(last), far_tries) / (rules_.odds.pinwheel * kEven);
                if (begins)
                    add(odds, {other, last, arm, one, core}, Shape::kPinwheel);
                else
                    add(odds, {arm, one, other, last, core}, Shape::kPinwheel);
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

    void add(std::int64_t odds, std::initializer_list<Index> roots, Shape shape) {
        add(odds, Roots(roots.begin(), roots.size()), shape);
    }

    // Noise depends only on the names of the roots, so that a match which went first does so in every round.
    void add(std::int64_t odds, Roots roots, Shape shape) {
        std::uint64_t key = rules_.seed;
        for (const Index i : roots) {
            if (!forest_[i].plain) return;
            key += Random(static_cast<std::uint64_t>(name(i))).next();
        }
        if (!forest_.fit(roots, shape)) return;
        odds = odds * (256 - rules_.noise + Random(key).below(2 * rules_.noise + 1)) / 256;
        if (odds > rules_.most_odds) return;
        matches_.push_back({odds, matched_.size(), matched_.size() + roots.size(), shape});
        matched_.insert(matched_.end(), roots.begin(), roots.end());
    }

    // Merges the safest match, and others about as safe, as far as they share no root. Opens their boundaries.
    void merge_safest() {
        if (matches_.empty()) return;
        std::ranges::stable_sort(matches_, {}, &Match::odds);
        const std::int64_t most = std::max(2 * matches_.front().odds, kSafe);
        for (const Match& match : matches_) {
            if (match.odds > most) break;
            const Roots roots(matched_.data() + match.from, match.to - match.from);
            if (std::ranges::any_of(roots, [&](Index i) { return merged_[i]; })) continue;
            for (const Index i : roots) {
                merged_[i] = true;
                open(forest_[i].begin);
                open(forest_[i].end);
            }
            pinwheels_ += match.shape == Shape::kPinwheel;
            const Index made = forest_.merge(roots, match.shape);
            merged_.resize(std::max<std::size_t>(merged_.size(), made + 1));
            merged_[made] = false;
        }
    }

    void open(Index boundary) {
        if (!is_open_[boundary]) open_.push_back(boundary);
        is_open_[boundary] = true;
        if (!rules_.pinwheels) return;
        if (!is_changed_[boundary]) changed_.push_back(boundary);
        is_changed_[boundary] = true;
    }

    Bytes size(Index i) const { return forest_[i].size; }
    Index name(Index i) const { return forest_[i].name; }

    BlockForest& forest_;
    const MergeRules rules_;
    std::int64_t& looked_at_;
    const Interrupted& interrupted_;
    std::int64_t next_check_;       // in looked_at_, as are all looks
    std::int64_t last_look_ = 0;    // for the pinwheels at a boundary
    std::vector<bool> is_open_;     // per boundary: in open_, where matches are looked for
    std::vector<bool> is_changed_;  // per boundary: in changed_, where pinwheels are looked for
    std::vector<bool> merged_;      // per block: merged since the run began
    std::vector<Index> open_, changed_;
    Index pinwheels_ = 0;            // made so far
    std::vector<Bytes> sizes_;       // of the roots when the run began, sorted
    std::vector<Bytes> pair_sizes_;  // of the roots at a boundary
    std::vector<Match> matches_;
    std::vector<Index> matched_, ending_, starting_, ending_by_size_, starting_by_size_, beside_, starting_far_,
        ending_far_;
};

}  // namespace

Index merge_blocks(BlockForest& forest, std::vector<Index> boundaries, const MergeRules& rules, std::int64_t& looked_at,
                   const Interrupted& interrupted) {
    return BlockMerger(forest, rules, looked_at, interrupted).run(std::move(boundaries));
}

}  // namespace tmpass::packing
