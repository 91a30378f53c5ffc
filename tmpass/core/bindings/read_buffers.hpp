// Buffers of Python as flat arrays.
#pragma once

#include <nanobind/nanobind.h>

#include "problem.hpp"
#include "problem_check.hpp"

namespace tmpass {

// `buffers`, objects with the fields of tmpass.problem.Buffer, each aligned for itself and to `alignment`. `tables` has
// what they do not say; their gaps are added to it. Throws std::invalid_argument, or what Python raised, wherever
// tmpass.problem.Problem finds fault with the alignment or a buffer, except in its memories.
Problem read_buffers(nanobind::tuple buffers, Bytes alignment, Tables tables);

}  // namespace tmpass
