#include "packing/block_forest.hpp"

#include <algorithm>

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
        blocks_.push_back({boundary(part.lower[b]), boundary(part.upper[b]), size, part.last[b] + size, part.plain(b),
                           0, b, -1, -1, -1, -1});
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

Index BlockForest::merge(std::span<const Index> roots, Shape shape) {
    Block merged = blocks_[roots[0]];
    merged.child = roots[0];
    for (std::size_t k = 0; k < roots.size(); ++k) {
        detach(roots[k]);
        Block& child = blocks_[roots[k]];
        child.next_sibling = k + 1 < roots.size() ? roots[k + 1] : -1;
        child.rise = shape == Shape::kStack && k > 0 ? merged.size : 0;
        if (k == 0) continue;
        merged.ceiling = std::min(merged.ceiling, child.ceiling);
        merged.end = std::max(merged.end, child.end);
        if (shape == Shape::kStack) merged.size += child.size;
    }
    if (shape == Shape::kPinwheel) {
        merged.size += blocks_[roots[3]].size;
        blocks_[roots[2]].rise = blocks_[roots[1]].size;
        blocks_[roots[3]].rise = blocks_[roots[4]].rise = blocks_[roots[0]].size;
    }
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
    for (Index i = blocks_[root].child; i >= 0; i = blocks_[i].next_sibling) {
        blocks_[i].rise = 0;
        attach(i);
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
