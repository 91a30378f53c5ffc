// The lower bound on a peak that single steps prove. It reads the buffers itself, and shares no code with the kernels,
// whose packings it proves optimal.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace tmpass::judges {

// `size` bytes that buffer `owner` needs in the steps [lower, upper), and what rounding them up wastes, 0 until the
// grain of all buffers is known.
struct Need {
    std::int64_t lower, upper, size, waste;
    std::size_t owner;
};

// The top of a fixed buffer, and its first step.
struct Top {
    std::int64_t top, lower;
};

// What buffers need, copied from Python's objects: what follows needs no lock of the interpreter.
struct Demand {
    std::vector<Need> needs;
    std::vector<std::int64_t> lower;  // of each buffer
    std::vector<Top> fixed;
    std::int64_t grain = 0;  // the greatest divisor of all alignments, and of where the windows of gaps begin
};

// Raises where a buffer is out of range.
Demand read_demand(nanobind::tuple buffers, std::int64_t alignment);

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
// No value where `stop`, which is asked every few milliseconds, says so.
std::optional<StepBound> step_bound(Demand demand, const std::vector<Range>& memories,
                                    const std::vector<std::int64_t>& grounds, std::int64_t beyond,
                                    const std::function<bool()>& stop);

}  // namespace tmpass::judges
