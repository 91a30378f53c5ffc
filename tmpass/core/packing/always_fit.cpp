#include "packing/always_fit.hpp"

#include <algorithm>

#include "packing/units.hpp"

namespace tmpass::packing {
namespace {

// The number of offsets that b may have in an empty part.
Bytes count_legal(const Part& part, Index b) {
    const Bytes alignment = part.alignment[b], end = part.last[b] + 1;
    const auto below = [&](Bytes offset) {
        return ceil_div(std::clamp<Bytes>(offset, 0, std::max<Bytes>(end, 0)), alignment);
    };
    Bytes legal = below(end), free_from = 0;
    for (const auto& [from, to] : part.forbidden[b]) {  // by their starts; they may overlap
        if (to <= free_from) continue;
        legal -= below(to) - below(std::max(from, free_from));
        free_from = to;
    }
    return legal;
}

// The largest number of offsets that one buffer, wherever it is, can take from b.
Bytes count_taken(const Part& part, Index b, Index by) {
    const Bytes alignment = part.alignment[b];
    // A buffer at a multiple of b's alignment: the offsets below its own, and those from its own on.
    if (part.alignment[by] % alignment == 0)
        return ceil_div(part.size[b], alignment) - 1 + ceil_div(part.size[by], alignment);
    return ceil_div(part.size[b] + part.size[by] - 1, alignment);
}

}  // namespace

std::vector<Index> always_fit(const Part& part) {
    const Bytes largest = *std::ranges::max_element(part.size);
    if (largest > kMaxBytes / 4 / part.count()) return {};  // sums could overflow
    std::vector<Bytes> spare(part.count());  // legal offsets that are left when all neighbours have taken theirs
    std::vector<Index> removed;
    for (Index b = 0; b < part.count(); ++b) {
        spare[b] = count_legal(part, b);
        for (const Index other : part.neighbours_of(b)) spare[b] -= count_taken(part, b, other);
        if (spare[b] > 0) removed.push_back(b);
    }
    std::vector<bool> leaves(part.count(), false);
    for (const Index b : removed) leaves[b] = true;
    for (std::size_t i = 0; i < removed.size(); ++i) {
        const Index gone = removed[i];
        for (const Index b : part.neighbours_of(gone)) {
            if (leaves[b]) continue;
            spare[b] += count_taken(part, b, gone);
            if (spare[b] <= 0) continue;
            leaves[b] = true;
            removed.push_back(b);
        }
    }
    return removed;
}

void reinsert(const Part& part, const std::vector<Index>& removed, std::vector<Bytes>& offset) {
    std::vector<bool> absent(part.count(), false);
    for (const Index b : removed) absent[b] = true;
    std::vector<Range> forbidden;
    for (std::size_t i = removed.size(); i-- > 0;) {
        const Index b = removed[i];
        forbidden = part.forbidden[b];
        for (const Index other : part.neighbours_of(b))
            if (!absent[other])
                forbidden.emplace_back(offset[other] - part.size[b] + 1, offset[other] + part.size[other]);
        std::ranges::sort(forbidden);
        Bytes at = 0;
        for (const auto& [from, to] : forbidden) {
            if (from > at) break;
            if (to > at) at = align_up(to, part.alignment[b]);
        }
        offset[b] = at;
        absent[b] = false;
    }
}

}  // namespace tmpass::packing
