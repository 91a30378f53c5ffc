// Runs the search of postpone_search.hpp on one part after another, with restarts, and on guesses at larger blocks.
#include "packing/postpone.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "packing/block_guesses.hpp"
#include "packing/postpone_search.hpp"
#include "packing/solve_parts.hpp"

namespace tmpass::packing {

namespace {

constexpr std::int64_t kRestartNodes = 2;       // per buffer, in the shortest attempt
constexpr std::int64_t kGuessNodes = 4;         // per block
constexpr std::int64_t kMaxNoise = 40;          // in 1 / 256
constexpr std::int64_t kLongRounds = 7;         // attempts at some guesses: 1 1 2 1 1 2 4
constexpr std::int64_t kLongEach = 2;           // one guess of this many has those, as has the first; any other has one
constexpr std::int64_t kSeldomLongEach = 8;     // so with even seeds, for each second beginning of guesses
constexpr std::int64_t kRoundsUnexplained = 3;  // of attempts at the whole: an easy part needs no nogoods
constexpr std::int64_t kMixedGuessRounds = 3;   // where cuts are mixed: 300 buffers of 60 x 256
constexpr std::int64_t kWholeShare = 3;         // one of this many nodes is spent on the whole part
constexpr std::size_t kMaxMergedPairs = 4'000'000;  // overlapping pairs: more are not copied for a guess

// 1 1 2 1 1 2 4 1 1 2 ...: Luby, Sinclair and Zuckerman, "Optimal Speedup of Las Vegas Algorithms", 1993.
std::int64_t luby(std::int64_t i) {
    std::int64_t length = 1;
    while (length < i + 1) length = 2 * length + 1;
    for (; length != i + 1; length /= 2)
        if (i >= length / 2) i -= length / 2;
    return (length + 1) / 2;
}

std::int64_t noise_of(std::int64_t round) { return std::min(2 * round, kMaxNoise); }

// Blocks of a part, and the attempts at packing them.
template <typename Unit>
struct Guess {
    Guess(MergedPart part, PostponeRules rules, std::int64_t& nodes, const Interrupted& interrupted)
        : merged(std::move(part)), search(merged.part, rules, nodes, interrupted) {}

    const MergedPart merged;
    PostponeSearch<Unit> search;
    std::int64_t rounds = 0;
};

// Attempts at the whole part, which are proofs, take turns with attempts at guesses of which buffers belong together,
// which are often far easier. A guess may be wrong, so most are given up after an attempt or a few.
template <typename Unit, bool kOutlined>
class PartSolver {
  public:
    PartSolver(const Part& part, PostponeRules rules, std::uint64_t seed, SearchResult& result,
               const Interrupted& interrupted)
        : part_(part),
          rules_(rules),
          result_(result),
          interrupted_(interrupted),
          whole_(part, rules, result.nodes, interrupted),
          random_(seed),
          seldom_(seed % 2 == 0),
          merging_(rules.blocks && !kOutlined && part.neighbours.size() <= kMaxMergedPairs) {
        for (Index b = 0; b < part.count(); ++b) merging_ &= part.solid(b);
    }

    Answer solve(std::int64_t node_limit) {
        Answer answer = Answer::kBudgetEnded;
        const std::int64_t begin = result_.nodes;
        // Without nodes left, what follows from the start alone may still decide: hence at least one round.
        while (answer == Answer::kBudgetEnded && (rounds_ == 0 || result_.nodes < node_limit)) {
            if (!merging_ || spent_on_whole_ * kWholeShare <= result_.nodes - begin)
                answer = try_whole(node_limit);
            else if (guess_ || make_guess())
                answer = try_guess(node_limit);
        }
        result_.nodes = std::min(result_.nodes, node_limit);
        return answer;
    }

  private:
    Answer try_whole(std::int64_t node_limit) {
        const std::int64_t before = result_.nodes;
        const std::int64_t limit = luby(rounds_) * kRestartNodes * part_.count();
        const Answer answer = whole_.run(limit, node_limit, noise_of(rounds_), random_, rounds_ >= kRoundsUnexplained);
        spent_on_whole_ += result_.nodes - before;
        ++rounds_;
        if (answer == Answer::kFound)
            for (Index b = 0; b < part_.count(); ++b) result_.offsets[part_.origin[b]] = whole_.offset(b) * part_.unit;
        return answer;
    }

    // False, once and for all, where nothing belongs together.
    bool make_guess() {
        const bool first = !guesses_;
        if (first) guesses_.emplace(part_, rules_.pinwheels, interrupted_);
        ++guess_count_;
        MergedPart merged = guesses_->next(refuted_, random_, result_.nodes);
        merging_ = !first || merged.part.count() < part_.count();
        if (merging_) guess_ = std::make_unique<Guess<Unit>>(std::move(merged), rules_, result_.nodes, interrupted_);
        return merging_;
    }

    // kFound or kBudgetEnded: that the blocks of a guess have no packing proves nothing.
    Answer try_guess(std::int64_t node_limit) {
        const auto& [merged, search, round] = *guess_;
        const std::int64_t limit = luby(round) * kGuessNodes * merged.part.count();
        const Answer answer = guess_->search.run(limit, node_limit, noise_of(round), random_, false);
        if (answer == Answer::kFound) {
            std::vector<Bytes> offsets(part_.count());
            for (Index block = 0; block < merged.part.count(); ++block)
                merged.forest.place(merged.roots[block], search.offset(block), offsets);
            for (Index b = 0; b < part_.count(); ++b) result_.offsets[part_.origin[b]] = offsets[b] * part_.unit;
            return answer;
        }
        if (answer == Answer::kImpossible || ++guess_->rounds == guess_rounds()) {
            refuted_ = answer == Answer::kImpossible;
            guess_.reset();
        }
        return Answer::kBudgetEnded;
    }

    std::int64_t guess_rounds() const {
        if (guesses_->is_mixed()) return kMixedGuessRounds;
        const bool seldom = seldom_ && guesses_->beginnings() % 2 == 0;
        return guess_count_ == 1 || guess_count_ % (seldom ? kSeldomLongEach : kLongEach) == 0 ? kLongRounds : 1;
    }

    const Part& part_;
    const PostponeRules rules_;
    SearchResult& result_;
    const Interrupted& interrupted_;
    PostponeSearch<Unit, kOutlined> whole_;
    Random random_;
    const bool seldom_;  // long guesses are seldom at times: what takes long with one seed may not with the next
    std::optional<BlockGuesses> guesses_;
    std::unique_ptr<Guess<Unit>> guess_;
    std::int64_t rounds_ = 0;          // attempts at the whole
    std::int64_t guess_count_ = 0;     // guesses made
    std::int64_t spent_on_whole_ = 0;  // nodes
    bool refuted_ = false;             // the last guess was proved wrong
    bool merging_;                     // guesses are made
};

}  // namespace

SearchResult postpone(const Problem& problem, Bytes capacity, std::int64_t node_limit, std::uint64_t seed,
                      PostponeRules rules, const Interrupted& interrupted) {
    const auto solve = [&](const Part& part, SearchResult& result) {
        const Bytes reach = reach_of(part);
        if (!PostponeSearch<Bytes>::can_hold(reach)) return Answer::kBudgetEnded;
        const auto solve_as = [&]<typename Unit, bool kOutlined>() {
            return PartSolver<Unit, kOutlined>(part, rules, seed, result, interrupted).solve(node_limit);
        };
        const bool narrow = PostponeSearch<std::int32_t>::can_hold(reach);
        if (part.outlines.empty())
            return narrow ? solve_as.template operator()<std::int32_t, false>()
                          : solve_as.template operator()<Bytes, false>();
        return narrow ? solve_as.template operator()<std::int32_t, true>()
                      : solve_as.template operator()<Bytes, true>();
    };
    const Preparation preparation{.knows_gaps = true, .knows_windows = true, .keep_full = true};
    return solve_parts(problem, capacity, interrupted, solve, preparation);
}

}  // namespace tmpass::packing
