// Solves a problem part by part: what minimalloc and postpone have in common around their searches.
#pragma once

#include <functional>

#include "packing/parts.hpp"
#include "packing/problem.hpp"
#include "packing/search_result.hpp"

namespace tmpass::packing {

// What a search asks of solve_parts().
struct Preparation {
    bool knows_gaps = false;     // it reads runs of sections, not only their spans
    bool always_fit = true;      // buffers that fit wherever the others are placed are set aside (always_fit.hpp)
    bool knows_windows = false;  // it reads outlines: windows in gaps, and pairs that must be apart
    bool keep_full = false;      // but not some of a part in which no byte is free
};

// Puts the offsets of one part, in bytes, into the result, and adds the nodes spent.
using SolvePart = std::function<Answer(const Part&, SearchResult&)>;

// Solves each independent part. One part that is impossible decides; where the budget of a part ends, the others are
// still tried, since one of them may be impossible. Throws std::invalid_argument on what the search does not know:
// gaps, and windows in gaps and pairs that must be apart, unless it knows them.
SearchResult solve_parts(const Problem& problem, Bytes capacity, const Interrupted& interrupted,
                         const SolvePart& solve_part, Preparation preparation = {});

}  // namespace tmpass::packing
