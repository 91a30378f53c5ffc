// Stacks buffers that are all alive at one step, in an order that wastes few bytes on alignment.
//
//     |  d, aligned to 8  |   The next buffer is one that begins closest above the top so far; of several, one of the
//     +-------------------+   largest alignment. Of those, it is one whose size brings the next top to a multiple of a
//     |  c, aligned to 1  |   large alignment again: here c fills up what b leaves.
//     +-------------------+
//     |  b, aligned to 8  |
//
// Without other constraints the order is all that such buffers leave open. Exact searches try orders one by one, but
// only sizes modulo the alignments matter.
#pragma once

#include <vector>

#include "packing/problem.hpp"

namespace tmpass::packing {

// Offsets of all buffers, one above another. Nothing where two buffers with bytes share no step, where the least common
// multiple of the alignments is above 4096, or where an offset, a gap, a pair or a forbidden offset is given.
std::vector<Bytes> aligned_stack(const Problem& problem, const Interrupted& interrupted);

}  // namespace tmpass::packing
