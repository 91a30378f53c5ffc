// An order that moves few bytes, by a beam over labels: of the labels with equally many operators only the best go on.
#pragma once

#include "residency/label_search.hpp"

namespace tmpass::residency {

// `width` labels of each number of operators go on. The best are those with the least cost, plus `leaving` parts in 16
// of the price of sending away all items on chip.
struct BeamScore {
    Index width, leaving;
    bool run_on;  // a chain that has begun goes on: see LabelGrowth
};

// An order that costs less than `upper`; none where the beam finds none, or makes more than `limit` labels. Throws
// Cancelled.
FreeOrder beam_labels(const FreeOrderProblem& problem, Bytes upper, std::int64_t limit, const BeamScore& score,
                      const Interrupted& interrupted);

}  // namespace tmpass::residency
