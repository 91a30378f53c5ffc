// Buffers merged into larger blocks, and taken apart again: a forest whose leaves are buffers.
//
//     roots        +---+   +-----------+      A root lies at a boundary of time where it begins and at one where it
//                  | a |   |  b  |  c  |      ends; each boundary lists its roots, on both sides.
//                  +---+   |     |--+--|
//                          |     |d | e|      b and {c, d, e} are the children of one root, {c} and {d, e} those of a
//                  0   1   2     3  4  5      child, which is not itself a root.
//
// Plain arrays throughout: a change is tried on a copy.
#pragma once

#include <span>
#include <vector>

#include "packing/arrangement.hpp"
#include "packing/parts.hpp"

namespace tmpass::packing {

// A rectangle of time and bytes without holes.
struct Block {
    Index begin, end;                  // boundaries
    Bytes size, ceiling;               // no top is above the ceiling
    bool plain;                        // may be merged
    Shape shape;                       // that its children form
    Residues residues;                 // of its offset
    Index name;                        // the first of its buffers
    Index child;                       // the first of the blocks that it was merged from; -1: it is a buffer
    Index next_sibling;                // -1: none
    Index next_at_begin, next_at_end;  // roots of the same boundary; -1: none
};

class BlockForest {
  public:
    // A root for each buffer of `part`, which has no gaps. Buffers with forbidden offsets, or an alignment
    // that does not divide 64, are not plain.
    explicit BlockForest(const Part& part);

    const Block& operator[](Index i) const { return blocks_[i]; }
    Index count() const { return count_; }                             // of roots
    Index size() const { return static_cast<Index>(blocks_.size()); }  // all indices are below it
    Index boundaries() const { return static_cast<Index>(steps_.size()); }
    Step step(Index boundary) const { return steps_[boundary]; }

    // Puts the roots that begin, or end, at a boundary into `found`.
    void list_beginning(Index boundary, std::vector<Index>& found) const;
    void list_ending(Index boundary, std::vector<Index>& found) const;

    // Whether alignments leave the roots an offset together.
    bool fit(std::span<const Index> roots, Shape shape) const;

    Index merge(std::span<const Index> roots, Shape shape);  // the new root
    void take_apart(Index root);                             // its children are roots again; a buffer stays

    // Places the buffers of a root that is at `offset`, in units. `offsets` is per buffer.
    void place(Index root, Bytes offset, std::vector<Bytes>& offsets) const;

  private:
    void list_children(Index i, std::vector<Index>& children, std::vector<Piece>& pieces) const;
    void attach(Index root);
    void detach(Index root);

    std::vector<Step> steps_;  // of the boundaries
    std::vector<Block> blocks_;
    std::vector<Index> free_;                     // indices of blocks_ that are not in use
    std::vector<Index> first_begin_, first_end_;  // per boundary; -1: nothing
    Index count_ = 0;
};

}  // namespace tmpass::packing
