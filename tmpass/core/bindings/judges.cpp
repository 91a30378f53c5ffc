// Bindings of judges/.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <utility>

#include "bindings/kernel_call.hpp"
#include "judges/quick_check.hpp"
#include "judges/rectangles_apart.hpp"
#include "judges/step_bound.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace tmpass::bindings {

namespace {
constexpr std::int64_t kLargestEnd = (std::int64_t{1} << 62) + (std::int64_t{1} << 32);  // of a memory without an end
}

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
    m.def("rectangles_apart", &judges::rectangles_apart, "rectangles"_a,
          nb::sig("def rectangles_apart(rectangles: tuple[tuple[int, int, int, int, int], ...]) -> bool"),
          "Return True where surely no two rectangles overlap, and False where a closer look is needed.\n\n"
          "Args:\n"
          "    rectangles: Tuples that begin with lower, upper, low, high: bytes [low, high) during the steps\n"
          "        [lower, upper). Empty ones overlap nothing.\n\n"
          "Complexity: O(n log n).");
    m.def(
        "step_bound",
        [](BufferTuple buffers, std::int64_t alignment,
           const std::vector<std::pair<std::int64_t, std::int64_t>>& memories, const Array& grounds,
           std::int64_t beyond) {
            std::vector<judges::Range> ranges;
            std::int64_t before = 0;
            bool right = beyond >= 0;
            for (const auto& [offset, end] : memories) {
                right = right && before <= offset && offset <= end && end <= kLargestEnd;
                before = end;
                ranges.push_back({offset, end});
            }
            for (const std::int64_t ground : grounds) right = right && -1 <= ground && ground <= kLargestEnd;
            if (!right) throw std::invalid_argument("the numbers are not those of a problem");
            judges::Demand demand = judges::read_demand(buffers, alignment);
            const judges::StepBound bound = without_gil([&] {
                const auto found = judges::step_bound(std::move(demand), ranges, grounds, beyond, interrupted);
                if (!found) throw Cancelled();
                return *found;
            });
            return std::make_tuple(bound.peak, bound.peak_step, bound.live, bound.live_step);
        },
        "buffers"_a, "alignment"_a, "memories"_a = nb::make_tuple(), "grounds"_a = nb::make_tuple(), "beyond"_a = 0,
        "Return a lower bound on the peak of all packings, from what single steps need.\n\n"
        "Args:\n"
        "    buffers: Objects with the attributes lower, upper, size, alignment, offset and gaps.\n"
        "    alignment: What each offset is a multiple of, besides the buffer's own alignment.\n"
        "    memories: The offset and the end of each, in the order of their addresses.\n"
        "    grounds: For each buffer the offset of the lowest memory that may hold it, and -1 where none may; empty\n"
        "        without memories.\n"
        "    beyond: The peak where the memories are too small.\n\n"
        "Returns:\n"
        "    The bound in bytes, and the first step that forces it; the most live bytes at a step, and the first such\n"
        "    step.\n\n"
        "Raises:\n"
        "    ValueError: The numbers are not those of a problem.");
}

}  // namespace tmpass::bindings
