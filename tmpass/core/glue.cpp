#include "glue.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <numeric>
#include <tuple>

namespace tmpass {
namespace {

constexpr std::int64_t kEven = 1 << 16;  // even odds
constexpr std::size_t kMostTried = 12;   // of those that live equally long, when two of them are to match one
constexpr std::size_t kMostPairs = 1 << 20;
constexpr std::size_t kPiecesBetweenChecks = 1 << 16;  // some milliseconds
constexpr int kMostRounds = 100;

struct Piece {
    Step lower, upper;
    Bytes size, ceiling;                           // no top is above the ceiling
    bool open;                                     // may be glued
    std::vector<std::pair<Index, Bytes>> members;  // buffers and their rise; none: part of another piece
};

// Begins with a piece per buffer. A round looks for matches, then merges the safest of them: what is larger by then
// matches better, and what is then in nobody else's way matches more safely.
class Gluer {
  public:
    Gluer(const Part& part, const GlueRules& rules, std::uint64_t seed) : rules_(rules), seed_(seed) {
        for (Index b = 0; b < part.count(); ++b) {
            const Bytes size = part.size[b];
            pieces_.push_back({part.lower[b], part.upper[b], size, part.last[b] + size, part.plain(b), {{b, 0}}});
        }
    }

    std::vector<Piece> run(const Interrupted& interrupted) {
        std::size_t looked_at = 0;
        for (int round = 0; round < kMostRounds; ++round) {
            looked_at += pieces_.size();
            if (looked_at > kPiecesBetweenChecks) {
                looked_at = 0;
                if (interrupted()) throw Cancelled();
            }
            find_matches();
            if (matches_.empty()) break;
            merge_the_safest();
        }
        return std::move(pieces_);
    }

  private:
    using Names = std::span<const Index>;

    struct Match {
        std::int64_t odds;     // that it is a coincidence, in kEven
        std::size_t from, to;  // its pieces, in named_
        bool stacked;          // on each other, rather than one after the other
    };

    void find_matches() {
        matches_.clear();
        named_.clear();
        sizes_.clear();
        for (const Piece& piece : pieces_) sizes_.push_back(piece.size);
        std::ranges::sort(sizes_);
        by_start_.resize(pieces_.size());
        std::iota(by_start_.begin(), by_start_.end(), 0);
        by_end_ = by_start_;
        const auto start = [&](Index i) { return pieces_[i].lower; };
        const auto end = [&](Index i) { return pieces_[i].upper; };
        const auto size = [&](Index i) { return pieces_[i].size; };
        std::ranges::sort(by_start_, {}, [&](Index i) { return std::tuple(start(i), end(i), size(i), i); });
        std::ranges::sort(by_end_, {}, [&](Index i) { return std::tuple(end(i), start(i), size(i), i); });
        for (Names rest = by_end_, later = by_start_; !rest.empty();) {
            const Names ending = take_equal(rest, end);
            while (!later.empty() && start(later.front()) < end(ending.front())) later = later.subspan(1);
            if (later.empty() || start(later.front()) > end(ending.front())) continue;
            const Names starting = take_equal(later, start);
            ending_.assign(ending.begin(), ending.end());
            starting_.assign(starting.begin(), starting.end());
            std::ranges::sort(ending_, {}, [&](Index i) { return std::pair(size(i), i); });
            std::ranges::sort(starting_, {}, [&](Index i) { return std::pair(size(i), i); });
            match_sizes(ending_, starting_);
            match_sums(ending_, starting, end);
            match_sums(starting_, ending, start);
        }
        match_lifetimes();
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

    // One that ends and one that begins, both sorted by size, of a size that no other of either has.
    void match_sizes(Names ending, Names starting) {
        const auto size = [&](Index i) { return pieces_[i].size; };
        for (Names ends = ending, starts = starting; !ends.empty() && !starts.empty();) {
            if (size(ends.front()) != size(starts.front())) {
                Names& smaller = size(ends.front()) < size(starts.front()) ? ends : starts;
                smaller = smaller.subspan(1);
                continue;
            }
            const Names before = take_equal(ends, size), after = take_equal(starts, size);
            if (before.size() > 1 || after.size() > 1) continue;
            const std::size_t pairs = ending.size() * starting.size();
            add(pairs == 1 ? 0 : 1 + by_chance(size(before[0]), pairs) * 2 / 3, {before[0], after[0]}, false);
        }
    }

    // Of `many`, sorted by their other end: those, or two of those, that share it and together are as large as one of
    // `ones`, sorted by size. They are stacked; what they are together matches that one in the next round.
    template <typename OtherEnd>
    void match_sums(Names ones, Names many, OtherEnd other_end) {
        const auto is_there = [&](Bytes sum) {
            return std::ranges::binary_search(ones, sum, {}, [&](Index i) { return pieces_[i].size; });
        };
        for (Names rest = many; !rest.empty();) {
            const Names group = take_equal(rest, other_end);
            if (group.size() < 2) continue;
            Bytes sum = 0;
            for (const Index i : group) sum += pieces_[i].size;
            if (is_there(sum)) {
                const bool all = ones.size() == 1 && group.size() == many.size();
                add(all ? 0 : 1 + root(by_chance(sum, ones.size())) * 2 / 5, group, true);
            }
            if (group.size() == 2 || group.size() > kMostTried) continue;
            const std::size_t tries = ones.size() * group.size() * (group.size() - 1) / 2;
            for (std::size_t i = 0; i < group.size(); ++i) {
                for (std::size_t k = 0; k < i; ++k) {
                    const Bytes two = pieces_[group[i]].size + pieces_[group[k]].size;
                    if (is_there(two)) add(1 + 4 * by_chance(two, tries), {group[k], group[i]}, true);
                }
            }
        }
    }

    // Two or three that live equally long, whatever is beside them.
    void match_lifetimes() {
        const auto start = [&](Index i) { return pieces_[i].lower; };
        const auto end = [&](Index i) { return pieces_[i].upper; };
        const auto count = static_cast<std::int64_t>(pieces_.size());
        for (Names rest = by_start_; !rest.empty();) {
            const Names equal = take_equal(rest, [&](Index i) { return std::pair(start(i), end(i)); });
            if (equal.size() == 3) add(kEven * 9 / 10, equal, true);
            if (equal.size() != 2) continue;
            const auto starting = std::ranges::equal_range(by_start_, start(equal[0]), {}, start);
            const auto ending = std::ranges::equal_range(by_end_, end(equal[0]), {}, end);
            const auto pairs = static_cast<std::int64_t>(starting.size() * ending.size());
            add(std::min(10 * kEven * pairs / count, kEven * 7 / 10), equal, true);
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

    // Draws are by names, so that a match which was left out, or went first, does so in every round.
    void add(std::int64_t odds, Names names, bool stacked) {
        std::uint64_t key = seed_;
        for (const Index i : names) {
            if (!pieces_[i].open) return;
            key += Random(static_cast<std::uint64_t>(pieces_[i].members.front().first)).next();
        }
        Random random(key);
        if (random.below(256 * (kEven + odds)) < rules_.doubt * odds) return;
        odds = odds * (256 - rules_.noise + random.below(2 * rules_.noise + 1)) / 256;
        matches_.push_back({odds, named_.size(), named_.size() + names.size(), stacked});
        named_.insert(named_.end(), names.begin(), names.end());
    }

    // The safest, and others about as safe, as far as they share no piece.
    void merge_the_safest() {
        std::ranges::stable_sort(matches_, {}, &Match::odds);
        const std::int64_t most = std::max(2 * matches_.front().odds, kEven / 256);
        for (const Match& match : matches_) {
            if (match.odds > most) break;
            const Names names(named_.data() + match.from, match.to - match.from);
            if (std::ranges::all_of(names, [&](Index i) { return pieces_[i].open; })) merge(names, match.stacked);
        }
        std::erase_if(pieces_, [](const Piece& piece) { return piece.members.empty(); });
        for (Piece& piece : pieces_) piece.open |= piece.members.size() > 1;
    }

    // Closes the pieces until the end of the round.
    void merge(Names names, bool stacked) {
        Piece& whole = pieces_[names[0]];
        whole.open = false;
        for (const Index i : names.subspan(1)) {
            Piece& piece = pieces_[i];
            const Bytes base = stacked ? whole.size : 0;
            for (const auto& [b, rise] : piece.members) whole.members.emplace_back(b, base + rise);
            piece.members.clear();
            piece.open = false;
            whole.ceiling = std::min(whole.ceiling, piece.ceiling);
            whole.upper = piece.upper;
            if (stacked) whole.size += piece.size;
        }
    }

    const GlueRules rules_;
    const std::uint64_t seed_;
    std::vector<Piece> pieces_;
    std::vector<Match> matches_;
    std::vector<Index> by_start_, by_end_, ending_, starting_, named_;
    std::vector<Bytes> sizes_;
};

}  // namespace

Blocks glue(const Part& part, const GlueRules& rules, Random& random, const Interrupted& interrupted) {
    Blocks blocks;
    Part& glued = blocks.part;
    glued.unit = part.unit;
    glued.capacity = part.capacity;
    blocks.block.resize(part.count());
    blocks.rise.resize(part.count());
    for (const Piece& piece : Gluer(part, rules, random.next()).run(interrupted)) {
        for (const auto& [b, rise] : piece.members) {
            blocks.block[b] = glued.count();
            blocks.rise[b] = rise;
        }
        const bool alone = piece.members.size() == 1;
        const Index only = piece.members.front().first;
        glued.lower.push_back(piece.lower);
        glued.upper.push_back(piece.upper);
        glued.size.push_back(piece.size);
        glued.last.push_back(piece.ceiling - piece.size);
        glued.alignment.push_back(alone ? part.alignment[only] : 1);
        glued.barred.push_back(alone ? part.barred[only] : std::vector<Range>());
    }
    find_overlaps(glued, interrupted);
    return blocks;
}

}  // namespace tmpass
