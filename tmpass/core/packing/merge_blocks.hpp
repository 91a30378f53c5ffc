// Gluing: a guess at which pieces belong together.
//
//     +---+
//     | p +---+      +-------+---+     What fills a capacity to the last bytes looks like one piece that was cut. Where
//     +---+ q |      |   p   | r |     p ends and q of the same size begins, or where r and s live equally long and
//         +---+      |       +---+     are together as large as p beside them, they are taken for one piece. It may
//                    |       | s |     match others in turn.
//                    +-------+---+
//
// Wholes are rectangles without holes, so a packing of the wholes is one of the buffers. The converse does not hold:
// that the wholes have none proves nothing. Which matches are coincidences is a matter of odds.
#pragma once

#include <cstdint>
#include <vector>

#include "packing/block_forest.hpp"

namespace tmpass {

struct GlueRules {
    std::int64_t noise = 0;  // by how much odds are shaken, in 1 / 256: which of two matches that collide is taken
    std::uint64_t seed = 0;  // of the noise, and of what is drawn among equals
};

// Merges wholes that begin or end at `boundaries`, and what is made of them, until nothing matches. `looked_at` grows
// by the wholes that were looked at.
void glue(Pieces& pieces, std::vector<Index> boundaries, const GlueRules& rules, std::int64_t& looked_at,
          const Interrupted& interrupted);

}  // namespace tmpass
