// The cheapest choice of absences, by dynamic programming over time.
//
// Absences are decided one after another, in the order in which they begin. What was decided matters for later only
// through what the rows still demand and which versions have paid their spill: choices with the same demands and the
// same spills are one state, and the cheapest of them stays. A state ends where its cost and the prices of what is
// still demanded are no better than a choice that is known.
#pragma once

#include <cstdint>
#include <vector>

#include "residency/absences.hpp"

namespace tmpass::residency {

struct AbsenceResult {
    bool found = false;         // false: no choice covers all rows
    std::vector<Index> absent;  // the numbers of the absences that are taken
    std::int64_t cost = 0;
    std::int64_t bound = 0;  // no choice costs less
    std::int64_t states = 0;
};

// Searches first with few states kept for each absence (a beam), then with more, until none had to be left out or
// `limit` states were made. The states that were left out make the bound lower, never wrong. The first search is always
// finished, so that a choice is found wherever there is one.
AbsenceResult search_absences(const AbsenceProblem& problem, std::int64_t limit, const Interrupted& interrupted);

}  // namespace tmpass::residency
