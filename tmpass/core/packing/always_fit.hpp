// Buffers that fit however the others are placed: no search needs to look at them.
//
//     |   +---+        |    b has more legal offsets than its neighbours, wherever they are, can take from it: one of
//     | b?| p | b?     |    size p takes at most p + b - 1 of them, fewer where b is aligned. So b is placed last, and
//     |   +---+ +---+  |    each of its neighbours has one neighbour fewer, which may make it another such buffer.
//     |  b?     | q |  |
//     +---------+---+--+
#pragma once

#include <vector>

#include "packing/parts.hpp"

namespace tmpass::packing {

// Such buffers of `part`, in the order in which they are removed: each fits beside those that stay or are removed
// later.
std::vector<Index> always_fit(const Part& part);

// Places the buffers `removed` by always_fit(part) at their lowest free offsets, from the last back to the first.
// `offset` has those of all other buffers, in units of `part`, and is completed.
void reinsert(const Part& part, const std::vector<Index>& removed, std::vector<Bytes>& offset);

}  // namespace tmpass::packing
