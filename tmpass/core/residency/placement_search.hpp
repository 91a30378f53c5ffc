// The cheapest division of buffers among memories, by dynamic programming over time.
//
// Buffers are decided one after another, in the order in which their live ranges begin. What was decided matters for
// later only through the bytes that are taken from now on: states with the same bytes at all later rows are one state,
// and the cheapest of them stays. The number of states is small where few buffers are alive at once, or many are equal.
// A state ends where its cost and the row prices of the rest are no better than a placement that is known.
#pragma once

#include <cstdint>
#include <vector>

#include "residency/placement_problem.hpp"

namespace tmpass::residency {

struct PlacementResult {
    bool found = false;
    std::vector<Index> memory;  // of each buffer
    std::int64_t cost = 0;
    std::int64_t bound = 0;  // no placement costs less
    bool complete = false;   // the search ended: the placement is the cheapest, or there is none
    std::int64_t states = 0;
};

// Searches first with few states kept for each buffer (a beam), then with more, until none had to be left out or
// `limit` states were made. The states that were left out make the bound lower, never wrong.
PlacementResult search_placements(const PlacementProblem& problem, std::int64_t limit, const Interrupted& interrupted);

}  // namespace tmpass::residency
