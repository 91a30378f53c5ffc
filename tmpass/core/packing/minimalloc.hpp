// Canonical depth-first search, after Moffitt, "MiniMalloc", ASPLOS 2023: does a packing within a capacity exist?
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
// when all that is placed is where X has it, and what X has for the others is at or above their lowest legal offsets,
// and after the cursor. The start is true, and no rule cuts the branch that leads from a true state to the next:
//
//  - the next buffer of X by (offset, rank) is at its lowest legal offset: if that were lower, the buffer could drop to
//    it, since all that is placed ends below and all that is not placed begins above;
//  - for the same reason it does not start at or above the lowest top of another unplaced buffer (dominance);
//  - what shares a section lies one above the other, above the floor and the cursor (section, floor);
//  - a buffer that raises nothing where it would be put has nothing above it that could keep it up, so X has it there.
//    It is put there before all others, without alternatives, and the cursor does not move, since the others are as
//    they were. If the cursor is past that place already the state is not true, and fails (hatless);
//  - what shares no section does not matter to each other (decomposition).
//
// None of this needs more than that two neighbours keep apart by their sizes, and that a lowest legal offset rises with
// what it is above. So alignment, fixed offsets, memories, and gaps in which a buffer needs nothing are honoured by
// every rule. A gap with a window is not: two such buffers may pass *through* each other, a lowest offset is then no
// bound, and the search refuses them; so it does with pairs that must not touch.
#pragma once

#include <cstdint>

#include "packing/search_result.hpp"
#include "problem.hpp"

namespace tmpass {

// What may be switched off, to try what it is worth and that it is sound.
struct MinimallocRules {
    bool canonical = true;      // of two at one offset, the one of lower rank comes first
    bool monotonic = true;      // nothing is placed below what was placed before
    bool ordering = true;       // the lowest candidates first, then by rank; else by rank alone
    bool dominance = true;      // nothing starts at or above the lowest top of what is unplaced
    bool section = true;        // what is unplaced in a section fits above its floor and the cursor
    bool floor = true;          // floors rise to the lowest offsets of what is unplaced; else to the tops of the placed
    bool hatless = true;        // what raises nothing where it is put has no alternatives
    bool decomposition = true;  // both sides of a boundary that nothing unplaced crosses are searched apart
    bool rerank = true;         // and ranked anew, by their own totals
    bool always_fit = true;  // first, briefly, without the buffers that fit however others are placed (always_fit.hpp)
};

// Looks for offsets with every top at or below `capacity`, with at most `node_limit` nodes: placements, of which those
// in large parts cost more than one. kFound and kImpossible are proofs; a part in which sums come near 2^60 units is
// not searched. The same arguments give the same answer on every machine. Throws Cancelled; std::length_error when the
// overlaps are too many to hold in memory, std::invalid_argument on windows and pairs that must be apart.
SearchResult minimalloc(const Problem& problem, Bytes capacity, std::int64_t node_limit, MinimallocRules rules,
                        const Interrupted& interrupted);

}  // namespace tmpass
