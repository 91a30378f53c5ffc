// A quick check of packings. It reads the buffers itself, and shares no code with the kernels that it checks.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>

namespace tmpass::judges {

// True where `offsets`, one for each of `buffers`, are surely a packing: not negative, aligned, equal to fixed offsets,
// within the capacity, and no byte for two buffers at one step. False also where gaps or very many pairs need a closer
// look. Memories and pairs that must be apart are not looked at.
//
//     by start    a b c d e f       Each buffer is compared with those after it that start before it ends.
//                 |-|-|-|->
bool quick_check(nanobind::tuple buffers, nanobind::tuple offsets, std::int64_t alignment, std::int64_t capacity);

}  // namespace tmpass::judges
