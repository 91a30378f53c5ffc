#include "packing/always_fit.hpp"

#include <algorithm>

#include "packing/units.hpp"

namespace tmpass::packing {
namespace {

// Calls visit(from, to) for the ranges of offset(neighbour i of b) - offset(b) that the two cannot have.
template <typename Visit>
void for_each_taken(const Part& part, Index b, Index i, Visit visit) {
    if (part.outlines.empty()) return visit(1 - part.size[part.neighbours_of(b)[i]], part.size[b]);
    for (const auto& [from, to] : part.differences(b, i)) visit(from, to);
}

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

// The largest number of offsets that b, wherever it is, can take from its neighbour i.
Bytes count_taken(const Part& part, Index b, Index i) {
    const Bytes alignment = part.alignment[part.neighbours_of(b)[i]];
    const bool aligned = part.alignment[b] % alignment == 0;  // b is at a multiple of its neighbour's alignment
    Bytes taken = 0;
    for_each_taken(part, b, i, [&](Bytes from, Bytes to) {
        taken += aligned ? ceil_div(to, alignment) - ceil_div(from, alignment) : ceil_div(to - from, alignment);
    });
    return taken;
}

}  // namespace

std::vector<Index> always_fit(const Part& part) {
    const Bytes largest = *std::ranges::max_element(part.size);
    if (largest > kMaxBytes / 4 / part.count()) return {};  // sums could overflow
    std::vector<Bytes> spare(part.count());  // legal offsets that are left when all neighbours have taken theirs
    std::vector<Index> removed;
    for (Index b = 0; b < part.count(); ++b) spare[b] = count_legal(part, b);
    for (Index b = 0; b < part.count(); ++b)
        for (Index i = 0; i < std::ssize(part.neighbours_of(b)); ++i)
            spare[part.neighbours_of(b)[i]] -= count_taken(part, b, i);
    for (Index b = 0; b < part.count(); ++b)
        if (spare[b] > 0) removed.push_back(b);
    std::vector<bool> leaves(part.count(), false);
    for (const Index b : removed) leaves[b] = true;
    for (std::size_t i = 0; i < removed.size(); ++i) {
        const Index gone = removed[i];
        const auto neighbours = part.neighbours_of(gone);
        for (Index n = 0; n < std::ssize(neighbours); ++n) {
            const Index b = neighbours[n];
            if (leaves[b]) continue;
            spare[b] += count_taken(part, gone, n);
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
        const auto neighbours = part.neighbours_of(b);
        for (Index n = 0; n < std::ssize(neighbours); ++n) {
            const Index other = neighbours[n];
            if (absent[other]) continue;
            for_each_taken(part, b, n, [&](Bytes from, Bytes to) {
                forbidden.emplace_back(offset[other] + 1 - to, offset[other] + 1 - from);
            });
        }
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
