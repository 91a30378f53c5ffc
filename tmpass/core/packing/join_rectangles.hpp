// Joins rectangles that fit together without a hole, again and again, and packs what is left.
//
//     +-----+      +---+---+      +-----+---+     stack: two live equally long
//     |  a  |      | a | b |      |  y  | r |     chain: one ends where the only other of its size begins
//     +-----+      +---+---+      +-+-+-+   |     pinwheel: five around a centre c. No cut from side to side parts
//     |  b  |                     |l|c|     |               them: x + l = x + c + y = r + y
//     +-----+      chain          +-+-+-----+
//     stack                       |   x |         (drawn without their true proportions)
//                                 +-----+
//
// Buffers cut out of one rectangle at many different steps have hardly any other matches than the true ones, so even
// tens of thousands of them come together again in n log n. Where that takes many rounds or many candidates, it ends
// after a multiple of n log n looks. A wrong match makes the packing higher, never wrong.
// Place-or-postpone guesses at such blocks with more care (merge_blocks.hpp), where overlapping pairs are not too many.
#pragma once

#include <vector>

#include "packing/problem.hpp"

namespace tmpass::packing {

// Offsets of a packing made of joined rectangles, by first fit in several orders, ended where a top is at or below
// `stop`. Nothing where more than a quarter as many rectangles as buffers is left, where an offset, a gap, a pair or a
// forbidden offset is given, or where some size is not a multiple of all alignments. Throws Cancelled.
std::vector<Bytes> join_rectangles(const Problem& problem, Bytes stop, const Interrupted& interrupted);

}  // namespace tmpass::packing
