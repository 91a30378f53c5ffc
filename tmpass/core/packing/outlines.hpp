// The outlines of the buffers of a part, where windows in gaps or pairs that must be apart give two neighbours other
// distances than their sizes.
//
//     +-------+    a needs all of its bytes at first, and a window of them later. In the section of the window, b is
//     |   a   |    below a's bytes, though its offset is above that of a.
//     |   +---+
//     |   | b |    forbidden offset(b) - offset(a):    ........[from      to).......
//     +---+---+                                        b is below        b is above
//
// All numbers are units of the part. Forbidden differences say exactly which multiples of the unit two offsets cannot
// be apart. Stretches have both ends rounded up, so what was disjoint stays disjoint, and some may become empty.
#pragma once

#include <span>
#include <vector>

#include "packing/problem.hpp"

namespace tmpass::packing {

struct Outlines {
    // Per entry of Part::neighbours, forbidden offset(neighbour) - offset(b); rising and disjoint.
    Rows<Range> differences;
    std::vector<Index> start;           // per buffer: of its sections [first, last) in `stretches`
    std::vector<Range> stretches;       // the bytes [low, high), from its offset on, that a buffer needs in a section
    std::vector<Range> of_members;      // the same per entry of Sections::members
    std::vector<unsigned char> uneven;  // per buffer: it has windows, or must be apart from another

    bool empty() const { return start.empty(); }
};

// Whether some of `buffers` have windows, or pairs that must be apart.
bool have_outlines(const Problem& problem, std::span<const Index> buffers);

struct Part;

// Fills in the differences and the stretches of the members, in bytes, of a part of which sections, neighbours and
// stretches are known. Differences are multiples of `grain`, which divides all offsets. Throws Cancelled;
// std::length_error when the overlaps are too many to hold in memory.
void find_differences(Part& part, const Problem& problem, Bytes grain, const Interrupted& interrupted);

// What divides all differences at which two neighbours can touch, and `unit`.
Bytes divide_differences(const Outlines& outlines, Bytes grain, Bytes unit);

// Turns bytes into multiples of `unit`.
void scale(Outlines& outlines, Bytes unit);

}  // namespace tmpass::packing
