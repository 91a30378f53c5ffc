// A choice of absences made from one that leaves rows uncovered: absences are added where they are missing, those that
// cover the most for their cost first, and taken back where they are no longer needed.
#pragma once

#include <cstdint>
#include <vector>

#include "residency/absences.hpp"

namespace tmpass::residency {

struct AbsenceChoice {
    std::vector<bool> taken;  // for each absence
    std::int64_t cost = 0;
};

// The choice of all absences.
AbsenceChoice all_absences(const AbsenceProblem& problem);

// The choice that `taken` becomes. What is covered in a row counts its price, and 1 more. Where only absences that need
// an earlier one of their version could still cover a row, all absences of such a version are taken.
AbsenceChoice repaired(const AbsenceProblem& problem, const std::vector<std::int64_t>& price, std::vector<bool> taken);

}  // namespace tmpass::residency
