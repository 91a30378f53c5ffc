// Reads Python's buffers into flat arrays.
#pragma once

#include <nanobind/nanobind.h>

#include "packing/problem.hpp"
#include "packing/problem_check.hpp"

namespace tmpass::bindings {

// The problem of `buffers`, Python objects with the attributes of a tmpass Buffer. Offsets are multiples of the
// buffer's alignment and of `alignment`. `tables` has what the buffers do not say; their gaps are added to it. Throws
// std::invalid_argument, or what Python raised, wherever Python's Problem refuses the alignment or a buffer, except for
// its memories.
packing::Problem read_buffers(nanobind::tuple buffers, Bytes alignment, packing::Tables tables);

}  // namespace tmpass::bindings
