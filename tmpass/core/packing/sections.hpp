// Sections: the maximal sets of buffers that are alive at once, in the order of time.
//
//     time ->   0  1  2  3  4  5
//     a         ########
//     b            ###########          sections: {a, b} and {b, c}. The steps at which only b is alive,
//     c                     #####       or only a, belong to neither: they add no constraint
#pragma once

#include <vector>

#include "packing/problem.hpp"

namespace tmpass::packing {

struct Sections {
    std::vector<Index> first, last;  // per buffer: it is in sections [first, last)
    std::vector<Index> start;        // per section: members[start[s] .. start[s + 1])
    std::vector<Index> members;

    Index count() const { return static_cast<Index>(start.size()) - 1; }
    std::span<const Index> of(Index section) const {
        return std::span(members).subspan(start[section], start[section + 1] - start[section]);
    }
};

// Which of the maximal sections each live range [lower, upper) is in. `start` has an entry for each section and one
// more, all 0, and `members` none.
Sections make_section_spans(std::span<const Step> lower, std::span<const Step> upper);

// The maximal sections of live ranges [lower, upper). Throws std::length_error when `members` would exceed `limit`
// entries.
Sections make_sections(std::span<const Step> lower, std::span<const Step> upper, std::size_t limit);

// For each buffer, the most bytes that are alive at one step of its live range.
std::vector<Bytes> contention(const Problem& problem);

}  // namespace tmpass::packing
