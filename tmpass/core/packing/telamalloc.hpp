// TelaMalloc: does a packing within a capacity exist? After Maas, Beaugnon, Chauhan and Ilbeyi, "TelaMalloc: Efficient
// On-Chip Memory Allocation for Production Machine Learning Accelerators", ASPLOS 2023. Heuristics choose; a constraint
// solver (constraint_solver.hpp) holds the consequences; it knows alignment, fixed offsets, gaps, windows, forbidden
// offsets and pairs that stay apart.
//
//     place a   place b   place c   place d  x     d contradicts a and b: c has no part in it. So c and d are taken
//       |         |<----------------- major -+     back, b's place is refuted, which holds as long as a stands,
//       |         b higher ...                     and b counts as a cause from now on
//
// A refuted place is left out by everything that follows. Where d itself is the last that took part, this is a minor
// backtrack, and the next candidate's turn. Where dead ends go on, an escape takes back everything, and another buffer
// is placed first. Facts that rest on no placement are kept, and each attempt may take longer than the last.
//
// Why this decides: offsets may be floored to multiples of `unit` (constraint_model.cpp) with all constraints kept, so
// only those matter, and they are finitely many. Among such packings take one with the least sum of offsets in which,
// of buffers that nothing distinguishes, the first by index is lowest. In it no buffer can drop by one step of its
// grid, so each rests on something; constraint_solver.hpp asks nothing else of a packing besides the constraints. A
// contradiction names placements that cannot be together in a packing of this kind. With p the last of them, the others
// exclude p: this is recorded as a rise of p's low above its place, with the others as the reasons. So no excluded
// state is entered twice between two escapes, and as attempts grow without end one of them ends: with a packing, all of
// whose differences the solver has checked, or with a contradiction that needs no placement, which is a proof that
// there is none. Neither depends on which buffer is placed next, nor on where the policy goes back to.
#pragma once

#include "packing/backtrack_policy.hpp"
#include "packing/constraint_solver.hpp"
#include "packing/problem.hpp"
#include "packing/search_result.hpp"

namespace tmpass::packing {

struct TelamallocOptions {
    std::int64_t node_limit;
    std::uint64_t seed;  // of the random choices
    Backtracking policy;
    std::size_t climb = kMaxClimb;                 // see ConstraintSolver; changes no answer
    const LearnedBacktracking* learned = nullptr;  // what goes back instead of `policy`
    DeadEndRecorder* recorder = nullptr;           // of dead ends, for learning
};

// Looks for offsets with every top at or below `capacity`, spending at most `node_limit` nodes: placements and
// refutations, of which those with many consequences cost more than one. A part in which sums come near 2^60 is not
// searched. The same arguments give the same answer on every machine. Throws Cancelled; std::length_error when the
// overlaps are too many to hold in memory.
SearchResult telamalloc(const Problem& problem, Bytes capacity, const TelamallocOptions& options,
                        const Interrupted& interrupted);

// Places the movable buffers of the first part in `order`, each at the lowest offset that is left, until placements
// contradict each other: then kImpossible, and else kFound. For tests: `offsets` has those of the placements that
// cannot be together, and kMovable for all other buffers.
SearchResult first_dead_end(const Problem& problem, Bytes capacity, std::span<const std::int64_t> order,
                            const Interrupted& interrupted);

}  // namespace tmpass::packing
