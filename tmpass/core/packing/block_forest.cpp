#include "packing/block_forest.hpp"

#include <algorithm>

namespace tmpass {

Pieces::Pieces(const Part& part) {
    steps_.insert(steps_.end(), part.lower.begin(), part.lower.end());
    steps_.insert(steps_.end(), part.upper.begin(), part.upper.end());
    std::ranges::sort(steps_);
    steps_.erase(std::ranges::unique(steps_).begin(), steps_.end());
    first_begin_.assign(steps_.size(), -1);
    first_end_ = first_begin_;
    const auto boundary = [&](Step step) {
        return static_cast<Index>(std::ranges::lower_bound(steps_, step) - steps_.begin());
    };
    pieces_.reserve(2 * part.count());
    for (Index b = 0; b < part.count(); ++b) {
        const Bytes size = part.size[b];
        pieces_.push_back({boundary(part.lower[b]), boundary(part.upper[b]), size, part.last[b] + size, part.plain(b),
                           false, b, -1, -1, -1, -1});
        attach(b);
    }
}

void Pieces::list_beginning(Index boundary, std::vector<Index>& found) const {
    found.clear();
    for (Index i = first_begin_[boundary]; i >= 0; i = pieces_[i].next_at_begin) found.push_back(i);
}

void Pieces::list_ending(Index boundary, std::vector<Index>& found) const {
    found.clear();
    for (Index i = first_end_[boundary]; i >= 0; i = pieces_[i].next_at_end) found.push_back(i);
}

Index Pieces::merge(std::span<const Index> wholes, bool stacked) {
    Piece whole = pieces_[wholes[0]];
    whole.stacked = stacked;
    whole.part = wholes[0];
    for (std::size_t k = 0; k < wholes.size(); ++k) {
        detach(wholes[k]);
        Piece& part = pieces_[wholes[k]];
        part.next_part = k + 1 < wholes.size() ? wholes[k + 1] : -1;
        if (k == 0) continue;
        whole.ceiling = std::min(whole.ceiling, part.ceiling);
        whole.end = part.end;
        if (stacked) whole.size += part.size;
    }
    if (free_.empty()) {
        free_.push_back(static_cast<Index>(pieces_.size()));
        pieces_.emplace_back();
    }
    const Index made = free_.back();
    free_.pop_back();
    pieces_[made] = whole;
    attach(made);
    return made;
}

void Pieces::take_apart(Index whole) {
    if (pieces_[whole].part < 0) return;
    detach(whole);
    free_.push_back(whole);
    for (Index i = pieces_[whole].part; i >= 0; i = pieces_[i].next_part) attach(i);
}

void Pieces::attach(Index whole) {
    Piece& piece = pieces_[whole];
    piece.next_at_begin = first_begin_[piece.begin];
    piece.next_at_end = first_end_[piece.end];
    first_begin_[piece.begin] = first_end_[piece.end] = whole;
    ++count_;
}

void Pieces::detach(Index whole) {
    const Piece& piece = pieces_[whole];
    Index* link = &first_begin_[piece.begin];
    while (*link != whole) link = &pieces_[*link].next_at_begin;
    *link = piece.next_at_begin;
    link = &first_end_[piece.end];
    while (*link != whole) link = &pieces_[*link].next_at_end;
    *link = piece.next_at_end;
    --count_;
}

}  // namespace tmpass
