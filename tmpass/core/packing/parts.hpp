// Independent parts of a problem, in units: what an exact search reads.
#pragma once

#include <utility>
#include <vector>

#include "packing/search_result.hpp"
#include "packing/sections.hpp"
#include "problem.hpp"

namespace tmpass {

inline constexpr std::size_t kMaxEntries = 50'000'000;  // of section members, and of overlapping pairs

// Gives the empty movable buffers, which collide with nothing, their lowest offsets, and the others that move 0; false
// where an empty or a fixed one has no place.
bool place_others(const Problem& problem, Bytes capacity, std::vector<Bytes>& offsets);

// The movable buffers that have bytes, or `buffers`, cut where no live range crosses, in the order of time.
std::vector<std::vector<Index>> independent_parts(const Problem& problem);
std::vector<std::vector<Index>> independent_parts(const Problem& problem, std::vector<Index> buffers);

// Buffers numbered from 0. Every offset that a packing pushed down can have is a multiple of `unit`, so all numbers
// but steps count units; sizes are rounded up, which costs nothing but below the topmost buffer:
//
//     capacity    |...........|
//     last[c] ->  |  +--+     |   c may start at `last` and end above the capacity's multiple, by less than a
//                 |  |c |     |   unit of what rounding added
struct Part {
    std::vector<Index> origin;  // per buffer: its index in the whole problem
    Bytes unit = 1;
    Bytes capacity = 0;  // no rounded top is above it
    std::vector<Step> lower, upper;
    std::vector<Bytes> size, alignment, last;  // last: the highest offset that a buffer may have; may be negative
    std::vector<std::vector<Range>> barred;    // per buffer: offsets [from, to) that it cannot have
    // A buffer with gaps is in those sections in which it needs bytes; [first, last) is then only the span of them:
    //
    //     a   ####      ####      first = 0, last = 3; runs [0, 1) and [2, 3)
    //     b      ####   #         a and b share sections 0 and 2, a and c none
    //     c         ###
    Sections sections;
    std::vector<Index> run_start;                    // per buffer: runs[run_start[b] .. run_start[b + 1])
    std::vector<std::pair<Index, Index>> runs;       // of sections [first, second)
    std::vector<Index> neighbour_start, neighbours;  // buffer b shares a step with neighbours[start[b] .. start[b+1])

    Index count() const { return static_cast<Index>(size.size()); }
    std::span<const Index> neighbours_of(Index b) const {
        return std::span(neighbours).subspan(neighbour_start[b], neighbour_start[b + 1] - neighbour_start[b]);
    }
    std::span<const std::pair<Index, Index>> runs_of(Index b) const {
        return std::span(runs).subspan(run_start[b], run_start[b + 1] - run_start[b]);
    }
    bool solid(Index b) const { return run_start[b + 1] == run_start[b] + 1; }

    // Whether a and b are neighbours.
    bool share_a_section(Index a, Index b) const {
        for (const auto& [from, to] : runs_of(a))
            for (const auto& [begin, end] : runs_of(b))
                if (from < end && begin < to) return true;
        return false;
    }

    // Nothing tells b apart from another of its size and live range.
    bool plain(Index b) const { return alignment[b] == 1 && barred[b].empty() && solid(b); }

    // The lowest offset >= base that b can have, as far as alignment and fixed buffers go.
    Bytes lift(Index b, Bytes base) const {
        Bytes offset = align_up(base, alignment[b]);
        for (const auto& [from, to] : barred[b]) {
            if (from > offset) break;
            if (to > offset) offset = align_up(to, alignment[b]);
        }
        return offset;
    }
};

// `buffers` among the fixed ones of `problem`. The unit is a multiple of `grid`, or `grid` itself where that is a unit
// of more buffers, these among them. Throws Cancelled, and std::length_error when more pairs overlap than fit in
// memory.
Part make_part(const Problem& problem, Bytes capacity, std::vector<Index> buffers, const Interrupted& interrupted,
               Bytes grid = 1);

// No sum of a capacity, sizes and alignments is above it, in units; or it is 2^62.
Bytes reach_of(const Part& part);

// Fills in the sections, runs and neighbours of a part without gaps of which all else is known.
void find_overlaps(Part& part, const Interrupted& interrupted);

// What a search asks of solve_apart().
struct Preparation {
    bool knows_gaps = false;  // it reads runs, not spans of sections
    bool always_fit = true;   // see always_fit.hpp
};

// Puts the offsets of one part into the result, and adds its nodes.
using SolvePart = std::function<Answer(const Part&, SearchResult&)>;

// Solves each independent part. One part that is impossible decides; one whose budget ends leaves the others to be
// tried, since they may be impossible. Throws std::invalid_argument on what the search does not know: gaps, unless it
// says so, and always windows in them and pairs that must be apart, which a Part has no words for.
SearchResult solve_apart(const Problem& problem, Bytes capacity, const Interrupted& interrupted,
                         const SolvePart& solve_part, Preparation preparation = {});

}  // namespace tmpass
