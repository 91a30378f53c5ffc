#include "packing/merge_blocks.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <span>
#include <tuple>
#include <utility>

#include "random.hpp"

namespace tmpass {
namespace {

constexpr std::int64_t kEven = 1 << 16;  // even odds
constexpr std::size_t kMostTried = 12;   // of those that live equally long, when two of them are to match one
constexpr std::size_t kMostPairs = 1 << 20;
constexpr std::int64_t kLooksBetweenChecks = 1 << 16;  // some milliseconds

// A round looks for matches, then merges the safest of them: what is larger by then matches better, and what is then
// in nobody else's way matches more safely.
class Gluer {
  public:
    Gluer(Pieces& pieces, const GlueRules& rules, std::int64_t& looked_at)
        : pieces_(pieces), rules_(rules), looked_at_(looked_at), is_open_(pieces.boundaries(), false) {
        for (Index boundary = 0; boundary < pieces.boundaries(); ++boundary) {
            pieces.list_beginning(boundary, starting_);
            for (const Index i : starting_) sizes_.push_back(pieces[i].size);
        }
        std::ranges::sort(sizes_);
        is_part_.resize(pieces.room());
        looked_at_ += pieces.count();
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
            merge_the_safest();
        }
    }

  private:
    using Names = std::span<const Index>;

    struct Match {
        std::int64_t odds;     // that it is a coincidence, in kEven
        std::size_t from, to;  // its pieces, in named_
        bool stacked;          // on each other, rather than one after the other
    };

    // At the open boundaries; those without any are closed.
    void find_matches() {
        matches_.clear();
        named_.clear();
        std::ranges::sort(open_);  // the order in which they were opened says nothing
        std::erase_if(open_, [&](Index boundary) {
            const std::size_t before = matches_.size();
            find_matches(boundary);
            is_open_[boundary] = matches_.size() > before;
            return !is_open_[boundary];
        });
    }

    void find_matches(Index boundary) {
        pieces_.list_ending(boundary, ending_);
        pieces_.list_beginning(boundary, starting_);
        looked_at_ += static_cast<std::int64_t>(ending_.size() + starting_.size());
        const auto begin = [&](Index i) { return pieces_[i].begin; };
        const auto end = [&](Index i) { return pieces_[i].end; };
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

    void sort_by_size(const std::vector<Index>& names, std::vector<Index>& sorted) const {
        sorted = names;
        std::ranges::sort(sorted, {}, [&](Index i) { return std::pair(size(i), name(i)); });
    }

    // Takes those off the front of `rest` that are equal.
    template <typename Key>
    static Names take_equal(Names& rest, Key key) {
        std::size_t count = 1;
        while (count < rest.size() && key(rest[count]) == key(rest.front())) ++count;
        const Names taken = rest.first(count);
        rest = rest.subspan(count);
        return taken;
    }

    // One that ends and one that begins, of the same size. Where others have it too, two are drawn.
    void match_sizes() {
        const std::size_t pairs = ending_.size() * starting_.size();
        for (Names ends = ending_by_size_, starts = starting_by_size_; !ends.empty() && !starts.empty();) {
            if (size(ends.front()) != size(starts.front())) {
                Names& smaller = size(ends.front()) < size(starts.front()) ? ends : starts;
                smaller = smaller.subspan(1);
                continue;
            }
            const auto of_size = [&](Index i) { return size(i); };
            const Names before = take_equal(ends, of_size), after = take_equal(starts, of_size);
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

    // Of `many`, sorted by their other end: those, or two of those, that share it and together are as large as one of
    // `ones`, sorted by size. They are stacked; what they are together matches that one in the next round.
    template <typename OtherEnd>
    void match_sums(Names ones, Names many, OtherEnd other_end) {
        const auto is_there = [&](Bytes sum) {
            return std::ranges::binary_search(ones, sum, {}, [&](Index i) { return size(i); });
        };
        for (Names rest = many; !rest.empty();) {
            const Names group = take_equal(rest, other_end);
            if (group.size() < 2) continue;
            Bytes sum = 0;
            for (const Index i : group) sum += size(i);
            if (is_there(sum)) {
                const bool all = ones.size() == 1 && group.size() == many.size();
                add(all ? 0 : 1 + root(by_chance(sum, ones.size())) * 2 / 5, group, true);
            }
            if (group.size() == 2 || group.size() > kMostTried) continue;
            const std::size_t tries = ones.size() * group.size() * (group.size() - 1) / 2;
            for (std::size_t i = 0; i < group.size(); ++i) {
                for (std::size_t k = 0; k < i; ++k) {
                    const Bytes two = size(group[i]) + size(group[k]);
                    if (is_there(two)) add(1 + 4 * by_chance(two, tries), {group[k], group[i]}, true);
                }
            }
        }
    }

    // Those that live equally long, whatever is beside them: all where they are few, or else two that are drawn.
    void match_lifetimes() {
        for (Names rest = starting_; !rest.empty();) {
            const Names equal = take_equal(rest, [&](Index i) { return pieces_[i].end; });
            if (equal.size() == 2) {
                pieces_.list_ending(pieces_[equal[0]].end, beside_);
                const auto pairs = static_cast<std::int64_t>(starting_.size() * beside_.size());
                add(std::min(10 * kEven * pairs / pieces_.count(), kEven * 7 / 10), equal, true);
            } else if (equal.size() == 3) {
                add(kEven * 9 / 10, equal, true);
            } else if (equal.size() > 3) {
                Random draw(rules_.seed + name(equal[0]));
                const auto last = static_cast<std::int64_t>(equal.size()) - 1, one = draw.below(last);
                add(kEven * 19 / 20, {equal[one], equal[one + 1 + draw.below(last - one)]}, true);
            }
        }
    }

    // How many of `tries` sizes are `size` by chance, in kEven: by how many sizes are about as large. The odds that
    // are made of it were fitted to pieces whose places were known.
    std::int64_t by_chance(Bytes size, std::size_t tries) const {
        const Bytes about = size / 4;
        const auto from = std::ranges::lower_bound(sizes_, size - about);
        const auto to = std::ranges::upper_bound(sizes_, size + about);
        const auto near = static_cast<std::int64_t>(std::min(tries, kMostPairs)) * (to - from);
        return kEven * near / static_cast<std::int64_t>(sizes_.size()) / (2 * about + 1);
    }

    static std::int64_t root(std::int64_t odds) {
        return static_cast<std::int64_t>(std::sqrt(static_cast<double>(odds * kEven)));
    }

    void add(std::int64_t odds, std::initializer_list<Index> names, bool stacked) {
        add(odds, Names(names.begin(), names.size()), stacked);
    }

    // Noise is by names, so that a match which went first does so in every round.
    void add(std::int64_t odds, Names names, bool stacked) {
        std::uint64_t key = rules_.seed;
        for (const Index i : names) {
            if (!pieces_[i].plain) return;
            key += Random(static_cast<std::uint64_t>(name(i))).next();
        }
        odds = odds * (256 - rules_.noise + Random(key).below(2 * rules_.noise + 1)) / 256;
        matches_.push_back({odds, named_.size(), named_.size() + names.size(), stacked});
        named_.insert(named_.end(), names.begin(), names.end());
    }

    // The safest, and others about as safe, as far as they share no piece. Opens the boundaries of what was merged.
    void merge_the_safest() {
        if (matches_.empty()) return;
        std::ranges::stable_sort(matches_, {}, &Match::odds);
        const std::int64_t most = std::max(2 * matches_.front().odds, kEven / 256);
        for (const Match& match : matches_) {
            if (match.odds > most) break;
            const Names names(named_.data() + match.from, match.to - match.from);
            if (std::ranges::any_of(names, [&](Index i) { return is_part_[i]; })) continue;
            for (const Index i : names) {
                is_part_[i] = true;
                open(pieces_[i]);
            }
            const Index made = pieces_.merge(names, match.stacked);
            is_part_.resize(std::max<std::size_t>(is_part_.size(), made + 1));
            is_part_[made] = false;
        }
    }

    void open(const Piece& piece) {
        for (const Index boundary : {piece.begin, piece.end}) {
            if (is_open_[boundary]) continue;
            is_open_[boundary] = true;
            open_.push_back(boundary);
        }
    }

    Bytes size(Index i) const { return pieces_[i].size; }
    Index name(Index i) const { return pieces_[i].name; }

    Pieces& pieces_;
    const GlueRules rules_;
    std::int64_t& looked_at_;
    std::vector<bool> is_open_;  // per boundary
    std::vector<bool> is_part_;  // per piece: merged since this began
    std::vector<Index> open_;
    std::vector<Bytes> sizes_;  // of wholes when it began, sorted
    std::vector<Match> matches_;
    std::vector<Index> named_, ending_, starting_, ending_by_size_, starting_by_size_, beside_;
};

}  // namespace

void glue(Pieces& pieces, std::vector<Index> boundaries, const GlueRules& rules, std::int64_t& looked_at,
          const Interrupted& interrupted) {
    Gluer(pieces, rules, looked_at).run(std::move(boundaries), interrupted);
}

}  // namespace tmpass
