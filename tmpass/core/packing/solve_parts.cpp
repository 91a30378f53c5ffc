#include "packing/solve_parts.hpp"

#include <iterator>
#include <stdexcept>
#include <utility>
#include <vector>

#include "packing/always_fit.hpp"

namespace tmpass::packing {
namespace {

// Whether no byte is free at any step, so that sums are equal on both sides of a boundary. Without the buffers that
// always fit they would no longer be.
bool is_full(const Part& part) {
    for (Index b = 0; b < part.count(); ++b)
        if (!part.plain(b)) return false;
    const auto& [first, last, start, members] = part.sections;
    std::vector<Bytes> used(start.size(), 0);
    for (Index b = 0; b < part.count(); ++b) {
        used[first[b]] += part.size[b];
        used[last[b]] -= part.size[b];
    }
    Bytes sum = 0;
    for (Index s = 0; s < part.sections.count(); ++s)
        if ((sum += used[s]) != part.capacity) return false;
    return true;
}

class PartByPart {
  public:
    PartByPart(const Problem& problem, Bytes capacity, const Interrupted& interrupted, const SolvePart& solve_part)
        : problem_(problem), capacity_(capacity), interrupted_(interrupted), solve_part_(solve_part) {}

    SearchResult solve(Preparation preparation) {
        SearchResult result{Answer::kFound, problem_.fixed, 0};
        if (!place_others(problem_, capacity_, result.offsets)) return {Answer::kImpossible, {}, 0};
        for (auto& buffers : independent_parts(problem_)) {
            const Part part = make_part(problem_, capacity_, std::move(buffers), interrupted_);
            auto removed = preparation.always_fit ? always_fit(part) : std::vector<Index>();
            if (preparation.keep_full && std::ssize(removed) < part.count() && is_full(part)) removed.clear();
            const Answer answer = removed.empty() ? solve_part_(part, result) : solve_without(part, removed, result);
            if (answer == Answer::kImpossible) return {answer, {}, result.nodes};
            if (answer == Answer::kBudgetEnded) result.answer = answer;
        }
        return result;
    }

  private:
    // Solves what is left of `whole` without the `removed` buffers, which may fall into parts once more; then reinserts
    // these.
    Answer solve_without(const Part& whole, const std::vector<Index>& removed, SearchResult& result) {
        std::vector<bool> absent(whole.count(), false);
        for (const Index b : removed) absent[b] = true;
        std::vector<Index> rest;
        for (Index b = 0; b < whole.count(); ++b)
            if (!absent[b]) rest.push_back(whole.origin[b]);
        Answer answer = Answer::kFound;
        for (auto& buffers : independent_parts(problem_, std::move(rest))) {
            const Part part = make_part(problem_, capacity_, std::move(buffers), interrupted_, whole.unit);
            const Answer own = solve_part_(part, result);
            if (own == Answer::kImpossible) return own;
            if (own == Answer::kBudgetEnded) answer = own;
        }
        if (answer != Answer::kFound) return answer;
        std::vector<Bytes> offset(whole.count());
        for (Index b = 0; b < whole.count(); ++b) offset[b] = result.offsets[whole.origin[b]] / whole.unit;
        reinsert(whole, removed, offset);
        for (const Index b : removed) result.offsets[whole.origin[b]] = offset[b] * whole.unit;
        return answer;
    }

    const Problem& problem_;
    const Bytes capacity_;
    const Interrupted& interrupted_;
    const SolvePart& solve_part_;
};

void refuse(bool unknown, const char* what) {
    if (unknown) throw std::invalid_argument(what);
}

}  // namespace

SearchResult solve_parts(const Problem& problem, Bytes capacity, const Interrupted& interrupted,
                         const SolvePart& solve_part, Preparation preparation) {
    refuse(!preparation.knows_gaps && !problem.gaps.empty(), "this search does not know gaps");
    for (const Gap& gap : problem.gaps.rows)
        refuse(!preparation.knows_windows && gap.window_lower < gap.window_upper,
               "this search does not know windows in gaps");
    refuse(!preparation.knows_windows && !problem.apart.empty(), "this search does not know pairs that must be apart");
    return PartByPart(problem, capacity, interrupted, solve_part).solve(preparation);
}

}  // namespace tmpass::packing
