// One independent part of a problem with all its constraints, as ConstraintSolver reads it: an offset per buffer, and
// for each pair that shares a step the differences of offsets that the two cannot have.
//
//     forbidden    ......[from      to).....[from  to)....   differences offset(b) - offset(a). What is left between
//                  below          in a window       above    them are regions: two for solid buffers, more where gaps
//                                                            have windows
#pragma once

#include <tuple>
#include <vector>

#include "packing/problem.hpp"

namespace tmpass::packing {

inline constexpr Bytes kAlways = Bytes{1} << 61;  // further than any two offsets are from each other

// Bytes that a buffer needs in a section: `size` of them, `shift` above its offset.
struct Stretch {
    Index owner;
    Bytes shift, size;
};

// A buffer that shares a step with the one in whose list it is.
struct Neighbour {
    Index other;
    Index table;  // in ConstraintModel::tables; -1 for two solid buffers, whose sizes say what is forbidden
};

struct ConstraintModel {
    static constexpr std::size_t kMaxNeighbours = 20'000'000;

    std::vector<Index> origin;  // per buffer: its index in the whole problem
    Bytes capacity = 0;         // in the sections, rounded up to the unit where the stretches are
    std::vector<Step> lower, upper;
    std::vector<Bytes> size;         // rounded up to the greatest divisor of all alignments, which costs nothing
    std::vector<Bytes> alignment;    // its own, or the unit of all offsets of packings pushed down
    std::vector<Bytes> first, last;  // the range of offsets at the start; first is above last where there are none
    std::vector<std::vector<Range>> forbidden;  // rising and disjoint; also what fixed buffers forbid
    std::vector<Index> neighbour_start;
    std::vector<Neighbour> neighbours;       // of b: [neighbour_start[b], neighbour_start[b + 1])
    std::vector<std::vector<Range>> tables;  // forbidden offset(b) - offset(other), rising and disjoint
    std::vector<Index> section_start;
    std::vector<Stretch> stretches;  // of section s: [section_start[s], section_start[s + 1]); those of fixed buffers
                                     // have the owner count(), which stands at 0
    std::vector<Index> in_start, in_sections;  // sections of b: in_sections[in_start[b] .. in_start[b + 1])

    Index count() const { return static_cast<Index>(size.size()); }
    Index sections() const { return static_cast<Index>(section_start.size()) - 1; }
    std::span<const Stretch> section(Index s) const {
        return std::span(stretches).subspan(section_start[s], section_start[s + 1] - section_start[s]);
    }
    std::span<const Index> sections_of(Index b) const {
        return std::span(in_sections).subspan(in_start[b], in_start[b + 1] - in_start[b]);
    }

    Bytes lift(Index b, Bytes base) const;  // the lowest offset >= base that b can have
    Bytes drop(Index b, Bytes top) const;   // the highest one <= top; negative if there is none
};

// The model of `buffers`, which are movable and have bytes. Of buffers that nothing distinguishes, the first by index
// is lowest. Throws Cancelled; std::length_error when the overlapping pairs are too many to hold in memory.
ConstraintModel make_model(const Problem& problem, Bytes capacity, std::vector<Index> buffers,
                           const Interrupted& interrupted);

}  // namespace tmpass::packing
