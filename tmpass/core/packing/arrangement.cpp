#include "packing/arrangement.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace tmpass::packing {
namespace {

constexpr std::size_t kMaxPermuted = 4;  // pieces of a stack of which all orders are tried

// Calls visit(rises) with the offsets of the pieces above that of the whole, until it returns true.
template <typename Visit>
void for_each_arrangement(std::span<const Piece> pieces, Shape shape, Visit visit) {
    std::vector<Bytes> rises(pieces.size(), 0);
    if (shape == Shape::kPinwheel) {
        const Bytes height = height_of(pieces, shape);
        rises = {0, 0, pieces[1].size, pieces[0].size, pieces[0].size};
        if (visit(rises)) return;
        for (std::size_t i = 0; i < pieces.size(); ++i) rises[i] = height - rises[i] - pieces[i].size;
    }
    if (shape != Shape::kStack) {
        visit(rises);
        return;
    }
    std::vector<std::size_t> order(pieces.size());
    std::iota(order.begin(), order.end(), 0);
    const auto pile = [&] {
        Bytes top = 0;
        for (const std::size_t i : order) {
            rises[i] = top;
            top += pieces[i].size;
        }
        return visit(rises);
    };
    if (pieces.size() <= kMaxPermuted) {
        while (!pile() && std::ranges::next_permutation(order).found) {
        }
    } else if (!pile()) {
        std::ranges::reverse(order);
        pile();
    }
}

// Those of the whole where its pieces have these rises.
Residues residues_with(std::span<const Piece> pieces, const std::vector<Bytes>& rises) {
    Residues all = kAnyResidue;
    for (std::size_t i = 0; i < pieces.size(); ++i)
        all &= std::rotr(pieces[i].residues, static_cast<int>(rises[i] % 64));
    return all;
}

}  // namespace

Residues multiples_of(Bytes alignment) {
    Residues all = 0;
    if (alignment <= 64 && 64 % alignment == 0)
        for (Bytes r = 0; r < 64; r += alignment) all |= Residues{1} << r;
    return all;
}

Bytes height_of(std::span<const Piece> pieces, Shape shape) {
    Bytes height = pieces[0].size;
    if (shape == Shape::kPinwheel) height += pieces[3].size;
    if (shape == Shape::kStack)
        for (const Piece& piece : pieces.subspan(1)) height += piece.size;
    return height;
}

Residues residues_of(std::span<const Piece> pieces, Shape shape) {
    const auto any = [](const Piece& piece) { return piece.residues == kAnyResidue; };
    if (std::ranges::all_of(pieces, any)) return kAnyResidue;
    Residues found = 0;
    for_each_arrangement(pieces, shape, [&](const std::vector<Bytes>& rises) {
        found |= residues_with(pieces, rises);
        return found == kAnyResidue;
    });
    return found;
}

void arrange(std::span<const Piece> pieces, Shape shape, Bytes offset, std::vector<Bytes>& offsets) {
    for_each_arrangement(pieces, shape, [&](const std::vector<Bytes>& rises) {
        offsets = rises;
        return (residues_with(pieces, rises) >> (offset % 64) & 1) != 0;
    });
    for (Bytes& piece : offsets) piece += offset;
}

}  // namespace tmpass::packing
