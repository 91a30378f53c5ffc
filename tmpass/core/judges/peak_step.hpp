// The step at which most bytes are alive. It reads the buffers itself, and shares nothing with the kernels, whose
// packings are proved optimal by it.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <optional>
#include <utility>

namespace tmpass {

// The most bytes of `buffers` alive at one step, and the first such step; 0 and 0 where nothing has bytes. Nothing
// where a packing may need more than that: where one has a gap, or its size is no multiple of what divides all
// alignments. Each is aligned for itself and to `alignment`.
std::optional<std::pair<std::int64_t, std::int64_t>> fullest_step(nanobind::tuple buffers, std::int64_t alignment);

}  // namespace tmpass
