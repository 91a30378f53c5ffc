// Runs the search of minimalloc_search.hpp on one part after another, with one rank after another.
#include "packing/minimalloc.hpp"

#include <algorithm>

#include "packing/minimalloc_search.hpp"
#include "packing/solve_parts.hpp"

namespace tmpass::packing {
namespace {

constexpr Rank kRanks[] = {Rank::kTotalWidthArea, Rank::kTotalAreaWidth, Rank::kWidthAreaTotal};

// Nodes per buffer that are spent without the buffers that always fit, before all are searched. An easy problem has few
// buffers left then. In a hard one those left out hardly matter, but ranks by total are worse without them.
constexpr std::int64_t kBriefNodes = 32;

// Ranks take turns under limits that double, since the time to a packing differs by orders of magnitude between them.
template <typename Unit>
Answer solve_part(const Part& part, std::int64_t node_limit, MinimallocRules rules, SearchResult& result,
                  const Interrupted& interrupted) {
    MinimallocSearch<Unit> search(part, rules, result.nodes, interrupted);
    for (auto limit = 2 * static_cast<std::int64_t>(part.count());; limit *= 2) {
        for (const Rank rank : kRanks) {
            const Answer answer = search.run(rank, limit, node_limit);
            if (answer == Answer::kFound)
                for (Index b = 0; b < part.count(); ++b) result.offsets[part.origin[b]] = search.offset(b) * part.unit;
            result.nodes = std::min(result.nodes, node_limit);
            if (answer != Answer::kBudgetEnded || result.nodes == node_limit) return answer;
        }
    }
}

}  // namespace

SearchResult minimalloc(const Problem& problem, Bytes capacity, std::int64_t node_limit, MinimallocRules rules,
                        const Interrupted& interrupted) {
    const auto search = [&](std::int64_t limit, bool always_fit) {
        const auto solve = [&](const Part& part, SearchResult& result) {
            const Bytes reach = reach_of(part);
            if (!MinimallocSearch<Bytes>::can_hold(reach)) return Answer::kBudgetEnded;
            const bool narrow = MinimallocSearch<std::int32_t>::can_hold(reach);
            return (narrow ? solve_part<std::int32_t> : solve_part<Bytes>)(part, limit, rules, result, interrupted);
        };
        return solve_parts(problem, capacity, interrupted, solve, {true, always_fit});
    };
    if (!rules.always_fit) return search(node_limit, false);
    const SearchResult brief = search(std::min(node_limit, kBriefNodes * problem.count()), true);
    if (brief.answer != Answer::kBudgetEnded || brief.nodes >= node_limit || brief.nodes == 0) return brief;
    SearchResult whole = search(node_limit - brief.nodes, false);
    whole.nodes += brief.nodes;
    return whole;
}

}  // namespace tmpass::packing
