#include "packing/block_forest.hpp"

#include <algorithm>
#include <utility>

namespace tmpass::packing {

BlockForest::BlockForest(const Part& part) {
    steps_.insert(steps_.end(), part.lower.begin(), part.lower.end());
    steps_.insert(steps_.end(), part.upper.begin(), part.upper.end());
    std::ranges::sort(steps_);
    steps_.erase(std::ranges::unique(steps_).begin(), steps_.end());
    first_begin_.assign(steps_.size(), -1);
    first_end_ = first_begin_;
    const auto boundary = [&](Step step) {
        return static_cast<Index>(std::ranges::lower_bound(steps_, step) - steps_.begin());
    };
    blocks_.reserve(2 * part.count());
    for (Index b = 0; b < part.count(); ++b) {
        const Bytes size = part.size[b];
        const Residues residues = multiples_of(part.alignment[b]);
        const bool plain = part.forbidden[b].empty() && part.solid(b) && residues != 0;
        blocks_.push_back({boundary(part.lower[b]), boundary(part.upper[b]), size, part.last[b] + size, plain,
                           Shape::kRow, residues, b, -1, -1, -1, -1});
        attach(b);
    }
}

void BlockForest::list_beginning(Index boundary, std::vector<Index>& found) const {
    found.clear();
    for (Index i = first_begin_[boundary]; i >= 0; i = blocks_[i].next_at_begin) found.push_back(i);
}

void BlockForest::list_ending(Index boundary, std::vector<Index>& found) const {
    found.clear();
    for (Index i = first_end_[boundary]; i >= 0; i = blocks_[i].next_at_end) found.push_back(i);
}

bool BlockForest::fit(std::span<const Index> roots, Shape shape) const {
    if (std::ranges::all_of(roots, [&](Index i) { return blocks_[i].residues == kAnyResidue; })) return true;
    std::vector<Piece> pieces;
    for (const Index i : roots) pieces.push_back({blocks_[i].size, blocks_[i].residues});
    return residues_of(pieces, shape) != 0;
}

Index BlockForest::merge(std::span<const Index> roots, Shape shape) {
    Block merged = blocks_[roots[0]];
    merged.shape = shape;
    merged.child = roots[0];
    std::vector<Piece> pieces;
    for (std::size_t k = 0; k < roots.size(); ++k) {
        detach(roots[k]);
        Block& child = blocks_[roots[k]];
        child.next_sibling = k + 1 < roots.size() ? roots[k + 1] : -1;
        merged.ceiling = std::min(merged.ceiling, child.ceiling);
        merged.end = std::max(merged.end, child.end);
        pieces.push_back({child.size, child.residues});
    }
    merged.size = height_of(pieces, shape);
    merged.residues = residues_of(pieces, shape);
    if (free_.empty()) {
        free_.push_back(static_cast<Index>(blocks_.size()));
        blocks_.emplace_back();
    }
    const Index made = free_.back();
    free_.pop_back();
    blocks_[made] = merged;
    attach(made);
    return made;
}

void BlockForest::take_apart(Index root) {
    if (blocks_[root].child < 0) return;
    detach(root);
    free_.push_back(root);
    for (Index i = blocks_[root].child; i >= 0; i = blocks_[i].next_sibling) attach(i);
}

void BlockForest::place(Index root, Bytes offset, std::vector<Bytes>& offsets) const {
    std::vector<std::pair<Index, Bytes>> open{{root, offset}};
    std::vector<Index> children;
    std::vector<Piece> pieces;
    std::vector<Bytes> places;
    while (!open.empty()) {
        const auto [i, at] = open.back();
        open.pop_back();
        if (blocks_[i].child < 0) {
            offsets[i] = at;
            continue;
        }
        list_children(i, children, pieces);
        arrange(pieces, blocks_[i].shape, at, places);
        for (std::size_t k = 0; k < children.size(); ++k) open.emplace_back(children[k], places[k]);
    }
}

void BlockForest::list_children(Index i, std::vector<Index>& children, std::vector<Piece>& pieces) const {
    children.clear();
    pieces.clear();
    for (Index child = blocks_[i].child; child >= 0; child = blocks_[child].next_sibling) {
        children.push_back(child);
        pieces.push_back({blocks_[child].size, blocks_[child].residues});
    }
}

void BlockForest::attach(Index root) {
    Block& block = blocks_[root];
    block.next_at_begin = first_begin_[block.begin];
    block.next_at_end = first_end_[block.end];
    first_begin_[block.begin] = first_end_[block.end] = root;
    ++count_;
}

void BlockForest::detach(Index root) {
    const Block& block = blocks_[root];
    Index* link = &first_begin_[block.begin];
    while (*link != root) link = &blocks_[*link].next_at_begin;
    *link = block.next_at_begin;
    link = &first_end_[block.end];
    while (*link != root) link = &blocks_[*link].next_at_end;
    *link = block.next_at_end;
    --count_;
}

}  // namespace tmpass::packing
