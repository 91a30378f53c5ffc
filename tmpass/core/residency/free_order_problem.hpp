// Operators to order under a scratchpad that may be too small: who makes and reads which items, and their bytes.
//
//     operator 0 ──makes──> item ──read by──> operators 1 and 2      Between its uses an item may leave and come back.
//
// An item is a tensor that is on chip in more than one step, or may be: what only one step needs is `own` there.
#pragma once

#include <cstdint>
#include <vector>

#include "types.hpp"

namespace tmpass::residency {

// An operator may write over an item that it reads, where no other operator is still to read that: then it needs
// `bytes` less in its step.
struct Overwrite {
    Index item;
    Bytes bytes;
};

struct FreeOrderProblem {
    Bytes capacity = 0;
    std::vector<Bytes> size;    // of each item: what it costs to move it
    std::vector<Bytes> room;    // of each item: what it takes on chip
    std::vector<char> kept;     // the run stores the item behind in any case: that costs nothing
    std::vector<Index> maker;   // of each item; -1: a copy lies behind the scratchpad before the run (stored)
    Rows<Index> readers;        // item -> operators, rising; a stored item has at least two, any other at least one
    Rows<Index> reads, makes;   // operator -> items, rising
    Rows<Index> before, after;  // operator -> operators, rising
    std::vector<Bytes> own;     // room that an operator needs in its step besides its items
    Rows<Overwrite> over;       // operator -> what it may write over; it saves the bytes of one of them at most

    Index count() const { return static_cast<Index>(own.size()); }
    Index item_count() const { return static_cast<Index>(size.size()); }
    bool stored(Index item) const { return maker[item] < 0; }

    // The most bytes that an operator saves by writing over an item. ends(item): no later operator reads it.
    template <typename Ends>
    Bytes saved(Index op, Ends ends) const {
        Bytes most = 0;
        for (const Overwrite& row : over.of(op))
            if (row.bytes > most && ends(row.item)) most = row.bytes;
        return most;
    }
};

// As it comes from outside, unchecked. The readers of item i are readers[starts[i] .. starts[i + 1]).
struct FreeOrderArrays {
    std::vector<std::int64_t> size, room, kept, maker, starts, readers, own;
    std::vector<std::int64_t> edges;  // pairs, besides those from maker to reader: the second runs after the first
    std::vector<std::int64_t> over;   // rows of an operator, an item that it reads, and the bytes that it saves
};

// The size of each item times its readers and two more, all together, are at most this, and so is all room: no sum of
// costs overflows, nor does a few times that.
inline constexpr std::int64_t kMaxTraffic = std::int64_t{1} << 56;

// Throws std::invalid_argument where a number is out of range, operators wait for each other in a cycle, or the items
// and own bytes of one operator exceed the capacity, whatever it writes over.
FreeOrderProblem checked_free_order(std::int64_t capacity, const FreeOrderArrays& arrays);

}  // namespace tmpass::residency
