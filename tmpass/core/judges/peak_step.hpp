// The peak step: where the most bytes are alive. It reads the buffers itself, and shares no code with the kernels,
// whose packings it proves optimal.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <optional>
#include <utility>

namespace tmpass::judges {

// The most live bytes of `buffers` at one step, and the first such step; 0 and 0 where no buffer has bytes. No value
// where a packing may need more: where a buffer has a gap, or a size is not a multiple of the greatest divisor of all
// alignments. Offsets are multiples of the buffer's alignment and of `alignment`.
std::optional<std::pair<std::int64_t, std::int64_t>> peak_step(nanobind::tuple buffers, std::int64_t alignment);

}  // namespace tmpass::judges
