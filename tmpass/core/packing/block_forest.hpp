// Buffers merged into larger pieces, and taken apart again.
//
//     whole        +---+   +-----------+      A whole lies at a boundary of time where it begins and at one where it
//                  | a |   |  b  |  c  |      ends; each boundary lists its wholes, on both sides.
//                  +---+   |     |--+--|
//                          |     |d | e|      b and {c, d, e} are the parts of one whole, {c} and {d, e} those of a
//                  0   1   2     3  4  5      part, which is no whole itself.
//
// Plain arrays throughout: a copy is what a change is tried on.
#pragma once

#include <span>
#include <vector>

#include "packing/parts.hpp"

namespace tmpass {

struct Piece {
    Index begin, end;     // boundaries
    Bytes size, ceiling;  // no top is above the ceiling
    bool plain;           // may be merged
    bool stacked;         // its parts, on each other; or else they follow each other
    Index name;           // the first of its buffers
    Index part;           // the first of those it was merged from; -1: it is a buffer
    Index next_part;
    Index next_at_begin, next_at_end;  // wholes of the same boundary
};

class Pieces {
  public:
    // A whole for each buffer of `part`, which has no gaps. Those with an alignment, or in the way of fixed ones, are
    // not plain.
    explicit Pieces(const Part& part);

    const Piece& operator[](Index i) const { return pieces_[i]; }
    Index count() const { return count_; }                             // of wholes
    Index room() const { return static_cast<Index>(pieces_.size()); }  // no index is as large
    Index boundaries() const { return static_cast<Index>(steps_.size()); }
    Step step(Index boundary) const { return steps_[boundary]; }

    // Puts the wholes that begin, or end, at a boundary into `found`.
    void list_beginning(Index boundary, std::vector<Index>& found) const;
    void list_ending(Index boundary, std::vector<Index>& found) const;

    Index merge(std::span<const Index> wholes, bool stacked);  // the new whole
    void take_apart(Index whole);                              // its parts are wholes again; a buffer stays

  private:
    void attach(Index whole);
    void detach(Index whole);

    std::vector<Step> steps_;
    std::vector<Piece> pieces_;
    std::vector<Index> free_;                     // of pieces_
    std::vector<Index> first_begin_, first_end_;  // per boundary; -1: nothing
    Index count_ = 0;
};

}  // namespace tmpass
