// Placed buffers by offset, in blocks, for first fit where most of them share a step with what is to be placed.
//
//     block    | a  b  c | d  e  f | g  h      each knows the hull of its live ranges, the steps that all its buffers
//     are room     |    7    |    0    |    -      alive in, its top, and the most room between two of its buffers
//
// A block none of which is alive at the time is passed over, and so is one that all share a step with, if it has no
// room: what thousands of buffers need that are alive at once is near linear, not their square.
#pragma once

#include <algorithm>
#include <vector>

#include "problem.hpp"

namespace tmpass {

class PlacedByOffset {
  public:
    struct Placed {
        Bytes offset, top;
        Step lower, upper;
    };

    explicit PlacedByOffset(std::size_t count) : blocks_(1) { blocks_[0].placed.reserve(std::min(count, kMost)); }

    std::size_t looks() const { return looks_; }  // at buffers and blocks, all in all

    // The lowest multiple of `alignment` from `offset` on, which is one, where `size` bytes are free in [lower, upper).
    Bytes lowest(Step lower, Step upper, Bytes size, Bytes alignment, Bytes offset = 0) {
        walk(lower, upper, size, [&](Bytes begin, Bytes top) {
            if (begin - offset >= size) return false;
            if (top > offset) offset = alignment == 1 ? top : align_up(top, alignment);
            return true;
        });
        return offset;
    }

    // Where the room that is left is the least, the lowest of these; above all where there is no room between them.
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
        if (placed.size() > kMost) {
            Block rest;
            rest.placed.assign(placed.begin() + kMost / 2, placed.end());
            placed.resize(kMost / 2);
            blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(at) + 1, std::move(rest));
            blocks_[at + 1].sum_up();
        }
        if (blocks_.size() > 1) blocks_[at].sum_up();
    }

  private:
    static constexpr std::size_t kMost = 512;

    // Calls visit(offset, top) for what is alive in [lower, upper), from the lowest offset on, until it returns false.
    // A block with less room than `size` counts as one.
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

}  // namespace tmpass
