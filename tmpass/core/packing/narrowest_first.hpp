// Narrowest first: a greedy packing that grows where there is least choice.
//
//     capacity ----------------------      limit: where the unplaced buffers of a section still fit above
//     limit    - - - - - - - - - - - -     firsts: its unplaced buffers that can begin at the limit or below. One of
//              |  +--+     |    a  b  c            them has to be the lowest: here a or b
//              | _|  |__   |    the next buffer: the lowest of the section with the fewest firsts, or what still
//              |/       \__|                     fits below that one
//
// This is one descent of place-or-postpone (postpone.hpp) that goes on where the capacity is broken, instead of going
// back. Two things make it cheap where buffers overlap in the tens of thousands of pairs each: no list of pairs is
// kept, and of very many sections only some are watched (watched_sections.hpp). It proves nothing.
#pragma once

#include "packing/problem.hpp"
#include "packing/search_result.hpp"

namespace tmpass::packing {

// The lowest packing of several attempts that is below `offsets`, a packing, or that one. Attempts differ in the
// capacity they aim at, in the order of equals, and in random factors. Ends where no top is above `target`, or after
// about `node_limit` nodes of 4096 looks at buffers and sections. Gaps, windows, pairs apart and forbidden offsets
// count only when first fit places the buffers at last, in the order of the offsets that the attempt gave them. The
// same arguments give the same answer. Throws Cancelled.
Improvement narrowest_first(const Problem& problem, std::vector<Bytes> offsets, Bytes target, std::int64_t node_limit,
                            std::uint64_t seed, const Interrupted& interrupted);

}  // namespace tmpass::packing
