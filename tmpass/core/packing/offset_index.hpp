// Placed buffers by offset, in blocks, for first fit where most of them share a step with the buffer to place.
//
//     block    | a  b  c | d  e  f | g  h      each block knows the hull of its live ranges, the steps in which all its
//     room     |    7    |    0    |    -      buffers are alive, its top, and the most room between two of its buffers
//
// A block with no buffer alive at the time is skipped. So is one whose buffers are all alive, if it has too little
// room. So thousands of buffers that are alive at once take nearly linear time, not quadratic.
#pragma once

#include <algorithm>
#include <vector>

#include "packing/problem.hpp"

namespace tmpass::packing {

class OffsetIndex {
  public:
    struct Placed {
        Bytes offset, top;
        Step lower, upper;
    };

    explicit OffsetIndex(std::size_t count) : blocks_(1) { blocks_[0].placed.reserve(std::min(count, kMaxPlaced)); }

    std::size_t looks() const { return looks_; }  // at buffers and blocks, since the index was made

    // The lowest multiple of `alignment` at or above `offset`, itself a multiple, where `size` bytes are free in all of
    // [lower, upper).
    Bytes lowest(Step lower, Step upper, Bytes size, Bytes alignment, Bytes offset = 0) {
        walk(lower, upper, size, [&](Bytes begin, Bytes top) {
            if (begin - offset >= size) return false;
            if (top > offset) offset = alignment == 1 ? top : align_up(top, alignment);
            return true;
        });
        return offset;
    }

    // The lowest offset in the smallest free stretch that is large enough; else above all of them.
    Bytes tightest(Step lower, Step upper, Bytes size, Bytes alignment) {
        Bytes offset = 0, highest = 0, best = -1, least = kMaxBytes;
        walk(lower, upper, size, [&](Bytes begin, Bytes top) {
            const Bytes from = begin - size + 1;
            if (from > offset && from - offset < least) {
                least = from - highest;
                best = offset;
            }
            if (top > highest) {
                highest = top;
                offset = align_up(top, alignment);
            }
            return true;
        });
        return best < 0 ? offset : best;
    }

    void insert(const Placed& entry) {
        // The last block that begins at or below it, or the first.
        const auto above = std::ranges::upper_bound(blocks_.begin() + 1, blocks_.end(), entry.offset, {},
                                                    [](const Block& block) { return block.placed.front().offset; });
        const auto at = static_cast<std::size_t>(above - blocks_.begin()) - 1;
        auto& placed = blocks_[at].placed;
        placed.insert(std::ranges::upper_bound(placed, entry.offset, {}, &Placed::offset), entry);
        if (placed.size() > kMaxPlaced) {
            Block rest;
            rest.placed.assign(placed.begin() + kMaxPlaced / 2, placed.end());
            placed.resize(kMaxPlaced / 2);
            blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(at) + 1, std::move(rest));
            blocks_[at + 1].sum_up();
        }
        if (blocks_.size() > 1) blocks_[at].sum_up();
    }

  private:
    static constexpr std::size_t kMaxPlaced = 512;

    // Calls visit(offset, top) for the buffers alive in [lower, upper), from the lowest offset on, until it returns
    // false. A block with less room than `size` is visited as if it were one buffer.
    template <typename Visit>
    void walk(Step lower, Step upper, Bytes size, Visit visit) {
        looks_ += blocks_.size();
        for (const Block& block : blocks_) {
            if (blocks_.size() > 1) {
                if (block.first_lower >= upper || lower >= block.last_upper) continue;
                if (block.last_lower < upper && lower < block.first_upper && block.room < size) {
                    if (!visit(block.placed.front().offset, block.top)) return;
                    continue;
                }
            }
            looks_ += block.placed.size();
            for (const Placed& other : block.placed)
                if (other.lower < upper && lower < other.upper && !visit(other.offset, other.top)) return;
        }
    }

    struct Block {
        std::vector<Placed> placed;  // by offset; of equal offsets, those placed first
        Step first_lower = 0, last_lower = 0, first_upper = 0, last_upper = 0;
        Bytes top = 0, room = 0;

        void sum_up() {
            const Placed& front = placed.front();
            first_lower = last_lower = front.lower;
            first_upper = last_upper = front.upper;
            top = front.top;
            room = 0;
            for (const Placed& each : placed) {
                first_lower = std::min(first_lower, each.lower);
                last_lower = std::max(last_lower, each.lower);
                first_upper = std::min(first_upper, each.upper);
                last_upper = std::max(last_upper, each.upper);
                room = std::max(room, each.offset - top);
                top = std::max(top, each.top);
            }
        }
    };

    std::vector<Block> blocks_;
    std::size_t looks_ = 0;
};

}  // namespace tmpass::packing
