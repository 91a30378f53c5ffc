// TelaMalloc: does a packing within a capacity exist? After Maas, Beaugnon, Chauhan and Ilbeyi, "TelaMalloc: Efficient
// On-Chip Memory Allocation for Production Machine Learning Accelerators", ASPLOS 2023. Heuristics choose, a constraint
// solver (constraint_solver.hpp) holds the consequences; it knows alignment, fixed offsets, gaps, windows, barred
// offsets and pairs that stay apart.
//
//     place a   place b   place c   place d  x     d contradicts a and b: c has no part in it. So c and d are taken
//       |         |<----------------- major -+     back, b's place is refuted, which holds as long as a stands,
//       |         b higher ...                     and b counts as a cause from now on
//
// A refuted place is left out by all that follows; where d itself is the last that took part this is a minor
// backtrack, and the next candidate's turn. Where dead ends go on, an escape takes back everything, and what is placed
// first is chosen anew. Facts that rest on no placement are kept, and each attempt may take longer than the last.
//
// Why this decides: offsets may be floored to multiples of `unit` (constraint_model.cpp) with all constraints kept, so
// only those matter, and finitely many. Among such packings take one with the least sum of offsets, and of buffers that
// nothing tells apart the first by index lowest. In it no buffer can drop by one step of its grid, so each rests on
// something, and that is all that constraint_solver.hpp asks of a packing besides the constraints. A contradiction
// names placements that cannot be together in a packing of this kind. With the last of them called p, the others
// exclude p, which is noted as a rise of p's low above its place with these as the reasons; so no excluded part is
// entered twice between two escapes, and as attempts grow without end one of them ends: with a packing, all of whose
// differences are checked by the solver, or with a contradiction that needs no placement, which is a proof that there
// is none. Neither depends on which buffer is placed next, nor on where the policy goes back to.
#pragma once

#include "packing/backtrack_policy.hpp"
#include "packing/constraint_solver.hpp"
#include "packing/search_result.hpp"
#include "problem.hpp"

namespace tmpass {

// Looks for offsets with every top at or below `capacity`, with at most `node_limit` nodes: placements and refutations,
// of which those with many consequences cost more than one. kFound and kImpossible are proofs; a part in which sums
// come near 2^60 is not searched. `climb` is the solver's; it changes no answer. The same arguments give the same
// answer on every machine. Throws Cancelled; std::length_error when the overlaps are too many to hold in memory.
SearchResult telamalloc(const Problem& problem, Bytes capacity, std::int64_t node_limit, std::uint64_t seed,
                        Backtracking policy, std::size_t climb, const Interrupted& interrupted);

// Places the movable buffers of the first part in `order`, each at the lowest offset that is left, up to a
// contradiction; kImpossible then, and else kFound. For tests: `offsets` has those of the placements that cannot be
// together, and kMovable for all other buffers.
SearchResult first_dead_end(const Problem& problem, Bytes capacity, std::span<const std::int64_t> order,
                            const Interrupted& interrupted);

}  // namespace tmpass
