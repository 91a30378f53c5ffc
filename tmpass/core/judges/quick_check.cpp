#include "judges/quick_check.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "python_field.hpp"
#include "vectorized.hpp"

namespace nb = nanobind;

namespace tmpass::judges {
namespace {

constexpr std::int64_t kMaxPairs = std::int64_t{1} << 29;  // a quarter of a second

// Of the buffers with bytes.
struct Rectangles {
    std::vector<std::int64_t> lower, upper, low, high;
};

// Whether the first of `count` shares bytes with one of the others.
TMPASS_VECTORIZED bool hits(const std::int64_t* low, const std::int64_t* high, std::int64_t count) {
    unsigned char hit = 0;
    for (std::int64_t i = 1; i < count; ++i) hit |= static_cast<unsigned char>((low[i] < high[0]) & (low[0] < high[i]));
    return hit != 0;
}

bool are_apart(const Rectangles& sorted) {
    const auto count = static_cast<std::int64_t>(sorted.lower.size());
    std::int64_t pairs = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        const auto after = std::lower_bound(sorted.lower.begin() + i, sorted.lower.end(), sorted.upper[i]);
        const std::int64_t near = after - sorted.lower.begin() - i;
        pairs += near;
        if (pairs > kMaxPairs || hits(&sorted.low[i], &sorted.high[i], near)) return false;
    }
    return true;
}

}  // namespace

bool quick_check(nb::tuple buffers, nb::tuple offsets, std::int64_t alignment, std::int64_t capacity) {
    const Field lower("lower"), upper("upper"), size("size"), own("alignment"), fixed("offset"), gaps("gaps");
    const std::size_t count = nb::len(buffers);
    if (nb::len(offsets) != count || alignment < 1) return false;
    std::vector<std::pair<std::int64_t, std::size_t>> by_start;
    Rectangles given;
    by_start.reserve(count);
    for (auto* column : {&given.upper, &given.low, &given.high}) column->reserve(count);
    for (std::size_t b = 0; b < count; ++b) {
        const nb::handle buffer = buffers[b];
        const std::int64_t low = Field::to_number(offsets[b]), bytes = size.number_of(buffer);
        const nb::object place = fixed.of(buffer);
        if (low < 0 || bytes < 0 || bytes > kMaxObjectBytes || low > kMaxObjectBytes - bytes) return false;
        const std::int64_t both[] = {alignment, own.number_of(buffer)};
        if (both[1] < 1 || low % both[0] != 0 || low % both[1] != 0) return false;
        if (!place.is_none() && Field::to_number(place) != low) return false;
        if (bytes > 0 && low + bytes > capacity) return false;
        if (nb::len(gaps.of(buffer)) > 0) return false;
        if (bytes > 0) by_start.emplace_back(lower.number_of(buffer), given.upper.size());
        given.upper.push_back(upper.number_of(buffer));
        given.low.push_back(low);
        given.high.push_back(low + bytes);
    }
    nb::gil_scoped_release released;
    std::ranges::sort(by_start);
    Rectangles sorted;
    for (auto* column : {&sorted.lower, &sorted.upper, &sorted.low, &sorted.high}) column->reserve(by_start.size());
    for (const auto& [start, at] : by_start) {
        sorted.lower.push_back(start);
        sorted.upper.push_back(given.upper[at]);
        sorted.low.push_back(given.low[at]);
        sorted.high.push_back(given.high[at]);
    }
    return are_apart(sorted);
}

}  // namespace tmpass::judges
