// Restarts, and one part after the other. The search itself is in attempts.hpp.
#include "postpone.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "attempts.hpp"

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
constexpr std::int64_t kMostNoise = 40;

// 1 1 2 1 1 2 4 1 1 2 ...: Luby, Sinclair and Zuckerman, "Optimal Speedup of Las Vegas Algorithms", 1993.
std::int64_t luby(std::int64_t i) {
    std::int64_t length = 1;
    while (length < i + 1) length = 2 * length + 1;
    for (; length != i + 1; length /= 2)
        if (i >= length / 2) i -= length / 2;
    return (length + 1) / 2;
}

template <typename Unit>
Answer solve_part(const Part& part, std::int64_t node_limit, std::uint64_t seed, PostponeRules rules,
                  SearchResult& result, const Interrupted& interrupted) {
    Attempts<Unit> attempts(part, rules, result.nodes, interrupted);
    Random random(seed);
    for (std::int64_t round = 0;; ++round) {
        // Without nodes left, what follows from the start alone may still decide.
        const std::int64_t limit = luby(round) * kRestartNodes * part.count();
        const Answer answer = attempts.run(limit, node_limit, std::min(2 * round, kMostNoise), random);
        if (answer == Answer::kFound)
            for (Index b = 0; b < part.count(); ++b) result.offsets[part.origin[b]] = attempts.offset(b) * part.unit;
        result.nodes = std::min(result.nodes, node_limit);
        if (answer != Answer::kBudgetEnded || result.nodes == node_limit) return answer;
    }
}

}  // namespace

SearchResult postpone(const Problem& problem, Bytes capacity, std::int64_t node_limit, std::uint64_t seed,
                      PostponeRules rules, const Interrupted& interrupted) {
    return solve_apart(problem, capacity, interrupted, [&](const Part& part, SearchResult& result) {
        Bytes reach = part.capacity;
        for (Index b = 0; b < part.count(); ++b) reach += part.size[b] + part.alignment[b];
        // Sums stay below what stands for a placed buffer.
        if (reach >= Attempts<Bytes>::kGone / 2) return Answer::kBudgetEnded;
        const bool narrow = reach < Attempts<std::int32_t>::kGone / 2;
        const auto solve = narrow ? solve_part<std::int32_t> : solve_part<Bytes>;
        return solve(part, node_limit, seed, rules, result, interrupted);
    });
}

}  // namespace tmpass
