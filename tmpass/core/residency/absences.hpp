// Absences: the steps between two uses of a buffer, if it spends them off chip. Which of them are taken is a covering
// problem: where a step has too many bytes, absences across it have to cover the excess.
//
//     write        use        use      An absence lies between two uses that follow each other. It costs a fetch. All
//      |............|..........|       absences of a version, the content that one write leaves, need one spill. An
//        absence 0    absence 1        absence without steps needs an earlier one of its version.
#pragma once

#include <cstdint>
#include <vector>

#include "types.hpp"

namespace tmpass::residency {

// Bytes of a row that an absence covers.
struct Cover {
    Index row;
    Bytes bytes;
};

// Choose absences so that the covers of each row add up to its demand, as cheaply as possible. A row is a step with too
// many bytes, or a forbidden combination, of which at least one absence has to be taken. Absences that help no row are
// not listed.
struct AbsenceProblem {
    Rows<Cover> covers;               // of each absence, by rising row
    std::vector<std::int64_t> fetch;  // the cost of each absence
    std::vector<Index> version;       // of each absence; -1 where it needs no spill, or is the only one of its version
    std::vector<std::int64_t> spill;  // the cost of each version, paid once
    std::vector<Bytes> demand;        // of each row, above 0
    std::vector<Bytes> unit;          // of each row: bytes for which 1 stands in its demand and covers
    std::vector<bool> follows;        // of each absence: it needs an earlier one of its version
    std::vector<Index> number;        // of each absence: the row of the arrays from which it comes
    bool feasible = true;             // all absences together cover each row

    Index count() const { return static_cast<Index>(number.size()); }
    Index rows() const { return static_cast<Index>(demand.size()); }
};

struct AbsenceArrays {
    std::vector<std::int64_t> excess, absences, spills, forbidden_starts, forbidden;
};

// All costs together are at most this, and so are the bytes of all absences and each excess, times the rows.
inline constexpr std::int64_t kMaxAbsenceCosts = std::int64_t{1} << 58;

// The covering problem of these arrays: the excess of each step; of each absence its steps [first, last), bytes, cost
// and version or -1; the cost of each version; and the absences of each forbidden combination. Raises
// std::invalid_argument where an array is too short or a number out of range.
//
// Of steps with nested sets of absences, only those stay that demand more than a larger set does. Demands rise to the
// next sum that absences can make; covers are cut at the demand. Both make the rows stronger, and no choice wrong.
AbsenceProblem absence_problem(const AbsenceArrays& arrays);

}  // namespace tmpass::residency
