// How blocks lie in a larger one, and which offsets that leaves to it where some of them are aligned.
//
//     row    +---+---+      stack    +-------+      pinwheel    +---+-------+
//            | a | b |               |   b   |                  |   |   3   |      Its pieces are given in the order
//            +---+---+               +-------+                  | 4 +---+---+      of the drawing. It may also stand
//                                    |   a   |                  |   | 5 |   |      on its head. The pieces of a stack
//                                    +-------+                  +---+---+ 2 |      may have any order.
//                                                               |   1   |   |
//                                                               +-------+---+
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "packing/problem.hpp"

namespace tmpass::packing {

enum class Shape : unsigned char { kRow, kStack, kPinwheel };

using Residues = std::uint64_t;  // offsets modulo 64: bit r is set where r is one that is allowed

inline constexpr Residues kAnyResidue = ~Residues{0};

// The multiples of `alignment`; 0 where that does not divide 64.
Residues multiples_of(Bytes alignment);

struct Piece {
    Bytes size;
    Residues residues;  // of its own offset
};

// The height of the whole.
Bytes height_of(std::span<const Piece> pieces, Shape shape);

// Those of the offset of the whole, over some arrangements of its pieces: of more than four in a stack not all orders
// are tried. 0 where none of them fits.
Residues residues_of(std::span<const Piece> pieces, Shape shape);

// Puts the offset of each piece into `offsets`: the first arrangement that fits a whole at `offset`, which has one of
// residues_of() these pieces.
void arrange(std::span<const Piece> pieces, Shape shape, Bytes offset, std::vector<Bytes>& offsets);

}  // namespace tmpass::packing
