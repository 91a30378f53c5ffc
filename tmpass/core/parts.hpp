// Independent parts of a problem, in units: what an exact search reads.
#pragma once

#include <utility>
#include <vector>

#include "problem.hpp"
#include "search_result.hpp"
#include "sections.hpp"

namespace tmpass {

inline constexpr std::size_t kMaxEntries = 50'000'000;  // of section members, and of overlapping pairs

// Gives the empty movable buffers, which collide with nothing, their lowest offsets, and the others that move 0; false
// where an empty or a fixed one has no place.
bool place_others(const Problem& problem, Bytes capacity, std::vector<Bytes>& offsets);

// The movable buffers that have bytes, cut where no live range crosses, in the order of time.
std::vector<std::vector<Index>> independent_parts(const Problem& problem);

// Buffers numbered from 0. Every offset that a packing pushed down can have is a multiple of `unit`, so all numbers
// but steps count units; sizes are rounded up, which costs nothing but below the topmost buffer:
//
//     capacity    |...........|
//     last[c] ->  |  +--+     |   c may start at `last` and end above the capacity's multiple, by less than a
//                 |  |c |     |   unit of what rounding added
struct Part {
    std::vector<Index> origin;  // per buffer: its index in the whole problem
    Bytes unit = 1;
    Bytes capacity = 0;  // no rounded top is above it
    std::vector<Step> lower, upper;
    std::vector<Bytes> size, alignment, last;  // last: the highest offset that a buffer may have; may be negative
    std::vector<std::vector<Range>> barred;    // per buffer: offsets [from, to) that it cannot have
    Sections sections;
    std::vector<Index> neighbour_start, neighbours;  // buffer b shares a step with neighbours[start[b] .. start[b+1])

    Index count() const { return static_cast<Index>(size.size()); }
    std::span<const Index> neighbours_of(Index b) const {
        return std::span(neighbours).subspan(neighbour_start[b], neighbour_start[b + 1] - neighbour_start[b]);
    }
    bool plain(Index b) const { return alignment[b] == 1 && barred[b].empty(); }

    // The lowest offset >= base that b can have, as far as alignment and fixed buffers go.
    Bytes lift(Index b, Bytes base) const {
        Bytes offset = align_up(base, alignment[b]);
        for (const auto& [from, to] : barred[b]) {
            if (from > offset) break;
            if (to > offset) offset = align_up(to, alignment[b]);
        }
        return offset;
    }
};

// `buffers` among the fixed ones of `problem`. Throws Cancelled, and std::length_error when more pairs overlap than fit
// in memory.
Part make_part(const Problem& problem, Bytes capacity, std::vector<Index> buffers, const Interrupted& interrupted);

// Solves each independent part with `solve_part(part, result)`, which adds offsets and nodes to `result`. One part that
// is impossible decides; one whose budget ends leaves the others to be tried, since they may be impossible.
template <typename SolvePart>
SearchResult solve_apart(const Problem& problem, Bytes capacity, const Interrupted& interrupted, SolvePart solve_part) {
    if (!problem.gaps.empty() || !problem.apart.empty())
        throw std::invalid_argument("this search knows no gaps, and no pairs that stay apart");
    SearchResult result{Answer::kFound, problem.fixed, 0};
    if (!place_others(problem, capacity, result.offsets)) return {Answer::kImpossible, {}, 0};
    for (auto& buffers : independent_parts(problem)) {
        const Answer answer = solve_part(make_part(problem, capacity, std::move(buffers), interrupted), result);
        if (answer == Answer::kImpossible) return {answer, {}, result.nodes};
        if (answer == Answer::kBudgetEnded) result.answer = answer;
    }
    return result;
}

}  // namespace tmpass
