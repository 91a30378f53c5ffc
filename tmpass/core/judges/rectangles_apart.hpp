// Whether rectangles of steps and bytes are apart. It reads them itself, and shares no code with what it checks.
#pragma once

#include <nanobind/nanobind.h>

namespace tmpass::judges {

// True where surely no two of `rectangles`, tuples that begin with (lower, upper, low, high), have a byte in common at
// a step: the bytes [low, high) during the steps [lower, upper). False also where a number is not one of 64 bits, or
// two have a byte in common that may belong to one owner.
//
// The rectangles that are alive are kept by address. They are apart, so one more hits none of them if it is apart from
// its two neighbours.
bool rectangles_apart(nanobind::tuple rectangles);

}  // namespace tmpass::judges
