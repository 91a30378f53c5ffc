// Guesses at which buffers belong together, one after the other.
//
//     +---+---+-------+     A step takes apart the blocks near one place in time, one or a few levels deep, and merges
//     |   |:a:|:::b:::|     them anew with other random choices. It is kept where there are not more roots than
//     |   +---+-------+     before: the fewer there are, the more blocks went together, which is rare by chance.
//     |   |:::c:|     |     Where steps no longer help, or a guess is known to be wrong, everything is taken apart.
//     +---+-----+-----+
//         place
#pragma once

#include <cstdint>
#include <vector>

#include "packing/block_forest.hpp"
#include "packing/merge_blocks.hpp"
#include "packing/parts.hpp"
#include "random.hpp"

namespace tmpass::packing {

// A part in which blocks take the place of buffers.
struct MergedPart {
    Part part;                 // its buffers are the blocks; `origin` is empty
    std::vector<Index> roots;  // per block, in `forest`
    BlockForest forest;        // where the buffers are in the blocks
};

class BlockGuesses {
  public:
    // About `part`, which has no gaps. `pinwheels`: blocks may form pinwheels.
    BlockGuesses(const Part& part, bool pinwheels, const Interrupted& interrupted);

    // The likeliest guess at first, then others. `refuted`: the last one is known to be wrong. Adds its cost to
    // `nodes`.
    MergedPart next(bool refuted, Random& random, std::int64_t& nodes);

    // The number of starts from single buffers so far, the first one included.
    std::int64_t beginnings() const { return beginnings_; }

    // Whether pinwheels were frequent at the last restart of guessing.
    bool is_mixed() const { return is_mixed_; }

  private:
    void begin_anew(std::int64_t noise, bool pinwheels, Random& random);
    MergeRules rules_with(std::int64_t noise, bool pinwheels, Random& random) const;
    void step(Random& random);
    std::vector<Index> take_apart_somewhere(BlockForest& forest, Random& random);
    MergedPart merged_part() const;

    const Part& part_;
    const bool pinwheels_;
    const Interrupted& interrupted_;
    const BlockForest unmerged_;
    BlockForest forest_;
    std::int64_t beginnings_ = 0;
    bool is_mixed_ = false;       // pinwheels were frequent at the last begin_anew
    std::int64_t most_odds_ = 0;  // at which blocks are merged since the last begin_anew
    Index found_pinwheels_ = 0;   // by the merges of the last begin_anew that looked for them
    bool looks_ = false;          // for pinwheels, since the last begin_anew
    Index fewest_ = 0;            // the fewest roots since the last begin_anew
    int guesses_ = 0;             // made so far
    int steps_ = 0;               // before the next guess
    int steps_in_vain_ = 0;       // since there were fewer roots
    std::int64_t looked_at_ = 0;  // roots, since nodes were last paid for them
};

}  // namespace tmpass::packing
