// MiniMalloc: does a packing within a capacity exist? A canonical depth-first search after Moffitt, "MiniMalloc: A
// Lightweight Memory Allocator for Hardware-Accelerated Machine Learning", ASPLOS 2023.
//
// Any packing can be pushed down until each buffer rests on another, on a fixed one, or on the ground:
//
//     |   +---+        |                      Such a packing is *canonical*. Placing its buffers in
//     | +-+ c |        |   +---+              the order of (offset, rank) gives each the lowest offset
//     | |a+---+ +---+  | +-+ c |  +---+       that is legal above those placed before it, so it is
//     | +-+     | b |  | |a+---+  | b |       enough to search over such orders. Fixed buffers and
//     +---------+---+  +-+--------+---+       memories only say which offsets are legal.
//
// Why every rule is sound, alone and with the others: take one canonical packing X. A state of the search is *true*
// when every placed buffer is where X has it, and X has every other buffer at or above its lowest legal offset and
// after the cursor. The start is true, and no rule cuts the branch that leads from a true state to the next:
//
//  - the next buffer of X by (offset, rank) is at its lowest legal offset: if that were lower, the buffer could drop to
//    it, since all that is placed ends below and all that is not placed begins above;
//  - for the same reason it does not start at or above the lowest top of another unplaced buffer (dominance);
//  - buffers of one section lie one above another, above the floor and the cursor (section, floor);
//  - a buffer that raises no other where it would be put has nothing below it that could hold it up, so X has it there.
//    It is put there before all others, without alternatives, and the cursor does not move, since the others are as
//    they were. If the cursor is past that place already, the state is not true and fails (hatless);
//  - buffers that share no section do not constrain each other (decomposition).
//
// All this needs only that two neighbours keep apart by their sizes, and that a lowest legal offset rises with the
// buffers below it. So every rule respects alignment, fixed offsets, memories, and gaps in which a buffer needs no
// bytes. A gap with a window is different: two such buffers may pass *through* each other, so a lowest offset is not a
// bound. The search refuses them, and pairs that must not touch.
#pragma once

#include <cstdint>

#include "packing/problem.hpp"
#include "packing/search_result.hpp"

namespace tmpass::packing {

// Switches of the rules, to measure what each is worth and to test that it is sound. No switch changes a proof.
struct MinimallocRules {
    bool canonical = true;  // of two buffers at one offset, the one of lower rank comes first
    bool monotonic = true;  // nothing is placed below what was placed before
    bool ordering = true;   // candidates are tried by lowest offset, then by rank; else by rank alone
    bool dominance = true;  // nothing starts at or above the lowest top of the unplaced buffers
    bool section = true;    // the unplaced buffers of a section fit above its floor and the cursor
    bool floor = true;      // floors rise to the lowest offsets of unplaced buffers; else to the tops of placed ones
    bool hatless = true;    // a buffer that raises no other where it is put has no alternatives
    bool decomposition = true;  // both sides of a boundary that no unplaced buffer crosses are searched separately
    bool rerank = true;         // and ranked anew, by their own totals
    bool always_fit = true;     // a first, short search leaves out the buffers of always_fit.hpp
};

// Looks for offsets with every top at or below `capacity`, spending at most `node_limit` nodes: placements, of which
// those in large parts cost more than one. A part in which sums come near 2^60 units is not searched. The same
// arguments give the same answer on every machine. Throws Cancelled; std::length_error when the overlaps are too many
// to hold in memory; std::invalid_argument on windows and on pairs that must be apart.
SearchResult minimalloc(const Problem& problem, Bytes capacity, std::int64_t node_limit, MinimallocRules rules,
                        const Interrupted& interrupted);

}  // namespace tmpass::packing
