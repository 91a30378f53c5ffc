// Restarts, and one part after the other. The search itself is in postpone_search.hpp.
#include "packing/postpone.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "packing/block_guesses.hpp"
#include "packing/postpone_search.hpp"

namespace tmpass {

std::vector<std::vector<Index>> interchangeable(const Part& part) {
    std::map<std::tuple<Index, Index, Bytes>, std::vector<Index>> found;
    for (Index b = 0; b < part.count(); ++b)
        if (part.plain(b))
            found[{part.sections.first[b], part.sections.last[b], part.last[b] + part.size[b]}].push_back(b);
    std::vector<std::vector<Index>> classes(part.count());
    for (auto& [_, members] : found) {
        std::ranges::sort(members, {}, [&](Index b) { return std::pair(-part.size[b], b); });
        for (const Index b : members)
            if (members.size() > 1) classes[b] = members;
    }
    return classes;
}

namespace {

constexpr std::int64_t kRestartNodes = 2;  // per buffer, in the shortest attempt
constexpr std::int64_t kGuessNodes = 4;    // per block
constexpr std::int64_t kMostNoise = 40;
constexpr std::int64_t kGuessRounds = 7;       // of one guess: 1 1 2 1 1 2 4
constexpr std::int64_t kGuessShare = 3;        // one of so many nodes is spent on the whole
constexpr std::size_t kMostGlued = 4'000'000;  // overlapping pairs: more are not copied for a guess

// 1 1 2 1 1 2 4 1 1 2 ...: Luby, Sinclair and Zuckerman, "Optimal Speedup of Las Vegas Algorithms", 1993.
std::int64_t luby(std::int64_t i) {
    std::int64_t length = 1;
    while (length < i + 1) length = 2 * length + 1;
    for (; length != i + 1; length /= 2)
        if (i >= length / 2) i -= length / 2;
    return (length + 1) / 2;
}

// Blocks of a part, and the attempts at packing them.
template <typename Unit>
struct Guess {
    Guess(Blocks glued, PostponeRules rules, std::int64_t& nodes, const Interrupted& interrupted)
        : blocks(std::move(glued)), attempts(blocks.part, rules, nodes, interrupted) {}

    const Blocks blocks;
    Attempts<Unit> attempts;
    std::int64_t rounds = 0;
};

// Turns of attempts at the whole part, which are proofs, and at guesses of what belongs together in it, which are often
// far easier: a guess may be wrong, so it is not kept for long.
template <typename Unit>
Answer solve_part(const Part& part, std::int64_t node_limit, std::uint64_t seed, PostponeRules rules,
                  SearchResult& result, const Interrupted& interrupted) {
    const auto count = static_cast<std::int64_t>(part.count());
    Attempts<Unit> whole(part, rules, result.nodes, interrupted);
    Random random(seed);
    std::unique_ptr<Guess<Unit>> guess;
    std::int64_t rounds = 0;
    std::optional<Guesses> guesses;
    bool refuted = false, gluing = rules.glue && part.neighbours.size() <= kMostGlued;
    for (Index b = 0; b < part.count(); ++b) gluing &= part.solid(b);
    const auto noise = [](std::int64_t round) { return std::min(2 * round, kMostNoise); };
    // Without nodes left, what follows from the start alone may still decide.
    Answer answer = Answer::kBudgetEnded;
    const std::int64_t begin = result.nodes;
    std::int64_t spent = 0;  // on the whole
    while (answer == Answer::kBudgetEnded && (rounds == 0 || result.nodes < node_limit)) {
        if (!gluing || spent * kGuessShare <= result.nodes - begin) {
            const std::int64_t before = result.nodes;
            answer = whole.run(luby(rounds) * kRestartNodes * count, node_limit, noise(rounds), random);
            spent += result.nodes - before;
            ++rounds;
            if (answer != Answer::kFound) continue;
            for (Index b = 0; b < count; ++b) result.offsets[part.origin[b]] = whole.offset(b) * part.unit;
            continue;
        }
        if (!guess) {
            const bool first = !guesses;
            if (first) guesses.emplace(part, interrupted);
            Blocks blocks = guesses->next(refuted, random, result.nodes);
            gluing = !first || blocks.part.count() < count;
            if (!gluing) continue;
            guess = std::make_unique<Guess<Unit>>(std::move(blocks), rules, result.nodes, interrupted);
        }
        const auto& [blocks, attempts, round] = *guess;
        const std::int64_t limit = luby(round) * kGuessNodes * blocks.part.count();
        answer = guess->attempts.run(limit, node_limit, noise(round), random);
        if (answer == Answer::kFound) {
            for (Index b = 0; b < count; ++b)
                result.offsets[part.origin[b]] = (attempts.offset(blocks.block[b]) + blocks.rise[b]) * part.unit;
        } else if (answer == Answer::kImpossible || ++guess->rounds == kGuessRounds) {
            refuted = answer == Answer::kImpossible;
            answer = Answer::kBudgetEnded;  // a wrong guess proves nothing
            guess.reset();
        }
    }
    result.nodes = std::min(result.nodes, node_limit);
    return answer;
}

}  // namespace

SearchResult postpone(const Problem& problem, Bytes capacity, std::int64_t node_limit, std::uint64_t seed,
                      PostponeRules rules, const Interrupted& interrupted) {
    const auto solve_whole = [&](const Part& part, SearchResult& result) {
        const Bytes reach = reach_of(part);
        // Sums stay below what stands for a placed buffer.
        if (reach >= Attempts<Bytes>::kGone / 2) return Answer::kBudgetEnded;
        const bool narrow = reach < Attempts<std::int32_t>::kGone / 2;
        const auto solve = narrow ? solve_part<std::int32_t> : solve_part<Bytes>;
        return solve(part, node_limit, seed, rules, result, interrupted);
    };
    return solve_apart(problem, capacity, interrupted, solve_whole, {.knows_gaps = true});
}

}  // namespace tmpass
