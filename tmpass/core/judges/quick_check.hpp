// A quick judge of packings. It reads the buffers itself, and shares nothing with the kernels whose work it judges.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>

namespace tmpass {

// Whether `offsets`, one for each of `buffers`, break no law: sign, alignment, fixed addresses, the capacity, and no
// byte for two at one step. False also where gaps, or very many pairs, leave that to a closer look; what memories and
// pairs demand is not looked at.
//
//     by start    a b c d e f       Each is compared with those after it that start before it ends.
//                 |-|-|-|->
bool surely_right(nanobind::tuple buffers, nanobind::tuple offsets, std::int64_t alignment, std::int64_t capacity);

}  // namespace tmpass
