// The features by which a learned policy judges a placement at a dead end.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "packing/backtrack_policy.hpp"

namespace tmpass::packing {

// Shares and logarithms, so that trees learned on small problems say something about large ones. "Since": since the
// placement that is judged was made.
inline constexpr std::array<std::string_view, 24> kFeatures = {
    "depth",         // of the placement, over the number of buffers
    "place",         // its depth as a number
    "lost",          // placements that would be taken back, over the number of buffers
    "dead_ends",     // since, log2
    "conflicts",     // share of these in which it took part
    "in_conflict",   // 1 where it takes part in this one
    "returns",       // to its depth in the whole search, log2
    "reach",         // the deepest placement since, less its own depth, over the number of buffers
    "shallowest",    // depth gone back to since, less its own depth, over the number of buffers
    "size",          // over the capacity
    "lifetime",      // over that of the problem
    "contention",    // most bytes of one of its sections, over the capacity
    "offset",        // over the capacity
    "room",          // how much higher it could have been, over the capacity
    "consequences",  // bounds that it changed, over the number of buffers
    "members",       // placements in the conflict, over all placements
    "first_member",  // depth of the first of them, over that of the search
    "last_member",   // and of the last
    "unplaced",      // share of the bytes that have no offset yet
    "fullest_load",  // most bytes of a section, over the capacity
    "filling",       // live bytes over the capacity, as a mean over all steps
    "buffers",       // log2
    "attempts",      // log2
    "density",       // of dead ends: since, over the nodes of depth that would be lost, log2
};

using FeatureRow = std::array<float, kFeatures.size()>;

// The features of each of the depths, which rise.
std::vector<FeatureRow> describe(const DeadEnd& dead_end, std::span<const Index> depths);

// The depths that are worth a look, rising, all below the last of the conflict: the first ones, then one in nine of
// what is left. A wrong decision is most often an early one.
std::vector<Index> choices(const DeadEnd& dead_end);

}  // namespace tmpass::packing
