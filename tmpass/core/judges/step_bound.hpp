// The lower bound on a peak that single steps prove. It reads the buffers itself, and shares no code with the kernels,
// whose packings it proves optimal.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <vector>

namespace tmpass::judges {

// The addresses from `offset` on, up to `end`.
struct Range {
    std::int64_t offset, end;
};

// The largest top of all steps, and the first step that forces it; the most live bytes at a step, and the first such
// step. All are 0 where no buffer has bytes.
struct StepBound {
    std::int64_t peak, peak_step, live, live_step;
};

// Buffers fill memories from the lowest on. All but the topmost of a step take multiples of the greatest divisor of all
// alignments, and of where the windows of gaps begin.
//
// `memories` are in the order of their addresses. `grounds[b]` is the offset of the lowest one that may hold buffer b,
// and -1 where none may; without an entry it is 0. `beyond` is the top of what has no place.
StepBound step_bound(nanobind::tuple buffers, std::int64_t alignment, const std::vector<Range>& memories,
                     const std::vector<std::int64_t>& grounds, std::int64_t beyond);

}  // namespace tmpass::judges
