// A section as a machine: buffers are jobs, their lowest offsets release times, and the capacity is the time to end.
//
//     capacity ------------------     t moves up: with all that have begun by t packed from the floor,
//        t ->  | c |                  t is their top; where nothing has begun, t jumps to the next, and
//              | b |                  the hole is lost
//              | a |  <- floor
#pragma once

#include <algorithm>
#include <vector>

#include "packing/depth_first.hpp"
#include "packing/parts.hpp"

namespace tmpass::packing {

template <typename Unit>
struct SectionJobs {
    std::vector<Unit> lows, sizes;

    // Room for the members of each section of `part`.
    explicit SectionJobs(const Part& part) {
        std::size_t most = 0;
        for (Index s = 0; s < part.sections.count(); ++s) most = std::max(most, part.sections.of(s).size());
        lows.resize(most);
        sizes.resize(most);
    }

    // Whether the first `count` jobs, which begin at `floor` or later and take `total`, end by floor + total + spare at
    // the earliest. It is part of a function that is compiled for several widths of vectors, hence the attribute.
    [[gnu::always_inline]] bool can_end(std::size_t count, Unit floor, Unit total, Unit spare) const {
        const Unit* const low = lows.data();
        const Unit* const size = sizes.data();
        Unit begun = 0, holes = 0;
        for (Unit t = floor;;) {
            Unit sum = 0;
            for (std::size_t i = 0; i < count; ++i) sum += low[i] <= t ? size[i] : Unit{0};
            if (sum == total) return true;
            if (sum > begun) {
                begun = sum;
                t = floor + holes + sum;
                continue;
            }
            Unit next = kInfinityOf<Unit>;
            for (std::size_t i = 0; i < count; ++i) next = std::min(next, low[i] > t ? low[i] : kInfinityOf<Unit>);
            holes += next - t;
            if (holes > spare) return false;
            t = next;
        }
    }
};

}  // namespace tmpass::packing
