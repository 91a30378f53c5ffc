// Gluing: a guess at which buffers belong together.
//
//     +---+
//     | p +---+      +-------+---+     What fills a capacity to the last bytes looks like one piece that was cut. Where
//     +---+ q |      |   p   | r |     p ends and q of the same size begins, or where r and s live equally long and
//         +---+      |       +---+     are together as large as p beside them, they are taken for one block. A block
//                    |       | s |     may match others in turn.
//                    +-------+---+
//
// Blocks are rectangles without holes, so a packing of the blocks is one of the buffers. The converse does not hold:
// that the blocks have none proves nothing. Which matches are coincidences is a matter of odds, so every draw of
// `random` is another guess.
#pragma once

#include "parts.hpp"
#include "random.hpp"

namespace tmpass {

struct GlueRules {
    std::int64_t noise = 0;  // by how much odds are shaken, in 1 / 256: which of two matches that collide is taken
    std::int64_t doubt = 0;  // of the matches that may be coincidences so many are left out; 256: as many as expected
};

struct Blocks {
    Part part;                 // its buffers are the blocks; `origin` is empty
    std::vector<Index> block;  // per buffer
    std::vector<Bytes> rise;   // per buffer: its offset above that of its block
};

// The buffers of `part`, which has no gaps, in blocks. Those with an alignment, or in the way of fixed ones, stay
// alone.
Blocks glue(const Part& part, const GlueRules& rules, Random& random, const Interrupted& interrupted);

}  // namespace tmpass
