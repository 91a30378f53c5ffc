// One independent part of a problem with all its constraints, as a constraint solver reads it: an offset per buffer,
// and per pair that shares a step the differences of offsets that the two cannot have.
//
//     denied    ......[from      to).....[from  to)....   of offset(b) - offset(a): what is left in between are
//               below          in a window       above    regions, two for solid buffers, more where gaps have windows
#pragma once

#include <tuple>
#include <vector>

#include "problem.hpp"

namespace tmpass {

inline constexpr Bytes kAlways = Bytes{1} << 61;  // further than any two offsets are from each other

// Some bytes of a buffer in a section: `size` of them, `shift` above its offset.
struct Stretch {
    Index owner;
    Bytes shift, size;
};

// One of two that share a step, as the other sees it.
struct Neighbour {
    Index other;
    Index table;  // in ConstraintModel::tables; -1 for two solid buffers, whose sizes tell what is denied
};

struct ConstraintModel {
    static constexpr std::size_t kMaxNeighbours = 20'000'000;

    std::vector<Index> origin;  // per buffer: its index in the whole problem
    Bytes capacity = 0;         // in the sections, rounded up to the unit where the stretches are
    std::vector<Step> lower, upper;
    std::vector<Bytes> size;         // rounded up to what divides every alignment, which costs nothing
    std::vector<Bytes> alignment;    // own, or the unit of all offsets of packings pushed down
    std::vector<Bytes> first, last;  // the offsets that are left to begin with; first above last where there are none
    std::vector<std::vector<Range>> barred;  // apart, from the lowest on; those of fixed buffers too
    std::vector<Index> neighbour_start;
    std::vector<Neighbour> neighbours;       // of b: [neighbour_start[b], neighbour_start[b + 1])
    std::vector<std::vector<Range>> tables;  // denied offset(b) - offset(other), apart, from the lowest on
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

// `buffers` (movable, with bytes) of `problem`. Among buffers that nothing tells apart the first by index is lowest.
// Throws Cancelled; std::length_error when more pairs overlap than fit in memory.
ConstraintModel make_model(const Problem& problem, Bytes capacity, std::vector<Index> buffers,
                           const Interrupted& interrupted);

}  // namespace tmpass
