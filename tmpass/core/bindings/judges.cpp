// Bindings of judges/.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>

#include "bindings/kernel_call.hpp"
#include "judges/peak_step.hpp"
#include "judges/quick_check.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace tmpass::bindings {

void bind_judges(nb::module_& m) {
    m.def(
        "quick_check",
        [](BufferTuple buffers, OffsetTuple offsets, std::int64_t alignment, std::int64_t capacity) {
            return judges::quick_check(buffers, offsets, alignment, capacity);
        },
        "buffers"_a, "offsets"_a, "alignment"_a, "capacity"_a,
        "Return True where the offsets are surely a packing, and False where a closer look is needed.\n\n"
        "Args:\n"
        "    buffers: Objects with the attributes lower, upper, size, alignment, offset and gaps.\n"
        "    offsets: One per buffer, in bytes.\n"
        "    alignment: What each offset is a multiple of, besides the buffer's own alignment.\n"
        "    capacity: The highest top in bytes.\n\n"
        "Returns:\n"
        "    False where the offsets are wrong, and also where a buffer has gaps or very many pairs share a step.\n"
        "    Memories and pairs that must be apart are not looked at.");
    m.def(
        "peak_step", [](BufferTuple buffers, std::int64_t alignment) { return judges::peak_step(buffers, alignment); },
        "buffers"_a, "alignment"_a,
        "Return the most live bytes at one step, and the first such step.\n\n"
        "Args:\n"
        "    buffers: Objects with the attributes lower, upper, size, alignment and gaps.\n"
        "    alignment: What each offset is a multiple of, besides the buffer's own alignment.\n\n"
        "Returns:\n"
        "    None where gaps or alignment may make a packing need more; (0, 0) where no buffer has bytes.\n\n"
        "Raises:\n"
        "    ValueError: The numbers are not those of a problem.");
}

}  // namespace tmpass::bindings
