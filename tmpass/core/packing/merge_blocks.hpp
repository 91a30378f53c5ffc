// Merging blocks: a guess at which buffers belong together.
//
//     +---+
//     | p +---+      +-------+---+     What fills a capacity to the last bytes looks like one rectangle that was cut.
//     +---+ q |      |   p   | r |     Where p ends and q of the same size begins, or where r and s live equally long
//         +---+      |       +---+     and together are as large as p beside them, they are merged into one block. It
//                    |       | s |     may match others in turn.
//                    +-------+---+
//
// A root is a block, or a buffer, that is not merged into a larger one. Blocks are rectangles without holes, so a
// packing of the roots is a packing of the buffers. The buffers may have a packing where the roots have none. Which
// matches are coincidences is a matter of odds.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "packing/block_forest.hpp"

namespace tmpass::packing {

inline constexpr std::int64_t kEven = 1 << 16;  // even odds

// What decides the odds that a match is a coincidence, beside its sizes.
struct Odds {
    std::int64_t sum;               // of a sum of sizes, in tenths of the root of those of one size
    std::int64_t two, three, many;  // of roots that live equally long, in tenths; of two at most
    std::int64_t pinwheel;          // what those of a pinwheel are divided by
};

inline constexpr Odds kStraightOdds{4, 7, 9, 10, 1};   // tuned on rectangles that are cut straight across or along
inline constexpr Odds kMixedOdds{16, 15, 25, 28, 16};  // measured where half of the cuts are pinwheels

struct MergeRules {
    std::int64_t noise = 0;  // by how much odds vary, in 1 / 256: it decides between matches that share a root
    std::uint64_t seed = 0;  // of the noise, and of draws among equals
    Odds odds = kStraightOdds;
    std::int64_t most_odds = std::numeric_limits<std::int64_t>::max();  // matches at greater odds are left alone
    bool pinwheels = true;                                              // five roots may form a pinwheel
};

// Merges roots that begin or end at `boundaries`, and what is made of them, until nothing matches. Returns how many
// pinwheels were made. Adds the roots that were looked at to `looked_at`. Throws Cancelled.
Index merge_blocks(BlockForest& forest, std::vector<Index> boundaries, const MergeRules& rules, std::int64_t& looked_at,
                   const Interrupted& interrupted);

}  // namespace tmpass::packing
