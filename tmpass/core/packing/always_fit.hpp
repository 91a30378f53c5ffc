// Buffers that fit however the others are placed: no search needs to look at them.
//
//     |   +---+        |    b has more legal offsets than its neighbours, wherever they are, can take from it:
//     | b?| p | b?     |    one of size p takes at most p + b - 1 of them, less where b is aligned. So b is placed
//     |   +---+ +---+  |    last, and what was its neighbour has one less to reckon with, which may make it
//     |  b?     | q |  |    another such buffer.
//     +---------+---+--+
#pragma once

#include <vector>

#include "packing/parts.hpp"

namespace tmpass {

// Such buffers of `part`, in the order in which they leave it: each fits beside those that stay or leave after it.
std::vector<Index> always_fit(const Part& part);

// Places `removed`, what always_fit(part) gave, at the lowest free offsets, from the last back to the first. `offset`
// has those of all the others, in units of `part`, and is completed.
void put_back(const Part& part, const std::vector<Index>& removed, std::vector<Bytes>& offset);

}  // namespace tmpass
