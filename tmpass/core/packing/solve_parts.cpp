#include <algorithm>

#include "packing/always_fit.hpp"
#include "packing/parts.hpp"

namespace tmpass {
namespace {

// The buffers of `whole` that always fit are set aside; what is left may fall apart once more.
Answer solve_whole(const Problem& problem, Bytes capacity, const Part& whole, const Interrupted& interrupted,
                   const SolvePart& solve_part, Preparation preparation, SearchResult& result) {
    const auto removed = preparation.always_fit ? always_fit(whole) : std::vector<Index>();
    if (removed.empty()) return solve_part(whole, result);
    std::vector<bool> absent(whole.count(), false);
    for (const Index b : removed) absent[b] = true;
    std::vector<Index> rest;
    for (Index b = 0; b < whole.count(); ++b)
        if (!absent[b]) rest.push_back(whole.origin[b]);
    Answer answer = Answer::kFound;
    for (auto& buffers : independent_parts(problem, std::move(rest))) {
        const Part part = make_part(problem, capacity, std::move(buffers), interrupted, whole.unit);
        const Answer own = solve_part(part, result);
        if (own == Answer::kImpossible) return own;
        if (own == Answer::kBudgetEnded) answer = own;
    }
    if (answer != Answer::kFound) return answer;
    std::vector<Bytes> offset(whole.count());
    for (Index b = 0; b < whole.count(); ++b) offset[b] = result.offsets[whole.origin[b]] / whole.unit;
    put_back(whole, removed, offset);
    for (const Index b : removed) result.offsets[whole.origin[b]] = offset[b] * whole.unit;
    return answer;
}

void refuse(bool unknown, const char* what) {
    if (unknown) throw std::invalid_argument(what);
}

}  // namespace

SearchResult solve_apart(const Problem& problem, Bytes capacity, const Interrupted& interrupted,
                         const SolvePart& solve_part, Preparation preparation) {
    refuse(!preparation.knows_gaps && !problem.gaps.empty(), "this search knows no gaps");
    for (const Gap& gap : problem.gaps.rows)
        refuse(gap.window_lower < gap.window_upper, "this search knows no windows in gaps");
    refuse(!problem.apart.empty(), "this search knows no pairs that stay apart");
    SearchResult result{Answer::kFound, problem.fixed, 0};
    if (!place_others(problem, capacity, result.offsets)) return {Answer::kImpossible, {}, 0};
    for (auto& buffers : independent_parts(problem)) {
        const Part part = make_part(problem, capacity, std::move(buffers), interrupted);
        const Answer answer = solve_whole(problem, capacity, part, interrupted, solve_part, preparation, result);
        if (answer == Answer::kImpossible) return {answer, {}, result.nodes};
        if (answer == Answer::kBudgetEnded) result.answer = answer;
    }
    return result;
}

}  // namespace tmpass
