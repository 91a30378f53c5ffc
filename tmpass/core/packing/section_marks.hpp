// Marks of sections in a search: what has changed since they were looked at.
#pragma once

#include <algorithm>
#include <vector>

#include "types.hpp"

namespace tmpass::packing {

// Marks of sections, all of them in [from, to).
struct SectionMarks {
    std::vector<unsigned char> marked;
    Index from = 0, to = 0;

    void reset(Index sections, unsigned char mark) {
        marked.assign(sections, mark);
        from = mark ? 0 : sections;
        to = mark ? sections : 0;
    }
    void extend(Index begin, Index end) {
        from = std::min(from, begin);
        to = std::max(to, end);
    }
    void forget_range() {
        from = static_cast<Index>(marked.size());
        to = 0;
    }
    void clear() {
        if (from < to) std::fill(marked.begin() + from, marked.begin() + to, 0);
        forget_range();
    }
};

}  // namespace tmpass::packing
