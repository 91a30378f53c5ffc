// Independent parts of a problem, in units: what the exact searches minimalloc and postpone read.
#pragma once

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "packing/outlines.hpp"
#include "packing/problem.hpp"
#include "packing/sections.hpp"

namespace tmpass::packing {

inline constexpr std::size_t kMaxEntries = 50'000'000;  // of section members, and of overlapping pairs

// Gives every movable buffer without bytes, which collides with nothing, its lowest offset, and every other movable
// buffer 0. False where a buffer without bytes, or a fixed one, has no place within the capacity.
bool place_others(const Problem& problem, Bytes capacity, std::vector<Bytes>& offsets);

// The movable buffers that have bytes, or `buffers`, cut where no live range crosses; the parts are by time.
std::vector<std::vector<Index>> independent_parts(const Problem& problem);
std::vector<std::vector<Index>> independent_parts(const Problem& problem, std::vector<Index> buffers);

// Buffers numbered from 0. Every offset that a packing pushed down can have is a multiple of `unit`, so all numbers
// except steps count units. Sizes are rounded up, which costs nothing: only the topmost buffer could use the bytes that
// rounding adds, and `last` allows for it:
//
//     capacity    |...........|
//     last[c] ->  |  +--+     |   c may start at `last` and end above the capacity, by less than the unit that
//                 |  |c |     |   rounding added
struct Part {
    std::vector<Index> origin;  // per buffer: its index in the whole problem
    Bytes unit = 1;             // in bytes
    Bytes capacity = 0;         // no rounded top is above it
    std::vector<Step> lower, upper;
    std::vector<Bytes> size, alignment, last;   // last: the highest offset that a buffer may have; may be negative
    std::vector<std::uint64_t> residues;        // per block, where there are any: offsets modulo 64 that it may have
    std::vector<std::vector<Range>> forbidden;  // per buffer: offsets [from, to) that it cannot have, sorted
    // A buffer with gaps is in the sections in which it needs bytes, in one or more runs; [first, last) spans them:
    //
    //     a   ####      ####      first = 0, last = 3; runs [0, 1) and [2, 3)
    //     b      ####   #         a and b share sections 0 and 2, a and c none
    //     c         ###
    Sections sections;
    std::vector<Index> run_start;                    // per buffer: runs[run_start[b] .. run_start[b + 1])
    std::vector<std::pair<Index, Index>> runs;       // of sections [first, second)
    std::vector<Index> neighbour_start, neighbours;  // buffer b shares a step with neighbours[start[b] .. start[b+1])
    Outlines outlines;                               // empty where two neighbours keep apart by their sizes

    Index count() const { return static_cast<Index>(size.size()); }
    std::span<const Index> neighbours_of(Index b) const {
        return std::span(neighbours).subspan(neighbour_start[b], neighbour_start[b + 1] - neighbour_start[b]);
    }
    std::span<const std::pair<Index, Index>> runs_of(Index b) const {
        return std::span(runs).subspan(run_start[b], run_start[b + 1] - run_start[b]);
    }
    // Offsets of neighbour i of b less the offset of b that the two cannot have; rising and disjoint.
    std::span<const Range> differences(Index b, Index i) const {
        return outlines.differences.of(neighbour_start[b] + i);
    }
    bool solid(Index b) const { return run_start[b + 1] == run_start[b] + 1; }

    // Whether b, which is in `section`, is in the one before it as well.
    bool crosses(Index b, Index section) const {
        if (solid(b)) return sections.first[b] < section;
        for (const auto& [from, to] : runs_of(b))
            if (from < section && section < to) return true;
        return false;
    }

    // Whether a and b are neighbours.
    bool share_a_section(Index a, Index b) const {
        for (const auto& [from, to] : runs_of(a))
            for (const auto& [begin, end] : runs_of(b))
                if (from < end && begin < to) return true;
        return false;
    }

    // Whether nothing distinguishes b from another buffer of its size and live range.
    bool plain(Index b) const {
        return alignment[b] == 1 && forbidden[b].empty() && solid(b) && (residues.empty() || residues[b] + 1 == 0) &&
               (outlines.empty() || !outlines.uneven[b]);
    }

    // The lowest offset >= base that alignment and forbidden offsets allow b to have.
    Bytes lift(Index b, Bytes base) const {
        Bytes offset = align_up(base, alignment[b]);
        if (!residues.empty()) offset += std::countr_zero(std::rotr(residues[b], static_cast<int>(offset & 63)));
        for (const auto& [from, to] : forbidden[b]) {
            if (from > offset) break;
            if (to > offset) offset = align_up(to, alignment[b]);
        }
        return offset;
    }
};

// The part of `buffers`, beside the fixed buffers of `problem`. Its unit is a multiple of `grid`, which is the unit of
// a larger part that these buffers come from, or 1. Throws Cancelled; std::length_error when the overlapping pairs are
// too many to hold in memory.
Part make_part(const Problem& problem, Bytes capacity, std::vector<Index> buffers, const Interrupted& interrupted,
               Bytes grid = 1);

// An upper bound, in units, on what a capacity, sizes and alignments can add up to; at most 2^62.
Bytes reach_of(const Part& part);

// Fills in the sections, runs and neighbours of a part without gaps of which all else is known.
void find_overlaps(Part& part, const Interrupted& interrupted);

}  // namespace tmpass::packing
