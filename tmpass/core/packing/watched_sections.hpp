// Some of the sections of a problem, for searches that cannot look at all of them.
//
//     live bytes    |      ___        |     sections in which few bytes are alive never decide how high a packing is.
//                   |  ___/   \__     |     So most of those watched are where nearly as many bytes are alive as at
//                   | /          \___ |     the peak step; in each stretch of time the one with the most live bytes
//     watched         |    |||| |   |
#pragma once

#include <cstdint>

#include "packing/sections.hpp"

namespace tmpass::packing {

// What the watched sections may have at most, about: members, and the sum of their squares, since with each placed
// buffer some sections are looked through.
struct WatchLimits {
    std::int64_t members, squares;
};

// All sections of the movable buffers that have bytes, where the limits allow that, else some of them. Buffers that are
// in none of them have first == last.
Sections watch_sections(const Problem& problem, const WatchLimits& limits);

}  // namespace tmpass::packing
