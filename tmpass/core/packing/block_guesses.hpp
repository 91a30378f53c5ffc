// Guesses at what belongs together, one after the other.
//
//     +---+---+-------+     A step takes apart what lies near one place in time, a level or a few deep, and glues it
//     |   |:a:|:::b:::|     anew with other luck. It is kept where the wholes are not more than before: the fewer they
//     |   +---+-------+     are, the more went together, which by chance is rare. Where no step helps any more, or the
//     |   |:::c:|     |     guess is known to be wrong, everything is taken apart.
//     +---+-----+-----+
//           at
#pragma once

#include <cstdint>
#include <vector>

#include "packing/block_forest.hpp"
#include "packing/parts.hpp"
#include "random.hpp"

namespace tmpass {

struct Blocks {
    Part part;                 // its buffers are the blocks; `origin` is empty
    std::vector<Index> block;  // per buffer
    std::vector<Bytes> rise;   // per buffer: its offset above that of its block
};

class Guesses {
  public:
    // About `part`, which has no gaps.
    Guesses(const Part& part, const Interrupted& interrupted);

    // The likeliest guess at first, then others; `refuted`: the last one is known to be wrong. Adds what it costs to
    // `nodes`.
    Blocks next(bool refuted, Random& random, std::int64_t& nodes);

  private:
    void begin_anew(std::int64_t noise, Random& random);
    void step(Random& random);
    std::vector<Index> take_apart_somewhere(Pieces& pieces, Random& random);
    Blocks blocks() const;
    void put_buffers(Index whole, Blocks& blocks) const;

    const Part& part_;
    const Interrupted& interrupted_;
    const Pieces ground_;  // nothing glued
    Pieces pieces_;
    Index fewest_ = 0;  // wholes since it began anew
    int steps_ = 0;     // before the next guess
    int in_vain_ = 0;   // steps since there were fewer wholes
    std::int64_t looked_at_ = 0;
};

}  // namespace tmpass
